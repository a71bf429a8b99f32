"""Stage `noisy_tv`: does curiosity leave a television full of noise alone?"""

import json
from typing import Any, Literal

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class NoisyTvParams(Params):
    """How long it is watched, and what drives curiosity."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of the choices, amounts and noise."""
    episodes: int = Field(50, ge=2, le=10_000)
    """Episodes; visits of the second half are held against those of the first."""
    per_episode: int = Field(20, ge=1, le=1000)
    """Interactions of an episode."""
    drive: Literal["progress", "error", "random"] = "progress"
    """What choices are drawn by: learning progress, the error itself, or nothing."""
    threshold: float = Field(0.2, ge=0, le=1)
    """Learnability below which a choice is left alone once it was tried."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "scipy", "torch"),
    per=("location", "approach", "seed"),
    makes={"watched": "watched.json"},
    metrics=by_unit(count="first_visits second_visits", share="visits_ratio learnability learnability_else new_states"),
    cost=lambda p: Resources(minutes=0.1 + p.episodes * p.per_episode * 6e-3 / 60),
)
def noisy_tv(p: NoisyTvParams, out: Out) -> dict[str, Any]:
    """Let curiosity choose between every object of set A in every mode and a TV that is never the same twice.

    `visits_ratio` is visits to the TV in the second half of the episodes over those in the first (at least 1), `learnability` the
    share of the TV's outcomes that could be foretold beyond their mean, `new_states` the share of the second half's choices that
    had not been made before: where it is nothing, curiosity has stalled.
    """
    import numpy as np

    from runtime.developmental.curiosity import Curiosity
    from runtime.developmental.tv import watch
    from runtime.sim.lab.bench import MODES

    curiosity = Curiosity(p.lab.objects_a * len(MODES) + 1, p.drive, p.threshold)
    found = watch(p.lab, curiosity, p.episodes, p.per_episode, np.random.default_rng([p.seed, 1]))
    metrics = {
        "first_visits": found.first,
        "second_visits": found.second,
        "visits_ratio": round(found.ratio, 4),
        "learnability": round(found.learnability, 4),
        "learnability_else": round(found.learnability_else, 4),
        "new_states": round(found.new_states, 4),
    }
    out.path("watched").write_text(json.dumps({**metrics, "tries": curiosity.count.tolist()}, indent=1) + "\n")
    return metrics
