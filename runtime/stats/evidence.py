"""Everything that a study's trials say, as one JSON-able value: what `uplift.json` holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from runtime.bound.cell import Cell
from runtime.bound.domain import DOMAINS
from runtime.bound.frame import PriorRange
from runtime.bound.imported import ImportedSet
from runtime.report.forms.base import Estimate as EstimateForm
from runtime.report.forms.evidence import (
    CellRow,
    Evidence,
    Expected,
    Failed,
    Invalid,
    Joint,
    PlacesApart,
    RateRow,
    ScoreRow,
    UpliftRow,
)
from runtime.report.forms.looks import Sequential
from runtime.report.forms.where import At
from runtime.stats.effects.rows import effects
from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.outlook import Outlook, outlook
from runtime.stats.inference.parts import Parts
from runtime.stats.inference.places import Apart, places_apart
from runtime.stats.inference.rate import Rate, rates, wilson
from runtime.stats.inference.twins import twin_rows
from runtime.stats.inference.uplift import Uplift, uplifts
from runtime.stats.prior.together import alone, believed, elsewhere, families, fleets, headlines, matrix
from runtime.stats.table.determinism import Determinism
from runtime.stats.table.invalid import any_invalid, as_failures, invalid_rows, without_invalid
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import without_copies
from runtime.stats.table.table import KEY, rows

METHOD = {
    "unit": "one training run, paired with the baseline's run of the same seed index at the same location; of policies that are "
    "judged themselves (`question`) the initial state, a cluster of its repetitions",
    "pairing": "same location, task, initial state; seeds by index, also where the training seeds themselves differ; "
    "run by run where both tried the very same policies; unpaired in a domain that is shown not to reproduce (`reproducible`)",
    "band": "Student t over training runs (each side's spread by itself below ten seeds, that of pairs from ten on; "
    "Satterthwaite degrees of freedom, corrected for small parts) with the variance of initial states that runs share, "
    "and a share of the luck within runs, from smoothed counts, as a floor; of rates on the logit scale",
    "cell_band": "Wilson score interval of that one run",
    "scope": "at these locations, each (location, task) counting the same; not a prediction for a new location",
    "new_location": "the location is the unit: prediction band of Student t for one drawn as these were; from six on without "
    "luck of the measurement (confidence distribution of the spread between true values)",
    "multiplicity": "each band stands alone; `together` holds Holm's p-values and bands that hold at once "
    "(Bonferroni) over the approaches of a domain, and in `places` whether places differ at all (Cochran's Q, read as F) and at "
    "how many of them an approach helps (Holm); `fleet` Benjamini and Hochberg's, over locations",
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
    twice: Determinism | None = None,
    sequential: Sequential | None = None,
    imported: Sequence[ImportedSet] = (),
    repeated: Sequence[ImportedSet] = (),
    clean_of: Mapping[str, str] = MappingProxyType({}),
) -> Evidence:
    """Rates, uplift and failure modes of a joined table of trials.

    Args:
        table: as `runtime.stats.table.table.join` makes it.
        cells: the planned cells, in the study's order (which the rows of the result follow).
        baseline: id of the approach that the others are compared with; None compares nothing.
        level: confidence level of every band.
        priors: approach -> expected uplift.
        shared_training: whether one training run serves all locations.
        twice: what trials that were run twice say of domains; None where none could be.
        sequential: what interim looks stopped; None where there were none.
        imported: sets whose trials are in the table as well.
        repeated: sets of second runs.
        clean_of: approach -> the one that it perturbs.
    """
    whole, table = table, without_invalid(table)
    trials, once = Trials.of(table), without_copies(table)
    own = trials if once is table else Trials.of(once)
    order = {approach: i for i, approach in enumerate(dict.fromkeys(c.approach for c in cells))}

    def planned[T: (Uplift, Rate)](found: list[T]) -> list[T]:
        return sorted(found, key=lambda row: (order.get(row.approach, len(order)), row.domain))

    compared = planned(uplifts(trials, baseline, level, shared_training))
    if any_invalid(whole):
        failed = uplifts(Trials.of(as_failures(whole)), baseline, level, shared_training)
        compared = beside_failures(compared, failed, invalid_rows(whole), baseline)
    told = places_apart(compared, level)
    return {
        "baseline": baseline,
        "level": level,
        "method": METHOD,
        "shared_training": shared_training,
        "counts": {
            "trials": once.num_rows,
            "cells": len(cells),
            "locations": len({c.location for c in cells}),
            "seeds": len({c.seed for c in cells}),
            "approaches": list(order),
            "domains": trials.domains(),
        },
        "uplift": [uplift_row(u, priors.get(u.approach)) for u in beside_places(compared, told)],
        "together": together_rows(compared, level, priors, shared_training, told),
        "scores": score_rows(table, baseline, level, shared_training),
        "effects": effects(once, baseline, level, shared_training),
        "priors": {a: {"world_model": p.world_model, "irl": p.irl} for a, p in priors.items() if p.world_model or p.irl},
        "matrix": matrix(compared, priors),
        "reproducible": twice.rows() if twice else [],
        "fleet": fleets(compared, level, twice),
        "rates": [rate_row(r) for r in planned(rates(own, level, shared_training))],
        "cells": cell_rows(table, level),
        "failure_modes": failure_rows(own, order),
        "sequential": sequential,
        "imported": [{"name": s.name, "sha256": s.sha256, "day": s.day} for s in imported],
        "repeated": [{"name": s.name, "sha256": s.sha256, "day": s.day} for s in repeated],
        "invalid": invalid_rows(whole),
        "twins": twin_rows(trials, clean_of, level, shared_training),
    }


def beside_failures(
    rows: Sequence[Uplift], failed: Sequence[Uplift], invalid: Sequence[Invalid], baseline: str | None
) -> list[Uplift]:
    """The comparisons, each with what comes out when its invalid trials count as failures."""
    instead = {(u.approach, u.domain, u.location, u.task): u for u in failed}
    noted: list[Uplift] = []
    for row in rows:
        mine = [
            one
            for one in invalid
            if one["approach"] in (row.approach, baseline)
            and one["domain"] == row.domain
            and (one["location"], one["task"]) in row.places
        ]
        other = instead.get((row.approach, row.domain, row.location, row.task))
        if mine and other is not None:
            own = sum(one["invalid"] for one in mine if one["approach"] == row.approach)
            theirs, band = sum(one["invalid"] for one in mine) - own, other.estimate.band
            changed = ", which changes the verdict" if other.direction != row.direction else ""
            note = f"{own} invalid trials, and {theirs} of the baseline, are left out; as failures they give "
            note += f"{other.estimate.value:+.1f} [{band.low:.1f}, {band.high:.1f}], {other.direction}{changed}"
            row = replace(row, notes=(*row.notes, note))
        noted.append(row)
    return noted


def beside_places(rows: Sequence[Uplift], found: Mapping[tuple[str, str], Apart]) -> list[Uplift]:
    """The comparisons, with a note at each place that its own band decides and that is undecided beside the others (Holm)."""
    noted: list[Uplift] = []
    adjusted = {key: iter(one.adjusted) for key, one in found.items()}
    for row in rows:
        key = (row.approach, row.domain)
        p = next(adjusted[key]) if row.location is not None and key in found else 0.0
        if row.direction != "undecided" and p > 1 - row.estimate.level:
            many = len(found[key].adjusted)
            note = f"{row.direction} by itself; undecided as one of {many} places (Holm's p {p:.2g})"
            row = replace(row, notes=(*row.notes, note))
        noted.append(row)
    return noted


def uplift_row(row: Uplift, prior: PriorRange | None) -> UpliftRow:
    """One comparison as JSON; `prior` holds the range it is set against and how the band lies to it."""
    expected = prior.for_domain(row.domain) if prior else None
    ahead = outlook(row.estimate, abs(row.estimate.value)) if row.direction == "undecided" else Outlook(None)
    return {
        **at(row),
        **estimate_json(row.estimate),
        "direction": row.direction,
        "trials": row.trials,
        "baseline_trials": row.baseline_trials,
        "pairs": sum(g.pairs for g in row.groups),
        "paired": row.paired,
        "seeds": len({s for g in row.groups for s in g.seeds}),
        "locations": len({location for location, _ in row.places}),
        "question": row.question,
        "discordant": {"gained": sum(g.gained for g in row.groups), "lost": sum(g.lost for g in row.groups)},
        "prior": expected and against_range(row, expected),
        "made_of": parts.to_json(row.estimate) if (parts := Parts.of(row.estimate)) else None,
        **ahead.to_json(),
        "notes": list(row.notes),
    }


def against_range(row: Uplift, expected: tuple[float, float]) -> Expected:
    """How the band of a comparison lies to the range that the decision matrix has for it."""
    kind = DOMAINS[row.domain].prior
    return {"range": expected, "kind": kind, "relation": row.estimate.band.relation(expected)}


def together_rows(
    compared: Sequence[Uplift],
    level: float,
    priors: Mapping[str, PriorRange],
    shared_training: bool,
    told: Mapping[tuple[str, str], Apart],
) -> list[Joint]:
    """The widest comparison of each approach and domain: beside the others, at a new location, and after its prior."""
    beside = families(compared, level, shared_training)
    return [
        {
            "approach": row.approach,
            "domain": row.domain,
            **beside[row.approach, row.domain],
            "places": places_json(told.get((row.approach, row.domain)), compared, row),
            "new_location": elsewhere(row, level, shared_training),
            "belief": believed(row, priors.get(row.approach), level),
            "alone": alone(row, level),
        }
        for row in headlines(compared)
    ]


def places_json(found: Apart | None, compared: Sequence[Uplift], pooled: Uplift) -> PlacesApart | None:
    """Whether places can be told apart, and at how many an approach helps or hurts, all of them taken together."""
    if found is None:
        return None
    own = [u for u in compared if u.location is not None and (u.approach, u.domain) == (pooled.approach, pooled.domain)]
    said = Counter(u.direction for u, p in zip(own, found.adjusted, strict=True) if p <= 1 - found.level)
    p = None if found.p_value is None else float(f"{found.p_value:.3g}")
    return {"count": len(own), "p_value": p, "told_apart": found.told_apart, "helps": said["helps"], "hurts": said["hurts"]}


def score_rows(table: pa.Table, baseline: str | None, level: float, shared_training: bool) -> list[ScoreRow]:
    """Uplift of the score, 0..1 shown in points, for each approach and domain; none where a trial has no score."""
    if table["score"].null_count or not table.num_rows:
        return []
    found = headlines(uplifts(Trials.of(table, "score"), baseline, level, shared_training))
    return [
        {"approach": row.approach, "domain": row.domain, **estimate_json(row.estimate), "direction": row.direction}
        for row in found
    ]


def rate_row(row: Rate) -> RateRow:
    """One rate over seeds as JSON."""
    return {
        **at(row),
        **estimate_json(row.estimate),
        "trials": row.trials,
        "locations": row.locations,
        "runs": row.runs,
        "collapsed": row.collapsed,
        "humps": row.humps.words() if row.humps else None,
        "collapse_at_most": None if row.collapse_at_most is None else round(row.collapse_at_most, 1),
    }


def at(row: Uplift | Rate) -> At:
    """What a row speaks of."""
    return {"approach": row.approach, "domain": row.domain, "location": row.location, "task": row.task}


def estimate_json(found: Estimate) -> EstimateForm:
    """The numbers of an estimate, in points; an unknown error is null."""
    return {
        "value": round(found.value, 4),
        "band": found.band.to_json(),
        "level": found.level,
        "units": found.units,
        "degrees": round(found.degrees, 3),
        "seed_error": round(found.seed_error, 4) if found.degrees > 0 else None,
    }


def cell_rows(table: pa.Table, level: float) -> list[CellRow]:
    """Success, mean score and Wilson band of every cell that ran."""
    names = list(KEY[:-1])
    numbers = table.append_column("won", pc.cast(table["success"], pa.int64()))
    sums = numbers.group_by(names).aggregate([("won", "sum"), ("won", "count"), ("score", "mean"), ("steps", "mean")])
    found: list[CellRow] = []
    for *cell, won, count, score, steps in rows(
        sums.sort_by([(name, "ascending") for name in names]), *names, "won_sum", "won_count", "score_mean", "steps_mean"
    ):
        approach, location, task, seed, domain = cell
        found.append(
            {
                "approach": approach,
                "location": location,
                "task": task,
                "seed": seed,
                "domain": domain,
                "trials": count,
                "successes": won,
                "value": round(100 * won / count, 4),
                "band": wilson(won, count, level).to_json(),
                "score": round(score, 4),
                "steps": None if steps is None else round(steps, 2),
            }
        )
    return found


def failure_rows(trials: Trials, order: Mapping[str, int]) -> list[Failed]:
    """How each approach failed, by domain over all places: counts, and shares of all its trials in points."""
    found: list[Failed] = []
    for approach, domain in sorted(trials.outcomes, key=lambda key: (order.get(key[0], len(order)), key[1])):
        count = sum(len(run) for runs in trials.places(approach, domain).values() for run in runs.values())
        modes: Counter[str] = Counter()
        for here in trials.failures.get((approach, domain), {}).values():
            modes.update(here)
        counts = dict(sorted(modes.items()))
        shares = {mode: round(100 * n / count, 4) for mode, n in counts.items()}
        found.append({"approach": approach, "domain": domain, "trials": count, "counts": counts, "shares": shares})
    return found
