"""What comparisons say beyond each one's own band: together, at a new location, after the prior, over a fleet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from runtime.bound.domain import Domain
from runtime.bound.frame import PriorRange
from runtime.report.forms.beyond import Belief as BeliefForm
from runtime.report.forms.beyond import Believed
from runtime.report.forms.evidence import Alone, Beside, MatrixRow, NewLocation
from runtime.report.forms.worth import Fleet as FleetForm
from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import Group
from runtime.stats.inference.multiple import holm, p_value, simultaneous_level
from runtime.stats.inference.new_location import at_new_location
from runtime.stats.inference.uplift import POINTS, Uplift
from runtime.stats.prior.fleet import fleet, quarantine
from runtime.stats.prior.prior import NARROWEST, Belief, calibration, likelihood_ratio, of_range, sceptical, update
from runtime.stats.prior.prior import alone as by_itself
from runtime.stats.prior.prior import at_new_location as belief_at_new_location
from runtime.stats.table.determinism import Determinism

FALSE_DISCOVERIES = 0.05
"""Share of a fleet's decisions that may be false on average."""
MEASURED = 0.5
"""Least share of a belief that must be measured for its chance to help to be told."""
FEWEST = 3
"""Locations from which on they are looked at as a fleet."""


def headlines(rows: Sequence[Uplift]) -> list[Uplift]:
    """The widest comparison of each approach and domain: pooled over places, or its only place."""
    found: dict[tuple[str, Domain], Uplift] = {}
    for row in rows:
        known = found.setdefault((row.approach, row.domain), row)
        if len(row.places) > len(known.places):
            found[row.approach, row.domain] = row
    return list(found.values())


def families(rows: Sequence[Uplift], level: float, shared_training: bool) -> dict[tuple[str, Domain], Beside]:
    """(approach, domain) -> p-value, Holm's over the approaches of that domain, and the band that holds with theirs."""
    by_domain: dict[Domain, list[Uplift]] = defaultdict(list)
    for row in headlines(rows):
        by_domain[row.domain].append(row)
    found: dict[tuple[str, Domain], Beside] = {}
    for domain, members in by_domain.items():
        wide = simultaneous_level(level, len(members))
        values = [p_value(lambda at, row=row: _band(row, at, shared_training)) for row in members]
        for row, p, adjusted in zip(members, values, holm(values), strict=True):
            band = _band(row, wide, shared_training).to_json()
            found[row.approach, domain] = {"comparisons": len(members), "p_value": p, "p_holm": adjusted, "band": band}
    return found


def elsewhere(row: Uplift, level: float, shared_training: bool) -> NewLocation | None:
    """The row's uplift at a new location; None where fewer than two were measured.

    Two or three locations agree by chance now and then, and their spread alone would then promise more of a place that
    nobody has seen than is known of those that were: neither band is narrower than the one at these locations.
    """
    common = row.estimate.seed_error**2 if shared_training and row.estimate.degrees > 0 else 0.0
    found = at_new_location(_by_location([row]), level, POINTS, common, max(row.estimate.degrees, 1.0))
    if found is None:
        return None
    here = row.estimate.band
    return {
        "band": found.prediction.hull(here).to_json(),
        "mean_band": found.mean.hull(here).to_json(),
        "locations": found.locations,
        "spread": round(found.spread, 4),
    }


def believed(row: Uplift, prior: PriorRange | None, level: float) -> BeliefForm | None:
    """Prior and posterior of the row's uplift, and what to expect at a new location; None without a prior range.

    The three readings are the measurement alone, a sceptic's and that with the range. `range_weight` is how much the range
    itself is believed, and `share` how much of the belief is measured: see `runtime.stats.prior.prior`.
    """
    expected = prior.for_domain(row.domain) if prior else None
    if expected is None:
        return None
    after = update(expected, row.estimate)
    spread = between_locations(row, level)
    there = None if spread is None else belief_at_new_location(after, spread, level)
    measured, ratio = by_itself(row.estimate), likelihood_ratio(expected, row.estimate)
    return {
        "prior": belief_json(of_range(expected)),
        "alone": belief_json(measured) if measured else None,
        "sceptic": _measured(sceptical(row.estimate)),
        "posterior": _measured(after),
        "new_location": _measured(there) if there else None,
        "likelihood_ratio": None if ratio is None else float(f"{ratio:.3g}"),
    }


def _measured(belief: Belief) -> Believed:
    """A belief after a measurement. Where more of it was there before than was measured, its chance to help is the prior
    speaking, and is not told."""
    found = belief_json(belief)
    return found if belief.share >= MEASURED else {**found, "helps": None}


