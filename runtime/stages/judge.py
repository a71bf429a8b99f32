"""Stage `judge`: how far a judge agrees with the twin about rollouts that the world model imagines."""

from pathlib import Path

from pydantic import Field

from runtime.bound.base import later
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, by_unit, one, stage
from runtime.world.judge import Judge


class JudgeParams(Params):
    """On how much it is tried."""

    episodes: int = Field(60, ge=8, le=10_000, json_schema_extra={"rollouts": {"twin": 1}})
    """Attempts in the twin, of which it is known how they ended."""
    aim_sd_m: float = Field(0.025, ge=0, le=0.2)
    """As in `rollouts`."""
    judge_seed: int = Field(0, ge=0)
    """Seed of these attempts; no world model was trained on them."""
    weights: str = later(born="", since=1, pattern="^([0-9a-f]{64})?$")
    """sha256 of the judge's weights, as the refusal R371 tells it; embedded judges have none."""
    weights_licence: str = later(born="", since=1, max_length=100, pattern=r"^[A-Za-z0-9.+() -]*$")
    """Licence of these weights, an SPDX expression: `use: commercial` in a study holds it to that."""


@stage(
    version=1,
    metrics=by_unit(
        share="auc ece brier floor_share ceiling_share stuck agrees true_share said_share text_against_score text_agrees",
        count="episodes",
    ),
    libraries=minor("mink", "mujoco", "numba", "numpy", "pillow", "safetensors", "scipy", "torch") | exact("pyarrow"),
    kind="judged",
    per=("location", "task"),
    needs={"twin": one("twin"), "world": one("world_model")},
    agree=(("world", "twin"),),
    makes={"judged": "judged.json"},
    backends=("judge",),
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.episodes / 400),
)
def judge(p: JudgeParams, twin: Path, world: Path, out: Out, judge: Judge) -> dict[str, float | int]:
    """Let the hindered expert try in the twin, imagine the same actions from the same first pictures in the world model, and hold
    what the judge says of that against what came of them in the twin. `judged.json` has all scores.

    Raises:
        InputError: R344 when the world model lacks files; R370 and R371 when a judge of another environment, or its weights, is
            not there.
    """
    import json

    import numpy as np

    from runtime.mining.agreement import agreement
    from runtime.mining.dreams import redreamt, seen_by_judge
    from runtime.sim.episodes.attempts import Hindered, attempts
    from runtime.sim.twin.twin import read_model, read_twin
    from runtime.world.model import read_world

    facts, model, imagined = read_twin(twin), read_model(twin), read_world(world / "model")
    how = Hindered(p.aim_sd_m, 0.5, 0.3, 0.25, 0, (97, p.judge_seed))
    found = []
    for attempt in attempts(model, facts, how, p.episodes):
        found.append(attempt)
        out.progress(0.5 * len(found) / p.episodes, "trying")
    dreamt = redreamt(imagined, twin, facts, found)
    said = judge.judge(seen_by_judge(imagined, dreamt, facts.task, p.weights, out.root))
    truth = np.array([bool(one.success[-1]) for one in found])
    rows = [
        {"success": bool(t), "score": round(float(s), 6)} | ({} if said.text is None else {"text": bool(said.text[i])})
        for i, (t, s) in enumerate(zip(truth, said.score, strict=True))
    ]
    out.path("judged").write_text(json.dumps(rows, indent=1) + "\n")
    return {"episodes": len(found), **agreement(said, truth)}
