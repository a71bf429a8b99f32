"""A claim's verdict from trials: every comparison it needs, judged; the weakest of them decides and is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import inf
from types import MappingProxyType
from typing import Any

from runtime.bound.claim import Alike, Composed, Equivalent, Falling, NonInferior, Ordered, Simple, Superior, comparisons, parts
from runtime.bound.domain import Domain
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import GateRule
from runtime.stats.inference.falling import fall_of, lacks, with_factors
from runtime.stats.inference.gap import gap_of
from runtime.stats.inference.outlook import Outlook, outlook
from runtime.stats.inference.uplift import Uplift, comparable, uplift_of
from runtime.stats.status import Status, combine
from runtime.stats.table.outcomes import Trials
from runtime.stats.verdict.claim import Verdict, band_level, clearance, judge_band, threshold
from runtime.stats.verdict.gate_verdict import of_trials


def of_claim(
    claim: Simple | Composed,
    trials: Trials,
    frame: StudyFrame,
    shared_training: bool = False,
    exploited: Sequence[GateRule] = (),
    required: Mapping[str, GateRule] = MappingProxyType({}),
) -> dict[str, Any]:
    """The verdict, as JSON.

    A comparison counts only where it was measured at every planned location and task; with a place missing it is not
    run, whatever the others say.

    Args:
        claim: what is claimed, simple or composed.
        trials: all trials of the study.
        frame: the study: its baseline, places, seeds and level.
        shared_training: whether one training run serves all locations.
        exploited: gates over what is exploited: where one fails, no comparison of its approach in its domain counts.
        required: gates by name without which nothing is said.
    """
    planned = [(location, task) for location in frame.locations for task in frame.tasks]

    def judged(rule: GateRule) -> dict[str, Any]:
        return of_trials(rule, trials, frame.baseline, frame.level, shared_training, planned)

    gates = [(rule, judged(rule)) for rule in exploited]
    stopped = {(rule.approach, rule.domain): said["reason"] for rule, said in gates if said["status"] is Status.FAILED}

    def compared(name: str, part: Simple, pair: tuple[str, str]) -> Link:
        return _stopped(stopped, _link(name, part, pair, trials, frame, shared_training))

    verdict = judged_links(claim, frame.baseline, compared)
    for name, rule in required.items():
        if (said := judged(rule))["status"] is not Status.PASSED:
            why = f"the gate `{name}` is not passed: {said['reason']}"
            return verdict | {"status": Status.NOT_RUN, "verdict": Verdict.NOT_RUN, "reason": why, "weakest": None}
    return verdict


def judged_links(
    claim: Simple | Composed, baseline: str | None, compared: "Callable[[str, Simple, tuple[str, str]], Link]"
) -> dict[str, Any]:
    """The verdict on a claim whose comparisons `compared` makes: of a part's name, the part, and (approach, compared with)."""
    links = [compared(name, part, pair) for name, part in parts(claim) for pair in comparisons(part, baseline)]
    status = combine(link.status for link in links)
    weakest = min(links, key=lambda link: (link.status.rank, link.clearance), default=None)
    word: str = Verdict.of(status)
    reason = weakest.reason if weakest else "nothing to compare: the study has no baseline"
    if isinstance(claim, Composed) and (found := _confounded(claim, links, baseline, compared)):
        weakest, explanation, reason = found
        status, word = Status.FAILED, f"confounded by {explanation}"
    return {
        "kind": claim.kind,
        "status": status,
        "verdict": word,
        "reason": reason,
        "weakest": weakest.link if weakest else None,
        "links": [link.to_json() for link in links],
    }


def _confounded(
    claim: Composed, links: "Sequence[Link]", baseline: str | None, compared: "Callable[[str, Simple, tuple[str, str]], Link]"
) -> "tuple[Link, str, str] | None":
    """The comparison with a control that explains the uplift, what by, and why; None where none does.

    That takes an uplift: all that rules nothing out is supported. A control explains it where it is better than the approach,
    or where nobody can tell that it is worse and it is better than the baseline itself.
    """
    if baseline is None or any(link.status is not Status.PASSED for link in links if link.part not in claim.rules_out):
        return None
    for link in links:
        explanation = claim.rules_out.get(str(link.part))
        if explanation is None or link.status in (Status.PASSED, Status.NOT_RUN):
            continue
        part = claim.parts[str(link.part)]
        alone = compared(explanation, part.model_copy(update={"margin": 0.0}), (link.over, baseline))
        if link.status is Status.FAILED:
            return link, explanation, f"{link.reason}: `{link.over}` does at least as well"
        if alone.status is Status.PASSED:
            return link, explanation, f"{link.reason}; and `{link.over}` is better than `{baseline}` too: {alone.reason}"
    return None


