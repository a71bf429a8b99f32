"""A claim's verdict from trials: every comparison it needs, judged; the weakest of them decides and is named."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.bound.claim import Composed, Equivalent, NonInferior, Ordered, Simple, Superior, comparisons, parts
from runtime.bound.frame import StudyFrame
from runtime.stats.inference.needed import needed
from runtime.stats.inference.uplift import Uplift, comparable, uplift_of
from runtime.stats.status import Status, combine
from runtime.stats.table.outcomes import Place, Trials
from runtime.stats.verdict.claim import Verdict, band_level, clearance, judge_band, threshold


def of_claim(claim: Simple | Composed, trials: Trials, frame: StudyFrame, shared_training: bool = False) -> dict[str, Any]:
    """The verdict, as JSON.

    A comparison counts only where it was measured at every planned location and task; with a place missing it is not
    run, whatever the others say.

    Args:
        claim: what is claimed, simple or composed.
        trials: all trials of the study.
        frame: the study: its baseline, places, seeds and level.
        shared_training: whether one training run serves all locations.
    """
    links = [
        _link(name, part, pair, trials, frame, shared_training)
        for name, part in parts(claim)
        for pair in comparisons(part, frame.baseline)
    ]
    status = combine(link["status"] for link in links)
    weakest = min(links, key=lambda link: (link["status"].rank, link["clearance"]), default=None)
    return {
        "kind": claim.kind,
        "status": status,
        "verdict": Verdict.of(status),
        "reason": weakest["reason"] if weakest else "nothing to compare: the study has no baseline",
        "weakest": weakest["link"] if weakest else None,
        "links": [_shown(link) for link in links],
    }


def _link(
    name: str, claim: Simple, pair: tuple[str, str], trials: Trials, frame: StudyFrame, shared_training: bool
) -> dict[str, Any]:
    approach, over = pair
    level = band_level(claim, frame.level)
    places = comparable(trials, approach, over, claim.domain)
    absent = [place for place in _planned(frame) if place not in places]
    found = uplift_of(trials, approach, over, claim.domain, places, level, shared_training)
    head = {
        "part": name or None,
        "kind": claim.kind,
        "approach": approach,
        "over": over,
        "domain": claim.domain,
        "link": f"{name}: {approach} over {over}" if name else f"{approach} over {over}",
        "wanted": wanted(claim),
        "margin": getattr(claim, "margin", None),
        "level": round(level, 6),
    }
    if found is None or absent:
        count = len(absent) or len(_planned(frame))
        reason = f"`{approach}` and `{over}` were not both tried in `{claim.domain}` at {count} of the planned places"
        return {
            **head,
            "status": Status.NOT_RUN,
            "value": None,
            "band": None,
            "clearance": float("-inf"),
            "n": 0,
            "seeds_needed": None,
            "trials_needed": None,
            "reason": reason,
        }
    band = found.estimate.band
    status = judge_band(claim, band).status
    more = needed(found.estimate, _distance(claim, found), len(places), found.trials)
    undecided = status is Status.UNDECIDED
    link = {
        **head,
        "status": status,
        "value": round(found.estimate.value, 4),
        "band": band.to_json(),
        "clearance": clearance(claim, band),
        "n": found.trials,
        "seeds_needed": more.seeds if undecided else None,
        "trials_needed": more.trials if undecided else None,
    }
    return {**link, "reason": _reason({**link, "bounded": found.estimate.degrees > 0}, found.notes)}


def _planned(frame: StudyFrame) -> list[Place]:
    return [(location, task) for location in frame.locations for task in frame.tasks]


def _distance(claim: Simple, found: Uplift) -> float:
    """Half-width at which the band would decide, if the estimate stayed where it is."""
    value = found.estimate.value
    if isinstance(claim, Equivalent):
        return abs(claim.margin - abs(value))
    return abs(value - threshold(claim))


def wanted(claim: Simple) -> str:
    """What the claim asks of the band, in words."""
    match claim:
        case Equivalent(margin=margin):
            return f"within ±{margin:g}"
        case NonInferior(margin=margin):
            return f"above −{margin:g}"
        case Superior(margin=margin):
            return f"above {margin:g}"
        case Ordered():
            return "above 0"


def _reason(link: Mapping[str, Any], notes: Sequence[str]) -> str:
    shown = f"{link['value']:+.1f} [{link['band'][0]:.1f}, {link['band'][1]:.1f}]".replace("-", "−")
    text = f"{link['link']}: {shown}, wanted {link['wanted']}"
    if link["status"] is Status.UNDECIDED:
        seeds = link["seeds_needed"]
        if seeds:
            text += f"; about {seeds} seeds would decide"
        elif link["bounded"]:
            text += "; too near for more seeds to decide"
    return "; ".join([text, *notes])


def _shown(link: Mapping[str, Any]) -> dict[str, Any]:
    """The link as JSON: clearance is infinite where nothing was measured, which JSON has no word for."""
    known = link["band"] is not None
    return {**link, "clearance": round(link["clearance"], 4) if known else None, "verdict": Verdict.of(link["status"])}
