"""Everything that a study's trials say, as one JSON-able value: what `uplift.json` holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from runtime.bound.cell import Cell
from runtime.bound.frame import PriorRange
from runtime.stats.effects.rows import effects
from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.needed import needed
from runtime.stats.inference.rate import Rate, rates, wilson
from runtime.stats.inference.uplift import Uplift, uplifts
from runtime.stats.prior.together import alone, believed, elsewhere, families, fleets, headlines, matrix
from runtime.stats.table.determinism import Determinism
from runtime.stats.table.outcomes import Trials

METHOD = {
    "unit": "one training run, paired with the baseline's run of the same seed index at the same location",
    "pairing": "same location, task, initial state; seeds by index, also where the training seeds themselves differ; "
    "unpaired in a domain that is shown not to reproduce (`reproducible`)",
    "band": "Student t over training runs (each side's spread by itself below ten seeds, that of pairs from ten on; "
    "Satterthwaite degrees of freedom, corrected for small parts) with the variance of initial states that runs share, "
    "and a share of the luck within runs, from smoothed counts, as a floor; of rates on the logit scale",
    "cell_band": "Wilson score interval of that one run",
    "scope": "at these locations, each (location, task) counting the same; not a prediction for a new location",
    "new_location": "the location is the unit: prediction band of Student t for one drawn as these were",
    "multiplicity": "each band stands alone; `together` holds Holm's p-values and bands that hold at once "
    "(Bonferroni) over the approaches of a domain; `fleet` Benjamini and Hochberg's, over locations",
    "posterior": "the range as the central 80 % of a normal prior with a weight of 0.8, a wide normal round zero with "
    "the rest (robust mixture prior), the measurement as Student t; Bayes' rule updates the weights as well",
    "effects": "means with their standard error, Cohen's d and Hedges' g over training runs, each (location, task) "
    "counting the same; of interquartile means, chances of improvement and profiles an expanded percentile bootstrap "
    "over runs, from five runs of each (location, task) on",
    "prior": "twin and world_model are set against the world-model range of the matrix, irl_proxy and irl against IRL",
}


def evidence(
    table: pa.Table,
    cells: Sequence[Cell],
    baseline: str | None,
    level: float,
    priors: Mapping[str, PriorRange],
    shared_training: bool = False,
    repeated: Determinism | None = None,
) -> dict[str, Any]:
    """Rates, uplift and failure modes of a joined table of trials.

    Args:
        table: as `runtime.stats.table.table.join` makes it.
        cells: the planned cells, in the study's order (which the rows of the result follow).
        baseline: id of the approach that the others are compared with; None compares nothing.
        level: confidence level of every band.
        priors: approach -> expected uplift.
        shared_training: whether one training run serves all locations.
        repeated: what trials that were run twice say of domains; None where none could be.
    """
    trials = Trials.of(table)
    order = {approach: i for i, approach in enumerate(dict.fromkeys(c.approach for c in cells))}
    compared = sorted(
        uplifts(trials, baseline, level, shared_training), key=lambda u: (order.get(u.approach, len(order)), u.domain)
    )
    measured = sorted(rates(trials, level, shared_training), key=lambda r: (order.get(r.approach, len(order)), r.domain))
    return {
        "baseline": baseline,
        "level": level,
        "method": METHOD,
        "shared_training": shared_training,
        "counts": {
            "trials": table.num_rows,
            "cells": len(cells),
            "locations": len({c.location for c in cells}),
            "seeds": len({c.seed for c in cells}),
            "approaches": list(order),
            "domains": trials.domains(),
        },
        "uplift": [uplift_row(u, priors.get(u.approach)) for u in compared],
        "together": together_rows(compared, level, priors, shared_training),
        "scores": score_rows(table, baseline, level, shared_training),
        "effects": effects(table, baseline, level, shared_training),
        "priors": {a: prior.model_dump(mode="json") for a, prior in priors.items() if prior.world_model or prior.irl},
        "matrix": matrix(compared, priors),
        "reproducible": repeated.rows() if repeated else [],
        "fleet": fleets(compared, level, repeated),
        "rates": [rate_row(r) for r in measured],
        "cells": cell_rows(table, level),
        "failure_modes": failure_rows(trials, order),
    }


def uplift_row(row: Uplift, prior: PriorRange | None) -> dict[str, Any]:
    """One comparison as JSON; `prior` holds the range it is set against and how the band lies to it."""
    expected = prior.for_domain(row.domain) if prior else None  # ty: ignore[invalid-argument-type]
    more = needed(row.estimate, abs(row.estimate.value), len(row.groups), row.trials)
    return {
        "approach": row.approach,
        "domain": row.domain,
        "location": row.location,
        "task": row.task,
        **estimate_json(row.estimate),
        "direction": row.direction,
        "trials": row.trials,
        "baseline_trials": row.baseline_trials,
        "pairs": sum(g.pairs for g in row.groups),
        "paired": row.paired,
        "seeds": len({s for g in row.groups for s in g.seeds}),
        "locations": len({location for location, _ in row.places}),
        "discordant": {"gained": sum(g.gained for g in row.groups), "lost": sum(g.lost for g in row.groups)},
        "prior": None
        if expected is None
        else {
            "range": list(expected),
            "kind": "world_model" if row.domain in ("twin", "world_model") else "irl",
            "relation": row.estimate.band.relation(expected),
        },
        "seeds_needed": more.seeds if row.direction == "undecided" else None,
        "notes": list(row.notes),
    }


def together_rows(
    compared: Sequence[Uplift], level: float, priors: Mapping[str, PriorRange], shared_training: bool
) -> list[dict[str, Any]]:
    """The widest comparison of each approach and domain: beside the others, at a new location, and after its prior."""
    beside = families(compared, level, shared_training)
    return [
        {
            "approach": row.approach,
            "domain": row.domain,
            **beside[row.approach, row.domain],
            "new_location": elsewhere(row, level, shared_training),
            "belief": believed(row, priors.get(row.approach), level),
            "alone": alone(row, level),
        }
        for row in headlines(compared)
    ]


def score_rows(table: pa.Table, baseline: str | None, level: float, shared_training: bool) -> list[dict[str, Any]]:
    """Uplift of the score, 0..1 shown in points, for each approach and domain; none where a trial has no score."""
    if table["score"].null_count or not table.num_rows:
        return []
    found = headlines(uplifts(Trials.of(table, "score"), baseline, level, shared_training))
    return [
        {"approach": row.approach, "domain": row.domain, **estimate_json(row.estimate), "direction": row.direction}
        for row in found
    ]


def rate_row(row: Rate) -> dict[str, Any]:
    """One rate over seeds as JSON."""
    return {
        "approach": row.approach,
        "domain": row.domain,
        "location": row.location,
        "task": row.task,
        **estimate_json(row.estimate),
        "trials": row.trials,
        "locations": row.locations,
    }


def estimate_json(found: Estimate) -> dict[str, Any]:
    """The numbers of an estimate, in points; an unknown error is null."""
    bounded = found.degrees > 0
    return {
        "value": round(found.value, 4),
        "band": found.band.to_json(),
        "level": found.level,
        "units": found.units,
        "degrees": round(found.degrees, 3),
        "seed_error": round(found.seed_error, 4) if bounded else None,
    }


def cell_rows(table: pa.Table, level: float) -> list[dict[str, Any]]:
    """Success, mean score and Wilson band of every cell that ran."""
    names = ["approach", "location", "task", "seed", "domain"]
    numbers = table.append_column("won", pc.cast(table["success"], pa.int64()))
    sums = numbers.group_by(names).aggregate([("won", "sum"), ("won", "count"), ("score", "mean"), ("steps", "mean")])
    rows = []
    for row in sums.sort_by([(name, "ascending") for name in names]).to_pylist():
        won, count = row["won_sum"], row["won_count"]
        rows.append(
            {
                **{name: row[name] for name in names},
                "trials": count,
                "successes": won,
                "value": round(100 * won / count, 4),
                "band": wilson(won, count, level).to_json(),
                "score": round(row["score_mean"], 4),
                "steps": None if row["steps_mean"] is None else round(row["steps_mean"], 2),
            }
        )
    return rows


def failure_rows(trials: Trials, order: Mapping[str, int]) -> list[dict[str, Any]]:
    """How each approach failed, by domain over all places: counts, and shares of all its trials in points."""
    rows = []
    for (approach, domain), places in sorted(
        trials.outcomes.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0][1])
    ):
        count = sum(len(run) for runs in places.values() for run in runs.values())
        modes: Counter[str] = Counter()
        for found in trials.failures.get((approach, domain), {}).values():
            modes.update(found)
        rows.append(
            {
                "approach": approach,
                "domain": domain,
                "trials": count,
                "counts": dict(sorted(modes.items())),
                "shares": {mode: round(100 * n / count, 4) for mode, n in sorted(modes.items())},
            }
        )
    return rows
