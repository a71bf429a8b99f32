"""What uplift cost, and what to try next: by approach and domain, over all locations."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from runtime.bound.cell import Cell
from runtime.bound.domain import DOMAINS, Domain
from runtime.bound.frame import PriorRange, StudyFrame
from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import pooled
from runtime.report.drawing.words import by_reality, expected, percent
from runtime.report.drawing.words import domain as in_words
from runtime.report.forms.costs import CostRow
from runtime.report.forms.evidence import Evidence
from runtime.report.forms.report import Report
from runtime.report.forms.verdict import Role
from runtime.report.forms.worth import Confirmed, Next, Worth
from runtime.report.roles import BASELINE, PLACEBO, UNTRAINED
from runtime.report.sections.costs import costs
from runtime.report.study import Study
from runtime.stats.band import Band
from runtime.stats.prior.prior import normal, of_range
from runtime.stats.prior.together import belief_json
from runtime.stats.prior.worth import Candidate, cost_per_point, next_best

NEVER_TRIED = (BASELINE, PLACEBO, UNTRAINED)
"""Roles whose uplift is nothing by construction, or a control's."""


def worth(
    frame: StudyFrame,
    cells: Sequence[Cell],
    evidence: Evidence,
    roles: Mapping[str, Role],
    costs: Sequence[CostRow],
    refused: Mapping[tuple[str, Domain], str] = MappingProxyType({}),
) -> Worth:
    """Cost per confirmed point, and candidates by expected uplift per hour.

    `refused` says by (approach, domain) which gate found uplift there to be exploited: none of it is sure. Where such an
    approach is not shown to help, it is no candidate in any other domain either.
    `unit` is `gpu_h` where any artifact of any approach used a GPU, else `cpu_h`: one unit for all, so that they rank.
    """
    unit = "gpu_h" if any(row["gpu_s"] for row in costs) else "cpu_h"
    hours = {row["approach"]: row["gpu_s" if unit == "gpu_h" else "cpu_s"] / 3600 for row in costs}
    places = {a: len({c.location for c in cells if c.approach == a}) for a in {c.approach for c in cells}}
    tried = [a for a in frame.approaches if roles.get(a) not in NEVER_TRIED]
    domains = by_reality({*frame.trials, *evidence["counts"]["domains"]})
    at_one = {a: hours[a] / places[a] for a in hours if places.get(a)}
    return {
        "unit": unit,
        "confirmed": [
            row
            for domain in domains
            for approach in tried
            if (approach, domain) not in refused and (row := _confirmed(approach, domain, evidence, hours.get(approach)))
        ],
        "next": [
            _next(domain, tried, evidence, at_one, _barred(domain, evidence, refused))
            for domain in domains
            if tried and evidence["baseline"]
        ],
    }


def _barred(domain: Domain, evidence: Evidence, refused: Mapping[tuple[str, Domain], str]) -> dict[str, str]:
    """Approach -> why nobody is to spend more on it for the sake of a domain, by the gates that refuse its uplift."""
    found = pooled(evidence["uplift"])
    barred = {}
    for (approach, where), gate in refused.items():
        row = found.get((approach, domain))
        if where == domain:
            barred[approach] = f"gate {gate} refuses what it gains there"
        elif row is None or row["direction"] != "helps":
            there = f"gate {gate} refuses what it gains {DOMAINS[where].at}"
            barred.setdefault(approach, f"{there}, and it is not shown to help here")
    return barred


def _confirmed(approach: str, domain: Domain, evidence: Evidence, hours: float | None) -> Confirmed | None:
    """Points that are sure at each location, added up over locations, and what one of them cost.

    Of a fleet they are those of locations where the approach helps with false discoveries under control; without one,
    each location's own band tells.
    """
    fleet = next((f for f in evidence["fleet"] if (f["approach"], f["domain"]) == (approach, domain)), None)
    if fleet:
        rows = fleet["locations"]
        bands = [Band(*row["band"]) for row in rows if row["direction"] == "helps"]
    else:
        rows = [r for r in evidence["uplift"] if (r["approach"], r["domain"]) == (approach, domain) and r["location"]]
        bands = [Band(*row["band"]) for row in rows]
    if not rows:
        return None
    sure = [band for band in bands if band.low > 0]
    per_point = None if hours is None else cost_per_point(hours, sure)
    return {
        "approach": approach,
        "domain": domain,
        "basis": "fleet" if fleet else "locations",
        "comparisons": len(rows),
        "confirmed": len(sure),
        "points": round(sum(band.low for band in sure), 4),
        "hours": _rounded(hours),
        "per_point": _rounded(per_point),
    }


