"""Effect sizes of every approach over training runs: what `uplift.json` holds under `effects`.

The unit is the training run, as everywhere; a task is a (location, task) pair and counts the same as any other. Bands
are those of drawing other runs for these tasks and these initial states.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runtime.bound.domain import Domain
from runtime.report.forms.effects import Against, EffectRow, Effects
from runtime.stats.effects.scores import (
    DRAWS,
    FEWEST,
    Runs,
    bootstrap_band,
    interquartile_mean,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    resample,
)
from runtime.stats.effects.sizes import by_seed, mean_over_runs, standardised
from runtime.stats.table.outcomes import Place
from runtime.stats.table.pairing import fixed_of

THRESHOLDS = np.arange(0.0, 100.1, 2.5)
"""Where profiles are read, in points."""
SEED = 20261120
"""Of the bootstrap: the same trials give the same bands."""
AT_ONCE = 1_000_000
"""Runs times draws that are held at a time."""
Measure = Literal["success", "score"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
FIXED = "one policy, whatever the seed: there are no training runs to differ"
NO_BANDS = "no bands of interquartile means, chances of improvement and profiles"

Values = Mapping[Place, Mapping[int, float]]
"""Place -> seed -> points."""


def effects(table: pa.Table, baseline: str | None, level: float, shared_training: bool = False) -> Effects:
    """One row per approach, domain and measure.

    Args:
        table: as `runtime.stats.table.table.join` makes it.
        baseline: id of the approach that the others are compared with; None compares nothing.
        level: confidence level of every band.
        shared_training: whether one training run serves all locations.

    Returns:
        `thresholds` of the profiles in points, and `rows`, sorted by measure, domain and approach. The score has rows
        where every trial of the approach has one and it says more than success does.
    """
    found = {measure: _by_run(table, measure) for measure in MEASURES}
    found["score"] = {key: v for key, v in found["score"].items() if v != found["success"].get(key)}
    rows: list[EffectRow] = []
    fixed = fixed_of(table)
    for measure in MEASURES:
        for (domain, approach), values in sorted(found[measure].items()):
            base = found[measure].get((domain, baseline)) if baseline not in (None, approach) else None
            one = (approach, domain) in fixed, (baseline, domain) in fixed
            beside = None if base is None else against(values, base, level, shared_training, any(one))
            rows.append(_row(approach, domain, measure, values, beside, level, shared_training, one[0]))
    return {"thresholds": THRESHOLDS.tolist(), "rows": rows}


def _row(
    approach: str,
    domain: Domain,
    measure: Measure,
    values: Values,
    beside: Against | None,
    level: float,
    shared_training: bool,
    fixed: bool,
) -> EffectRow:
    """An approach by itself, in points: mean with standard error, interquartile mean, gap to all, profile."""
    runs = _runs(values, sorted(values))
    united = by_seed(runs) if shared_training else runs
    mean = mean_over_runs(united or runs)
    reason = _too_few([runs], shared_training)
    iqm, profile = None, None
    if not reason:
        iqm, profile = _bands(
            [lambda times: interquartile_mean(runs, times[0]), lambda times: performance_profile(runs, THRESHOLDS, times[0])],
            [runs],
            level,
            shared_training,
        )
    notes = [FIXED] if fixed else [f"{NO_BANDS}: {reason}"] if reason else []
    if shared_training and united is None:
        notes.append("some tasks lack a seed that others have: the standard error is unknown")
    return {
        "approach": approach,
        "domain": domain,
        "measure": measure,
        "tasks": len(values),
        "runs": mean.n,
        "fewest": int(runs.per_task.min()),
        "most": int(runs.per_task.max()),
        "mean": _number(mean.value),
        "error": None if mean.error is None or united is None else _number(mean.error),
        "iqm": _number(interquartile_mean(runs)[0]),
        "iqm_band": None if iqm is None else (_number(iqm[0]), _number(iqm[1])),
        "optimality_gap": _number(optimality_gap(runs, target=100.0)[0]),
        "profile": _numbers(100 * performance_profile(runs, THRESHOLDS)[0]),
        "profile_band": None if profile is None else (_numbers(100 * profile[0]), _numbers(100 * profile[1])),
        "notes": notes,
        "against": beside,
    }


def against(values: Values, base: Values, level: float, shared_training: bool, fixed: bool = False) -> Against | None:
    """An approach beside the baseline on the tasks that both ran: standardised difference, chance of improvement.

    None where they have no task in common. Neither is told where a side is one policy (`fixed`).
    """
    tasks = sorted(values.keys() & base.keys())
    if not tasks:
        return None
    ours, theirs = _runs(values, tasks), _runs(base, tasks)
    sides = [ours, theirs]
    notes = []
    united = [by_seed(side) for side in sides] if shared_training else sides
    effect = None if fixed or None in united else standardised(*united, level)  # ty: ignore[invalid-argument-type]
    if fixed:
        notes.append("a side is one policy: no standardised difference or chance of improvement, which are over runs")
    elif effect is None:
        notes.append("no standardised difference: runs of a task do not differ, or there is one of each")
    reason = _too_few(sides, shared_training)
    band = None
    if reason and not fixed:
        notes.append(f"{NO_BANDS}: {reason}")
    elif not fixed:
        (band,) = _bands(
            [lambda times: probability_of_improvement(ours, theirs, (times[0], times[1]))], sides, level, shared_training
        )
        if band is None:
            notes.append("no band of the chance of improvement: every resample gives the same")
    return {
        "tasks": len(tasks),
        "runs": len(ours.values),
        "baseline_runs": len(theirs.values),
        "cohens_d": _number(effect.d) if effect else None,
        "hedges_g": _number(effect.g) if effect else None,
        "d_band": effect.band.to_json() if effect else None,
        "degrees": effect.degrees if effect else None,
        "improvement": None if fixed else _number(100 * probability_of_improvement(ours, theirs)[0]),
        "improvement_band": None if band is None else (_number(100 * band[0]), _number(100 * band[1])),
        "notes": notes,
    }


def _by_run(table: pa.Table, column: str) -> dict[tuple[Domain, str], dict[Place, dict[int, float]]]:
    """(domain, approach) -> task -> seed -> mean in points; without approaches of which a trial lacks the value. One fixed policy
    has one value a task, over all of its trials."""
    if fixed := fixed_of(table):
        pairs = zip(table["approach"].to_pylist(), table["domain"].to_pylist(), table["seed"].to_pylist(), strict=True)
        seeds = pa.array([0 if (a, d) in fixed else seed for a, d, seed in pairs], pa.int64())
        table = table.set_column(table.column_names.index("seed"), "seed", seeds)
    names = ["approach", "domain", "location", "task", "seed"]
    numbers = table.select(names).append_column("value", pc.cast(table[column], pa.float64()))
    sums = numbers.group_by(names).aggregate([("value", "mean"), ("value", "count"), ("seed", "count")])
    found: dict[tuple[Domain, str], dict[Place, dict[int, float]]] = {}
    lacking = set()
    for row in sums.to_pylist():
        key = (row["domain"], row["approach"])
        if row["value_count"] < row["seed_count"]:
            lacking.add(key)
        else:
            found.setdefault(key, {}).setdefault((row["location"], row["task"]), {})[row["seed"]] = 100 * row["value_mean"]
    return {key: values for key, values in found.items() if key not in lacking}


def _runs(values: Values, tasks: Sequence[Place]) -> Runs:
    rows = [sorted(values[task].items()) for task in tasks]
    runs = Runs.of([[value for _, value in row] for row in rows])
    return Runs(runs.values, runs.task, np.array([seed for row in rows for seed, _ in row]))


def _too_few(sides: Sequence[Runs], shared_training: bool) -> str | None:
    """Why there is no bootstrap, if there is none."""
    fewest = min(int(side.per_task.min()) for side in sides)
    if fewest < FEWEST:
        return f"{fewest} training {'run' if fewest == 1 else 'runs'} a task, {FEWEST} are needed"
    if shared_training and any(by_seed(side) is None for side in sides):
        return "some tasks lack a seed that others have"
    return None


def _bands(
    statistics: Sequence[Callable[[list[np.ndarray]], np.ndarray]], sides: Sequence[Runs], level: float, shared_training: bool
) -> list[tuple[np.ndarray, np.ndarray] | None]:
    """Ends of each statistic's band over the same draws; None where all draws agree, which bounds nothing."""
    rng = np.random.default_rng(SEED)
    step = max(1, AT_ONCE // sum(len(side.values) for side in sides))
    parts = []
    for start in range(0, DRAWS, step):
        times = [resample(side, rng, shared_training, min(step, DRAWS - start)) for side in sides]
        parts.append([statistic(times) for statistic in statistics])
    found = [np.concatenate(draws) for draws in zip(*parts, strict=True)]
    return [None if np.ptp(draws) == 0 else bootstrap_band(draws, sides, level, shared_training) for draws in found]


def _number(value: float | np.ndarray) -> float:
    return round(float(value), 4)


def _numbers(values: np.ndarray) -> list[float]:
    return [_number(value) for value in values]
