"""A gate's verdict: what was measured for it, the worst status over its parts, and what would decide it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runtime.bound.gate import TRIAL_METRICS, GateRule
from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.exploitation import between, twofold
from runtime.stats.inference.outlook import Outlook, outlook
from runtime.stats.inference.rate import rate_of
from runtime.stats.inference.uplift import comparable, uplift_of
from runtime.stats.status import Status, combine
from runtime.stats.table.outcomes import Place, Trials
from runtime.stats.verdict.alike import of_median
from runtime.stats.verdict.gate import Measure, distance, judge, lookup, margin, wanted
from runtime.stats.verdict.over_seeds import of_seeds

ONE_SEED = "one training seed: the spread between seeds is unknown, so the band is unbounded"


@dataclass(frozen=True)
class Part:
    """One part of a verdict: a place, an artifact, or all of them. A band that is not `bounded` shows nothing."""

    label: str
    status: Status
    bounded: bool
    value: float
    band: tuple[float, float] | None
    n: int
    ahead: Outlook

    def to_json(self) -> dict[str, Any]:
        """All but whether it is bounded."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("bounded", "ahead")}
        return kept | self.ahead.to_json()


def of_trials(
    rule: GateRule,
    trials: Trials,
    baseline: str | None,
    level: float,
    shared_training: bool = False,
    planned: Sequence[Place] = (),
) -> dict[str, Any]:
    """Verdict on `success_rate`, `uplift` or `exploitation`, at the rule's level or else the study's `level`.

    `shared_training` says that one training run serves all locations, so that its luck is common to them. Of `planned`
    places those that were not tried are named: a verdict over the rest must not pass for one over all.
    """
    assert rule.approach is not None
    assert rule.domain is not None
    level = rule.level or level
    if rule.metric != "success_rate":
        if baseline is None:
            return not_run(rule, "the study has no baseline")
        if rule.approach == baseline:
            return not_run(rule, f"`{baseline}` is the baseline itself: it has no uplift")
        places = comparable(trials, rule.approach, baseline, rule.domain)
        if rule.against is not None:
            trials = between(trials, rule.domain, rule.against)
            places = comparable(trials, rule.approach, baseline, rule.domain)
    else:
        places = sorted(trials.places(rule.approach, rule.domain))
    if not places:
        return not_run(rule, f"no trials of `{rule.approach}` in `{rule.domain}` to judge")
    scopes: dict[str, list[Place]] = {}
    for place in places:
        scopes.setdefault(place[0] if rule.scope == "location" else "all locations", []).append(place)
    parts, notes = [], [f"uplift in `{rule.domain}` less that in `{rule.against}`"] if rule.against else []
    for label, scope in scopes.items():
        found, count, own = _estimate(rule, trials, baseline, scope, level, shared_training and len(scope) > 1)
        parts.append(_part(rule, Measure(label, found.value, found.band, count, found.degrees > 0), found))
        notes += own
    absent = [f"`{location}` {task}" for location, task in sorted(set(planned) - set(places))]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        notes.insert(0, f"judged without {', '.join(absent[:3])}{more}: not tried there")
    verdict = _verdict(rule, parts, level)
    return {**verdict, "reason": "; ".join([verdict["reason"], *dict.fromkeys(notes)])}


def of_metrics(
    rule: GateRule,
    found: Sequence[tuple[str, Mapping[str, Any]]],
    manifests: Sequence[Mapping[str, Any]] = (),
    level: float = 0.95,
) -> dict[str, Any]:
    """Verdict on a metric that stages recorded, compared directly, or by its band over seeds at the rule's level or else `level`.

    Args:
        found: (label, metrics) of every artifact of the rule's stage. Dots in the rule's metric reach into nested ones.
        manifests: of the same artifacts, which a rule over quotients or seeds needs.
    """
    asked, manifests = list(found), manifests or [{}] * len(found)
    if rule.unmeasured == "left_out":  # a stage that could not measure says so with a null
        kept = [i for i, (_, metrics) in enumerate(asked) if not unmeasured(metrics, rule.metric)]
        found, manifests = [asked[i] for i in kept], [manifests[i] for i in kept]
        if asked and not found:  # made, and nobody can tell: somebody may answer for that
            of = f" of {_named(sorted({label for label, _ in asked if label}))}" if any(label for label, _ in asked) else ""
            reason = f"`{rule.metric}` could not be measured{of}; a waiver may answer for it"
            return _said(rule, None, Status.UNDECIDED, reason, (), None)
    values = [(label, value) for label, metrics in found if (value := lookup(metrics, rule.metric)) is not None]
    if not values or len(values) < len(found):
        told = f"`{rule.metric}` was recorded by {len(values)} of {len(found)} `{rule.stage}` artifacts"
        without = sorted({label for label, metrics in found if label and lookup(metrics, rule.metric) is None})
        return not_run(rule, told + (f": not of {_named(without)}" if without else ""))
    if rule.over == "seeds":
        level = rule.level or level
        labels = [label if rule.scope == "location" else "" for label, _ in found]
        measures = of_seeds(rule, list(zip(labels, manifests, strict=True)), level)
        verdict = _verdict(rule, [_part(rule, one) for one in measures], level)
        alone = f"{ONE_SEED}: " if any(not one.bounded for one in measures) else ""
        return {**verdict, "reason": f"{alone}{verdict['reason']}"}
    if rule.of == "median":
        labels = [label if rule.scope == "location" else "" for label, _ in found]
        values = of_median(rule, list(zip(labels, manifests, strict=True)))
    elif rule.scope == "study":
        values = [("mean over artifacts", sum(v for _, v in values) / len(values))]
    elif rule.scope == "location":
        by_label: dict[str, list[float]] = {}
        for label, value in values:
            by_label.setdefault(label, []).append(value)
        values = [(label, sum(vs) / len(vs)) for label, vs in by_label.items()]
    verdict = _verdict(rule, [_part(rule, Measure(label, value, None, 1)) for label, value in values], None)
    left = sorted({label for label, metrics in asked if label and unmeasured(metrics, rule.metric)})
    return {**verdict, "reason": f"{verdict['reason']}; not measured at {_named(left)}"} if left else verdict


