"""An interim look at a place: which comparisons are settled, and how many trials each cell runs next."""

from pathlib import Path
from typing import Any

from runtime.bound.sequential import Schedule
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.report.forms.looks import Look
from runtime.stage import Params, Resources, bound, by_unit, peers, stage


class InterimParams(Params):
    """What was planned, and what the trials stand for."""

    schedule: Schedule = bound("schedule")
    """When the cells are looked at."""
    look: int = bound("look", ge=1)
    """Looks so far, this one included."""
    baseline: str | None = bound("baseline", default=None)
    """Id of the approach that the others are compared with."""
    peers: list[str] = bound("peers")
    """`APPROACH/SEED` of each of the `trials` parents."""


@stage(
    version=2,
    metrics=by_unit(count="comparisons settled next_states"),
    libraries=minor("numpy", "scipy") | exact("pyarrow"),
    role="look",
    per=("location", "task", "domain", "look"),
    needs={"trials": peers("trials")},
    makes={"interim": "interim.json"},
    cost=lambda p: Resources(minutes=0.02),
)
def interim(p: InterimParams, trials: list[Path], out: Out) -> dict[str, Any]:
    """Hold every approach against the baseline by an always-valid band, and share out the trials of the next look."""
    import json

    from runtime.stats.looks.look import cuts
    from runtime.stats.looks.look import interim as look_at
    from runtime.stats.table.table import read

    runs: dict[str, dict[int, dict[str, float]]] = {}
    for peer, table in zip(p.peers, read([folder / "trials.parquet" for folder in trials]), strict=True):
        approach, _, seed = peer.rpartition("/")
        outcomes = runs.setdefault(approach, {}).setdefault(int(seed), {})
        states = map(str, table["initial_state"].to_pylist())
        outcomes.update(zip(states, map(float, table["success"].to_pylist()), strict=True))
    found = look_at(runs, p.baseline, p.schedule, p.look) if p.baseline in runs else []
    planned = cuts(p.schedule.trials, p.schedule.looks)[p.look]
    upto = {one.approach: one.upto for one in found}
    # The baseline runs whatever any open comparison needs; without one to compare with, everybody runs as planned.
    upto |= {a: max((one.upto for one in found), default=planned) if a == p.baseline else planned for a in runs if a not in upto}
    done = {a: min(len(outcomes) for outcomes in own.values()) for a, own in runs.items()}
    said: Look = {"look": p.look, "comparisons": [one.to_json() for one in found], "done": done, "upto": upto}
    out.path("interim").write_text(json.dumps(said, indent=1) + "\n")
    settled = [one.approach for one in found if one.stopped]
    out.log(f"settled: {', '.join(settled) or 'none'} of {len(found)} comparisons")
    return {"comparisons": len(found), "settled": len(settled), "next_states": max(upto.values(), default=0)}
