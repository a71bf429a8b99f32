"""A gate's verdict: what was measured for it, the worst status over its parts, and what would decide it."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.bound.gate import TRIAL_METRICS, GateRule
from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.needed import needed
from runtime.stats.inference.rate import rate_of
from runtime.stats.inference.uplift import comparable, uplift_of
from runtime.stats.status import Status, combine
from runtime.stats.table.outcomes import Place, Trials
from runtime.stats.verdict.gate import Measure, distance, judge, lookup, wanted


def of_trials(
    rule: GateRule,
    trials: Trials,
    baseline: str | None,
    level: float,
    shared_training: bool = False,
    planned: Sequence[Place] = (),
) -> dict[str, Any]:
    """Verdict on `success_rate` or `uplift`, at the rule's level or else the study's `level`.

    `shared_training` says that one training run serves all locations, so that its luck is common to them. Of `planned`
    places those that were not tried are named: a verdict over the rest must not pass for one over all.
    """
    assert rule.approach is not None
    assert rule.domain is not None
    level = rule.level or level
    if rule.metric == "uplift":
        if baseline is None:
            return not_run(rule, "the study has no baseline")
        if rule.approach == baseline:
            return not_run(rule, f"`{baseline}` is the baseline itself: it has no uplift")
        places = comparable(trials, rule.approach, baseline, rule.domain)
    else:
        places = sorted(trials.places(rule.approach, rule.domain))
    if not places:
        return not_run(rule, f"no trials of `{rule.approach}` in `{rule.domain}` to judge")
    scopes: dict[str, list[Place]] = {}
    for place in places:
        scopes.setdefault(place[0] if rule.scope == "location" else "all locations", []).append(place)
    parts = []
    for label, scope in scopes.items():
        found, count, notes = _estimate(rule, trials, baseline, scope, level, shared_training and len(scope) > 1)
        measure = Measure(label, found.value, found.band, count, found.degrees > 0)
        status = judge(rule, measure)
        more = needed(found, distance(rule, found.value), len(scope), count) if status is Status.UNDECIDED else None
        part = _part(status, measure, more.seeds if more else None, more.trials if more else None)
        parts.append((part, notes))
    absent = sorted(set(planned) - set(places))
    verdict, notes = _verdict(rule, [part for part, _ in parts], level), []
    if absent:
        named = ", ".join(f"`{location}` {task}" for location, task in absent[:3])
        more_of_them = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        notes.append(f"judged without {named}{more_of_them}: not tried there")
    notes += dict.fromkeys(note for _, own in parts for note in own)
    return {**verdict, "reason": "; ".join([verdict["reason"], *notes])}


def of_metrics(rule: GateRule, found: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Verdict on a metric that stages recorded, compared directly.

    Args:
        found: (label, metrics) of every artifact of the rule's stage. Dots in the rule's metric reach into nested ones.
    """
    values = [(label, value) for label, metrics in found if (value := lookup(metrics, rule.metric)) is not None]
    if not values or len(values) < len(found):
        return not_run(rule, f"`{rule.metric}` was recorded by {len(values)} of {len(found)} `{rule.stage}` artifacts")
    if rule.scope == "study":
        values = [("mean over artifacts", sum(v for _, v in values) / len(values))]
    elif rule.scope == "location":
        by_label: dict[str, list[float]] = {}
        for label, value in values:
            by_label.setdefault(label, []).append(value)
        values = [(label, sum(vs) / len(vs)) for label, vs in by_label.items()]
    measures = [Measure(label, value, None, 1) for label, value in values]
    return _verdict(rule, [_part(judge(rule, m), m, None, None) for m in measures], None)


def not_run(rule: GateRule, reason: str) -> dict[str, Any]:
    """The verdict when there is nothing to judge."""
    return {
        **_head(rule, None),
        "status": Status.NOT_RUN,
        "value": None,
        "band": None,
        "n": 0,
        "reason": reason,
        "seeds_needed": None,
        "trials_needed": None,
        "parts": [],
    }


def _estimate(
    rule: GateRule, trials: Trials, baseline: str | None, places: list[Place], level: float, shared_training: bool
) -> tuple[Estimate, int, tuple[str, ...]]:
    assert rule.approach is not None
    assert rule.domain is not None
    if rule.metric == "uplift":
        assert baseline is not None
        row = uplift_of(trials, rule.approach, baseline, rule.domain, places, level, shared_training)
        assert row is not None
        pairing = trials.pairing.get(rule.domain)
        # That a domain may or may not reproduce changes nothing here while it is paired; the report says it once.
        notes = tuple(note for note in row.notes if pairing is None or not pairing.pair or note != pairing.note)
        return row.estimate, row.trials, notes
    ran = trials.places(rule.approach, rule.domain)
    row = rate_of(rule.approach, rule.domain, {p: ran[p] for p in places}, level, shared_training)
    one = "one training seed: the spread between seeds is unknown, so the band is unbounded"
    return row.estimate, row.trials, () if row.estimate.degrees > 0 else (one,)


def _part(status: Status, measure: Measure, seeds: int | None, trials: int | None) -> dict[str, Any]:
    band = measure.band.to_json() if measure.band else None
    return {
        "label": measure.label,
        "status": status,
        "bounded": measure.bounded,
        "value": round(measure.value, 6),
        "band": band,
        "n": measure.n,
        "seeds_needed": seeds,
        "trials_needed": trials,
    }


def _verdict(rule: GateRule, parts: list[dict[str, Any]], level: float | None) -> dict[str, Any]:
    status = combine(p["status"] for p in parts)
    worst = min(parts, key=lambda p: (p["status"].rank, -distance(rule, p["value"])))
    return {
        **_head(rule, level),
        "status": status,
        "value": worst["value"],
        "band": worst["band"],
        "n": sum(p["n"] for p in parts),
        "reason": _reason(rule, worst, len(parts)),
        "seeds_needed": worst["seeds_needed"],
        "trials_needed": worst["trials_needed"],
        "parts": [{name: value for name, value in part.items() if name != "bounded"} for part in parts],
    }


def _head(rule: GateRule, level: float | None) -> dict[str, Any]:
    unit = "points" if rule.metric in TRIAL_METRICS else ""
    return {
        "metric": rule.metric,
        "stage": rule.stage,
        "approach": rule.approach,
        "domain": rule.domain,
        "scope": rule.scope,
        "comparator": rule.comparator,
        "threshold": rule.threshold,
        "wanted": wanted(rule),
        "unit": unit,
        "level": level,
    }


def _reason(rule: GateRule, part: dict[str, Any], count: int) -> str:
    where = part["label"] if count > 1 or rule.scope != "study" else ""
    shown = f"{part['value']:.4g}"
    if part["band"]:
        shown = f"{part['value']:.1f} [{part['band'][0]:.1f}, {part['band'][1]:.1f}]"
    shown = shown.replace("-", "−")
    text = f"{where + ': ' if where else ''}{shown}, wanted {wanted(rule)}"
    if part["status"] is Status.UNDECIDED:
        if part["seeds_needed"]:
            text += f"; about {part['seeds_needed']} seeds would decide"
        elif part["bounded"]:
            text += "; too near the threshold for more seeds to decide"
    return text