def _named(labels: Sequence[str]) -> str:
    """The first three, and how many more."""
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return ", ".join(f"`{label}`" for label in labels[:3]) + more


def unmeasured(metrics: Mapping[str, Any], name: str) -> bool:
    """Whether a stage says with a null that it could not measure a metric, or those around it."""
    value: Any = metrics
    for part in [name] if name in metrics else name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return False
        if (value := value[part]) is None:
            return True
    return False


def not_run(rule: GateRule, reason: str) -> dict[str, Any]:
    """The verdict when there is nothing to judge."""
    return _said(rule, None, Status.NOT_RUN, reason, (), None)


def _estimate(
    rule: GateRule, trials: Trials, baseline: str | None, places: list[Place], level: float, shared_training: bool
) -> tuple[Estimate, int, tuple[str, ...]]:
    assert rule.approach is not None
    assert rule.domain is not None
    if rule.metric != "success_rate":
        assert baseline is not None
        row = uplift_of(trials, rule.approach, baseline, rule.domain, places, level, shared_training)
        assert row is not None
        pairing = trials.pairing.get(rule.domain)
        # That a domain may or may not reproduce changes nothing here while it is paired; the report says it once.
        notes = tuple(note for note in row.notes if pairing is None or not pairing.pair or note != pairing.note)
        return (twofold(row.estimate) if rule.against else row.estimate), row.trials, notes
    ran, fixed = trials.places(rule.approach, rule.domain), (rule.approach, rule.domain) in trials.fixed
    row = rate_of(rule.approach, rule.domain, {p: ran[p] for p in places}, level, shared_training, fixed, trials.worlds)
    very = "speaks of this very policy, over initial states: not of what training again would give"
    return row.estimate, row.trials, (very,) if fixed else () if row.estimate.degrees > 0 else (ONE_SEED,)


def _part(rule: GateRule, measure: Measure, found: Estimate | None = None) -> Part:
    """What a rule says of one measure, and what would decide it."""
    status = judge(rule, measure)
    ahead = outlook(found, distance(rule, found.value)) if found and status is Status.UNDECIDED else Outlook(None)
    band = measure.band.to_json() if measure.band else None
    return Part(measure.label, status, measure.bounded, round(measure.value, 6), band, measure.n, ahead)


def _verdict(rule: GateRule, parts: Sequence[Part], level: float | None) -> dict[str, Any]:
    """The worst status over the parts, with the part that decides: of equals, the nearest to failing or the farthest beyond."""
    worst = min(parts, key=lambda part: (part.status.rank, margin(rule, part.value, part.band)))
    status = combine(part.status for part in parts)
    return _said(rule, level, status, _reason(rule, worst, len(parts)), parts, worst)


def _said(
    rule: GateRule, level: float | None, status: Status, reason: str, parts: Sequence[Part], worst: Part | None
) -> dict[str, Any]:
    return {
        **rule.model_dump(exclude={"level", "of", "over", "unmeasured", "against"}),
        "wanted": wanted(rule),
        "unit": "points" if rule.metric in TRIAL_METRICS else "",
        "level": level,
        "status": status,
        "value": worst.value if worst else None,
        "band": worst.band if worst else None,
        "n": sum(part.n for part in parts),
        "reason": reason,
        **(worst.ahead if worst else Outlook(None)).to_json(),
        "parts": [part.to_json() for part in parts],
    }


def _reason(rule: GateRule, part: Part, count: int) -> str:
    where = f"{part.label}: " if part.label and (count > 1 or rule.scope != "study") else ""
    form = ".1f" if rule.metric in TRIAL_METRICS else ".3g"
    shown = f"{part.value:{form}} [{part.band[0]:{form}}, {part.band[1]:{form}}]" if part.band else f"{part.value:.4g}"
    text = f"{where}{shown.replace('-', '−')}, wanted {wanted(rule)}"
    return "; ".join([text, *part.ahead.words()])