def _next(
    domain: Domain, tried: Sequence[str], evidence: Evidence, hours: Mapping[str, float], barred: Mapping[str, str]
) -> Next:
    """Candidates in one domain, by expected gain per hour at one location, and those that cannot be ranked."""
    known, unranked = {}, []
    for approach in tried:
        found = barred.get(approach) or _belief(approach, domain, evidence)
        if isinstance(found, str):
            unranked.append({"approach": approach, "reason": found})
        elif approach not in hours:
            unranked.append({"approach": approach, "reason": "its cost is unknown: no artifact of it was built here"})
        else:
            known[approach] = found
    order = next_best([Candidate(a, found["gain"], hours[a]) for a, found in known.items()])
    return {
        "domain": domain,
        "ranked": [
            {
                "approach": one.approach,
                "gain": round(one.gain, 4),
                "hours": _rounded(hours[one.approach]),
                "per_hour": round(one.per_hour, 4) if hours[one.approach] > 0 else None,
                **known[one.approach],
                "why": _why(known[one.approach], domain),
            }
            for one in order
        ],
        "unranked": unranked,
    }


def _belief(approach: str, domain: Domain, evidence: Evidence) -> dict[str, Any] | str:
    """What is believed of the approach at one more location, and from where; or why nothing is."""
    row = next((r for r in evidence["together"] if (r["approach"], r["domain"]) == (approach, domain)), None)
    if row and row["belief"]:
        return {"basis": "posterior", **_kept(row["belief"]["new_location"] or row["belief"]["posterior"])}
    if row:
        if row["alone"] is None:
            return "one training seed and no expected range: its uplift is not bounded"
        believed = normal(row["alone"]["mean"], row["alone"]["sd"], evidence["level"])
        return {"basis": "measurement", **_kept(belief_json(believed)), "share": 1.0}
    prior = PriorRange.model_validate(evidence["priors"].get(approach, {}))
    expected_range = prior.for_domain(domain)
    if expected_range is None:
        return "not measured here, and no range is expected of it"
    return {"basis": "prior", **_kept(belief_json(of_range(expected_range))), "range": list(expected_range)}


def _kept(belief: Mapping[str, Any]) -> dict[str, Any]:
    return {name: belief[name] for name in ("mean", "sd", "gain", "range_weight", "share")}


def _why(found: Mapping[str, Any], domain: str) -> str:
    """Where the belief comes from, in words that no one takes for a measurement where it is none."""
    if found["basis"] == "prior":
        return f"never measured in the {in_words(domain)}: the expected range {expected(found['range'])} alone"
    if found["basis"] == "measurement":
        return "measured; no range was expected of it"
    measured, kept = percent(found["share"]), percent(found["range_weight"])
    return f"expected range and measurement, {measured} of it measured; the range keeps a weight of {kept}"


def _rounded(value: float | None) -> float | None:
    """Hours to four significant digits, so that recomputing agrees and small ones do not vanish."""
    return None if value is None else float(f"{value:.4g}")


def content(study: Study) -> Drawn:
    """What approaches cost, and what that was worth."""
    spent = costs(study)
    return {"costs": spent, "worth": worth(study.frame, study.cells, study.evidence, study.roles, spent, study.refused)}


def next_rows(said: Report) -> Rows:
    """One row per domain and candidate, in the order in which to try them; those without a rank come last."""
    unit = said["worth"]["unit"]
    names = f"""domain rank approach expected_gain=gain believed=mean sd {unit}=hours gain_per_{unit}=per_hour basis
    measured_share=share range_weight reason=why"""
    rows: list[dict[str, object]] = []
    for group in said["worth"]["next"]:
        domain = group["domain"]
        rows += [columns({**row, "domain": domain, "rank": rank}, names) for rank, row in enumerate(group["ranked"], 1)]
        rows += [{"domain": domain, **row} for row in group["unranked"]]
    return rows


def confirmed_rows(said: Report) -> Rows:
    """One row per approach and domain: points that are sure, and what one of them cost."""
    return [{**row, "unit": said["worth"]["unit"]} for row in said["worth"]["confirmed"]]
