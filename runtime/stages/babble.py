"""Stage `babble`: play at a bench until objects can be foretold, and see how far that carries to novel ones."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class BabbleParams(Params):
    """How long is played, and by what choices are drawn. Steps are control steps of 40 ms; an interaction has 20 of them."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of play and training."""
    random_steps: int = Field(10_000, ge=0, le=100_000_000)
    """Control steps of interactions drawn evenly."""
    competence_steps: int = Field(90_000, ge=0, le=100_000_000)
    """Control steps of interactions that curiosity chooses."""
    evaluation_steps: int = Field(1_000, ge=100, le=100_000_000)
    """Control steps with each set's objects after play, without learning; rounds of five interactions of every object of B."""
    drive: Literal["progress", "error", "random"] = "progress"
    """What curiosity draws by; `random` is play without curiosity."""
    threshold: float = Field(0.2, ge=0, le=1)
    """Learnability below which an object and mode is left alone once it was tried."""
    free_slots: int = Field(16, ge=2, le=256)
    """Slots that nobody named."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"noisy_tv": one("noisy_tv"), "forgetting": one("forgetting"), "balloon": one("balloon"), "slots": one("slots")},
    makes={"model": "model.safetensors", "episodes": "episodes.npz", "curve": "curve.json"},
    metrics=by_unit(
        count="interactions active meaningful",
        share="right_known right_novel novel_gap open_choices r_third similarity r.*",
        loss="error_known error_novel error_first error_last",
    ),
    cost=lambda p: Resources(mem_gb=1.0, minutes=0.1 + (p.random_steps + p.competence_steps) / 20 * 9e-3 / 60),
)
def babble(p: BabbleParams, noisy_tv: Path, forgetting: Path, balloon: Path, slots: Path, out: Out) -> dict[str, Any]:
    """Play with set A: evenly at first, then what is learnable; foretell what becomes of objects of both sets after a glance.

    The four tests of phase 0 come first, and nothing of them is read: a gate that one of them fails stops this.
    `right_known` and `right_novel` are shares of outcomes foretold within half a typical spread, over sets A and B;
    `novel_gap` is the first less the second. No object of B is learned from.
    """
    import numpy as np
    import torch
    from safetensors.torch import save_file

    from runtime.developmental.babbling import TRIES, Babbler, try_out
    from runtime.developmental.curiosity import Curiosity
    from runtime.developmental.play import Episodes
    from runtime.developmental.slots import Pressures, SlotModel, discovered
    from runtime.sim.lab.bench import MODES, STEPS
    from runtime.sim.lab.objects import PROPERTIES, things

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    known, novel = things(p.lab, "a"), things(p.lab, "b")
    episodes = Episodes(p.lab, known, np.random.default_rng([p.seed, 4]))
    model = SlotModel(episodes.features, episodes.outputs, p.free_slots)
    babbler = Babbler(model, episodes, Pressures())
    curiosity = Curiosity(len(known) * len(MODES), p.drive, p.threshold)
    errors = babbler.at_random(p.random_steps // STEPS)
    errors += babbler.by_competence(p.competence_steps // STEPS, curiosity)
    rounds = max(p.evaluation_steps // STEPS // ((len(MODES) + TRIES) * len(novel)), 1)
    tried = {}
    for which, objects in (("known", known), ("novel", novel)):
        found = [try_out(model, Episodes(p.lab, objects, np.random.default_rng([p.seed, 5, i]))) for i in range(rounds)]
        tried[which] = float(np.mean([x.right for x in found])), float(np.mean([x.error**2 for x in found]) ** 0.5)
    with torch.no_grad():
        seen = torch.tensor(episodes.known(np.arange(len(known)), 64), dtype=torch.float32)
        activations = model.slots(seen).numpy()
    told = discovered(activations, np.array([thing.properties() for thing in known]), PROPERTIES)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, out.path("model"))
    n = episodes.count
    np.savez_compressed(
        out.path("episodes"), things=episodes.things[:n], deeds=episodes.deeds[:n], outcomes=episodes.outcomes[:n]
    )
    window = max(len(errors) // 50, 1)
    curve = [float(np.mean(errors[i : i + window])) for i in range(0, len(errors), window)]
    said = {"every_interactions": window, "error": curve, "tries": curiosity.count.tolist(), "slot": told.slot}
    out.path("curve").write_text(json.dumps(said, indent=1) + "\n")
    return {
        "interactions": n,
        "right_known": round(tried["known"][0], 4),
        "right_novel": round(tried["novel"][0], 4),
        "novel_gap": round(tried["known"][0] - tried["novel"][0], 4),
        "error_known": round(tried["known"][1], 5),
        "error_novel": round(tried["novel"][1], 5),
        "error_first": round(curve[0], 5) if curve else None,
        "error_last": round(curve[-1], 5) if curve else None,
        "open_choices": round(float(curiosity.open().mean()), 4),
        "active": told.active,
        "meaningful": told.meaningful,
        "r_third": round(told.third, 4),
        "similarity": round(told.similarity, 4),
        "r": {name: round(value, 4) for name, value in told.matched.items()},
    }
