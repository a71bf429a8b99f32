"""Stage `probe`: what an agent of a bench can do and foretell, item by item."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from runtime.bound.lab import Lab, LabTask
from runtime.bound.sequential import Schedule
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, previous, stage


class ProbeParams(Params):
    """What is asked, and how often."""

    domain: Literal["lab"] = bound("domain")
    """Where the trials run."""
    lab: Lab = bound("lab")
    """The bench."""
    task: LabTask = bound("task")
    """What is asked."""
    seed: int = bound("seed", ge=0)
    """The agent's seed; items are the same for all agents."""
    trials: int = bound("trials", ge=1, le=100_000)
    """Number of items."""
    schedule: Schedule | None = bound("schedule", default=None)
    """Where items come in batches: how many of them, and when they are looked at."""
    look: int = bound("look", default=1, ge=1)
    """Which batch this is."""
    arm: str = bound("arm", default="")
    """Id of the approach, for batches after the first."""
    twice: int = Field(2, ge=0)
    """Items, the first ones, that are asked a second time to measure whether the answer is the same; at most all of them."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch") | exact("pyarrow"),
    kind="trials",
    role="trials",
    domains=("lab",),
    per=("location", "task", "approach", "seed", "domain", "look"),
    needs={"skills": one("skills"), "babble": one("babble"), "before": previous("interim", "look")},
    makes={"trials": "trials.parquet", "twice": "twice.parquet", "protocol": "protocol.json"},
    metrics=by_unit(
        share="success_rate mean_score forgotten foretold foretold_novel compared at at.*",
        count="n failure_modes.* repeated differing",
        steps="mean_steps steps_apart",
        text="protocol",
    ),
    cost=lambda p: Resources(minutes=0.03 + p.trials * 8e-3 / 60),
)
def probe(p: ProbeParams, skills: Path, babble: Path, before: Path | None, out: Out) -> dict[str, Any]:
    """Ask, judge and write one row each. Deeds go through the numbers of demos in turn, so that each has as many items.

    `at.N` is success after all deeds were learned from N demos each, `forgotten` by how much a deed succeeded more often right
    after it was learned; `foretold` and `foretold_novel` are shares of outcomes foretold over both sets and over B, `compared`
    of comparisons of novel things: half by chance.
    """
    import json

    import numpy as np
    import pyarrow.parquet as pq
    import torch

    from runtime.bound.lab import DRIVEN
    from runtime.developmental.probing import Asked, act, compare, foretell
    from runtime.sim.trials.conditions import digest_of
    from runtime.sim.trials.tables import said_of, save_twice, trial_table
    from runtime.stats.looks.look import batch
    from runtime.stats.table.factors import packed

    torch.set_num_threads(1)
    first, end = batch(p.trials, p.schedule, p.look, p.arm, before)

    def asked(items: range, after: Any = None) -> Asked:
        if p.task.deed == "foretell":
            return foretell(p.lab, babble, items, p.seed)
        if p.task.deed == "compare":
            return compare(p.lab, babble, items, p.seed)
        return act(p.lab, p.task.deed, skills, babble, items, p.seed, after)

    protocol = {"deed": p.task.deed, "items": [p.lab.objects_a, p.lab.objects_b], "version": 1}
    digest = digest_of(protocol)
    out.path("protocol").write_text(json.dumps({"digest": digest, **protocol}, indent=1) + "\n")
    found = asked(range(first, end)) if first < end else Asked([], {})
    again = asked(range(first, min(first + p.twice, end))).done if p.look == 1 and p.twice else []
    rows = {i: packed(of) for i, of in found.factors.items()}
    pq.write_table(trial_table(found.done, p.domain, digest, rows), out.path("trials"))
    measured = save_twice(out.path("twice"), found.done, again)
    if not found.done:
        out.log("the comparison has stopped: no trials")
        return {"n": 0, "protocol": digest}

    def share(name: str, value: Any) -> float:
        return round(float(np.mean([t.success for t in found.done if found.factors[t.initial_state][name] == value])), 4)

    # what is asked of no task of this kind could not be measured
    own: dict[str, Any] = dict.fromkeys(("foretold", "foretold_novel", "compared", "forgotten", "at"))
    if p.task.deed == "foretell":
        own["foretold"] = round(float(np.mean([t.success for t in found.done])), 4)
        own |= {"foretold_novel": share("set", "b")} if any(f["set"] == "b" for f in found.factors.values()) else {}
    elif p.task.deed == "compare":
        own["compared"] = round(float(np.mean([t.success for t in found.done])), 4)
    else:
        levels = sorted({int(f["demos"]) for f in found.factors.values()})
        own["at"] = {str(n): share("demos", n) for n in levels}
        if p.task.deed != DRIVEN[-1]:
            fresh = asked(range(first, end), p.task.deed).done
            own["forgotten"] = round(float(np.mean([a.success - b.success for a, b in zip(fresh, found.done, strict=True)])), 4)
    out.log(f"{sum(t.success for t in found.done)} of {len(found.done)} items succeeded")
    return {**said_of(found.done), **measured, **own, "protocol": digest}