def _stopped(stopped: Mapping[tuple[str | None, Domain | None], str], link: "Link") -> "Link":
    for side in (link.approach, link.over):
        if (why := stopped.get((side, link.domain))) is not None:
            return replace(link, status=Status.NOT_RUN, clearance=-inf, reason=f"`{side}` exploits `{link.domain}`: {why}")
    return link


@dataclass(frozen=True)
class Link:
    """One comparison that a claim needs: what is asked of its band, and what was found."""

    part: str | None
    kind: str
    approach: str
    over: str
    domain: Domain
    link: str
    wanted: str
    margin: float | None
    level: float
    status: Status = Status.NOT_RUN
    value: float | None = None
    band: tuple[float, float] | None = None
    clearance: float = -inf
    n: int = 0
    ahead: Outlook = field(default=Outlook(None))
    reason: str = ""
    against: Domain | None = None
    """The other domain, where two are compared."""

    def to_json(self) -> dict[str, Any]:
        """The clearance is infinite where nothing was measured, which JSON has no word for."""
        known = None if self.band is None else round(self.clearance, 4)
        own = {name: value for name, value in asdict(self).items() if name != "ahead" and (name, value) != ("against", None)}
        return {**own, **self.ahead.to_json(), "clearance": known, "verdict": Verdict.of(self.status)}


def _link(name: str, claim: Simple, pair: tuple[str, str], trials: Trials, frame: StudyFrame, shared_training: bool) -> Link:
    approach, over = pair
    level = band_level(claim, frame.level)
    against = claim.against if isinstance(claim, Alike) else None
    varied = {*claim.where, *([claim.along] if isinstance(claim, Falling) else [])}
    without = {place for place in trials.places(approach, claim.domain) if lacks(trials, claim.domain, place, varied)}
    trials = with_factors(trials, claim.where)
    if isinstance(claim, Falling):
        found, places = fall_of(trials, pair, claim.domain, claim.along, claim.between, level)
    elif against is None:
        places = comparable(trials, approach, over, claim.domain)
        found = uplift_of(trials, approach, over, claim.domain, places, level, shared_training)
    else:
        found, places = gap_of(trials, approach, claim.domain, against, level, shared_training)
    everywhere = [(location, task) for location in frame.locations for task in frame.tasks]
    planned = [place for place in everywhere if place not in without] or everywhere
    absent = [place for place in planned if place not in places]
    said = f"{approach} over {over}" if against is None else f"{approach} in `{claim.domain}` less `{against}`"
    said += "".join(
        f", {factor} {value:g}" if isinstance(value, float) else f", {value}" for factor, value in claim.where.items()
    )
    if isinstance(claim, Falling):
        said += ", {}: {:g} less {:g}".format(claim.along, *claim.between)
    link = Link(
        name or None,
        claim.kind,
        approach,
        over,
        claim.domain,
        f"{name}: {said}" if name else said,
        wanted(claim),
        getattr(claim, "margin", None),
        round(level, 6),
        against=against,
    )
    if found is None or absent:
        where = f"in `{claim.domain}` at {len(absent) or len(planned)} of the planned places"
        if against is not None:
            reason = (
                f"`{approach}` was not tried in both `{claim.domain}` and `{against}` at {len(absent) or len(planned)} places"
            )
            return replace(link, reason=f"{reason} that were planned")
        return replace(link, reason=f"`{approach}` and `{over}` were not both tried {where}")
    band = found.estimate.band
    status = judge_band(claim, band).status
    ahead = outlook(found.estimate, _distance(claim, found)) if status is Status.UNDECIDED else Outlook(None)
    link = replace(
        link,
        status=status,
        value=round(found.estimate.value, 4),
        band=band.to_json(),
        clearance=clearance(claim, band),
        n=found.trials,
        ahead=ahead,
    )
    return replace(link, reason=_reason(link, found))


def _distance(claim: Simple, found: Uplift) -> float:
    """Half-width at which the band would decide, if the estimate stayed where it is."""
    value = found.estimate.value
    if isinstance(claim, Equivalent | Alike):
        return abs(claim.margin - abs(value))
    return abs(value - threshold(claim))


def wanted(claim: Simple) -> str:
    """What the claim asks of the band, in words."""
    match claim:
        case Equivalent(margin=margin) | Alike(margin=margin):
            return f"within ±{margin:g}"
        case NonInferior(margin=margin):
            return f"above −{margin:g}"
        case Superior(margin=margin):
            return f"above {margin:g}"
        case Ordered() | Falling():
            return "above 0"


def _reason(link: Link, found: Uplift) -> str:
    value, (low, high) = found.estimate.value, found.estimate.band.to_json()
    shown = f"{round(value, 4):+.1f} [{low:.1f}, {high:.1f}]".replace("-", "−")
    text = f"{link.link}: {shown}, wanted {link.wanted}"
    return "; ".join([text, *link.ahead.words(), *found.notes])
