"""What learning curves say, as one JSON-able value: points, areas, differences and sample efficiency with bands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from runtime.report.forms.learning import Area, CurveRow, LearningForm, Saving
from runtime.stats.curves.curve import Curves, Range, difference, extent, mean_height, points, shared
from runtime.stats.curves.efficiency import Efficiency, efficiency
from runtime.stats.evidence import estimate_json
from runtime.stats.inference.estimate import Estimate
from runtime.stats.table.outcomes import Place
from runtime.stats.table.pairing import Pairing
from runtime.stats.table.table import rows

METHOD = {
    "amount": "gradient steps, also where approaches differ in demos: what a checkpoint has cost to train, not to "
    "collect; straight between checkpoints",
    "one_training": "checkpoints of one training whose learning rate falls to its end, so an early one is no match for "
    "a training that was planned to be that short",
    "point": "success over training runs with the band of every other rate; each stands alone",
    "area": "mean height of the curve over the steps that all runs share, in points: a score of each run and initial "
    "state, with the band of rates",
    "difference": "difference of areas over the steps that both share, paired by seed index and initial state, with "
    "the band of uplift",
    "efficiency": "the baseline's last checkpoint over the steps at which the approach first does as well; its band "
    "holds the amounts at which the band of their difference includes zero",
}


@dataclass(frozen=True)
class Training:
    """The trials of one training run's checkpoints: a table with `step`, `windows`, `initial_state`, `success`."""

    approach: str
    location: str
    task: str
    seed: int
    table: pa.Table


def learning_evidence(
    trainings: Sequence[Training],
    baseline: str | None,
    level: float,
    shared_training: bool = False,
    pairing: Pairing | None = None,
) -> LearningForm | None:
    """Rows for each approach at each place, and pooled over the places of a task where there are several.

    Args:
        trainings: in the study's order, which rows follow; none gives None.
        baseline: id of the approach that the others are compared with; None compares nothing.
        level: confidence level of every band.
        shared_training: whether one training run serves all locations.
        pairing: what trials run twice say of the twin; None where they say nothing against pairs.
    """
    if not trainings:
        return None
    curves: dict[str, dict[Place, dict[int, dict[int, dict[str, float]]]]] = {}
    batch: dict[str, set[int]] = {}
    for one in trainings:
        run = curves.setdefault(one.approach, {}).setdefault((one.location, one.task), {}).setdefault(one.seed, {})
        for step, windows, state, success in rows(one.table, "step", "windows", "initial_state", "success"):
            run.setdefault(step, {})[state] = float(success)
            if step:
                batch.setdefault(one.approach, set()).add(windows // step)
    found: list[CurveRow] = []
    for task in dict.fromkeys(one.task for one in trainings):
        for approach, everywhere in curves.items():
            mine = {place: runs for place, runs in everywhere.items() if place[1] == task}
            base = None if approach == baseline else curves.get(baseline or "")
            parts = [{place: runs} for place, runs in mine.items()]
            for part in [mine, *parts] if len(parts) > 1 else parts:
                row = _row(approach, task, part, base, level, shared_training and len(part) > 1, pairing)
                row["notes"] += _batch_note(batch, approach, baseline)
                found.append(row)
    return {"baseline": baseline, "domain": "twin", "level": level, "method": METHOD, "rows": found}


def _row(
    approach: str, task: str, curves: Curves, base: Curves | None, level: float, shared_training: bool, pairing: Pairing | None
) -> CurveRow:
    runs = [run for of_place in curves.values() for run in of_place.values()]
    found = points(curves, level, shared_training)
    height = mean_height(curves, level, shared_training)
    notes = []
    if not found:
        notes.append("checkpoints lie at other steps from place to place: no pooled curve")
    away = saved = None
    if base is not None and any(shared(curves, base)):
        how = (curves, base, level, shared_training, pairing is None or pairing.pair)
        away, saved = difference(*how), efficiency(*how)
        notes += [pairing.note] if pairing else []
        if away is None:
            notes.append("no gradient steps in common with the baseline: areas are not compared")
        if isinstance(saved, str):
            notes.append(f"no sample efficiency: {saved}")
    return {
        "approach": approach,
        "task": task,
        "location": next(iter(curves))[0] if len(curves) == 1 else None,
        "locations": len(curves),
        "seeds": len({seed for of_place in curves.values() for seed in of_place}),
        "flat": all(extent(run) is None for run in runs),
        "points": [{"step": point.amount, "trials": point.trials, **estimate_json(point.estimate)} for point in found],
        "area": None if height is None else _over(*height),
        "difference": None if away is None else {**_over(*away), "direction": away[0].direction},
        "efficiency": _efficiency(saved) if isinstance(saved, Efficiency) else None,
        "notes": notes,
    }


def _batch_note(batch: Mapping[str, set[int]], approach: str, baseline: str | None) -> list[str]:
    mine, theirs = batch.get(approach), batch.get(baseline or "")
    if not mine or not theirs or mine == theirs:
        return []
    sizes = [" or ".join(map(str, sorted(found))) for found in (mine, theirs)]
    return [f"a gradient step sees {sizes[0]} windows, one of the baseline's {sizes[1]}"]


def _over(found: Estimate, over: Range | None) -> Area:
    return {**estimate_json(found), "steps": None if over is None else (round(over[0], 2), round(over[1], 2))}


def _efficiency(found: Efficiency) -> Saving:
    low, high = (None if end is None else round(end, 4) for end in (found.low, found.high))
    value = round(found.value, 4)
    return {"at": round(found.at, 2), "value": value, "kind": found.kind, "band": (low, high), "reason": found.reason}