def belief_json(belief: Belief) -> Believed:
    """A belief as JSON; `gain` is its expected improvement over the baseline."""
    return {
        "mean": round(belief.mean, 4),
        "sd": round(belief.sd, 4),
        "band": belief.band.to_json(),
        "helps": round(belief.exceeds(0.0), 4),
        "gain": round(belief.gain(), 4),
        "range_weight": None if belief.on_range is None else round(belief.on_range, 4),
        "share": round(belief.share, 4),
    }


def alone(row: Uplift, level: float) -> Alone | None:
    """What the measurement says by itself of a location like these, taken as normal; None from one seed.

    One location cannot tell how others differ, and its own error stands for theirs.
    """
    if row.estimate.degrees <= 0:
        return None
    sd = max((row.estimate.standard_error**2 + (between_locations(row, level) or 0.0) ** 2) ** 0.5, NARROWEST)
    return {"mean": round(row.estimate.value, 4), "sd": round(sd, 4)}


def between_locations(row: Uplift, level: float) -> float | None:
    """Standard deviation of true uplift between locations, in points; None with one location.

    A large fleet tells it from the luck of each location's trials. Two locations, or one seed each, cannot: their own
    spread stands for it, luck included, and is its upper end in a small fleet, whose spread leans to wide.
    """
    groups = _by_location([row])
    found = at_new_location(groups, level, POINTS)
    if found is None:
        return None
    return min(found.spread, fleet(groups, level).spread) if _is_fleet(groups) else found.spread


def matrix(rows: Sequence[Uplift], priors: Mapping[str, PriorRange]) -> list[MatrixRow]:
    """How the decision matrix's ranges fared, by domain."""
    by_domain: dict[Domain, list[tuple[tuple[float, float], Estimate]]] = defaultdict(list)
    for row in headlines(rows):
        prior = priors.get(row.approach)
        expected = prior.for_domain(row.domain) if prior else None
        if expected is not None:
            by_domain[row.domain].append((expected, row.estimate))
    found: list[MatrixRow] = []
    for domain, measured in sorted(by_domain.items()):
        score = calibration(measured)
        found.append(
            {
                "domain": domain,
                "rows": score.rows,
                "inside": score.inside,
                "outside": score.outside,
                "expected": round(score.expected, 4),
                "optimism": round(score.optimism, 4),
                "scale": None if score.scale is None else round(score.scale, 4),
            }
        )
    return found


def fleets(rows: Sequence[Uplift], level: float, repeated: Determinism | None = None) -> list[FleetForm]:
    """Each approach and domain over its locations, where there are enough of them and seeds are repeated.

    Locations that `repeated` shows not to reproduce are in quarantine.
    """
    by_row: dict[tuple[str, Domain], list[Uplift]] = defaultdict(list)
    for row in rows:
        if row.location is not None:
            by_row[row.approach, row.domain].append(row)
    found: list[FleetForm] = []
    for (approach, domain), members in by_row.items():
        groups = _by_location(members)
        if not _is_fleet(groups):
            continue
        seen = fleet(groups, level)
        odd = repeated.odd_locations(domain) if repeated else {}
        found.append(
            {
                "approach": approach,
                "domain": domain,
                "mean": round(seen.mean, 4),
                "error": round(seen.error, 4),
                "spread": round(seen.spread, 4),
                "false_discovery_rate": FALSE_DISCOVERIES,
                "locations": [
                    {
                        "location": s.location,
                        "raw": round(s.raw, 4),
                        "value": round(s.value, 4),
                        "band": s.band.to_json(),
                        "pull": round(s.pull, 4),
                        "p_value": s.p_value,
                        "adjusted": s.adjusted,
                        "direction": s.direction(FALSE_DISCOVERIES),
                    }
                    for s in seen.locations
                ],
                "quarantine": quarantine(seen, FALSE_DISCOVERIES, odd, 0.0),
            }
        )
    return found


def _is_fleet(groups: Mapping[str, Sequence[Group]]) -> bool:
    return len(groups) >= FEWEST and any(len(g.unit_means) > 1 for own in groups.values() for g in own)


def _band(row: Uplift, level: float, shared_training: bool) -> Band:
    return estimate(row.groups, level, POINTS, shared_training and len(row.places) > 1).band


def _by_location(rows: Sequence[Uplift]) -> dict[str, list[Group]]:
    found: dict[str, list[Group]] = defaultdict(list)
    for row in rows:
        for (location, _), group in zip(row.places, row.groups, strict=True):
            found[location].append(group)
    return dict(found)
