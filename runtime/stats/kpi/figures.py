"""The key figures of every location and of every week: what was measured then, with n and a band.

A *week* is the ISO week in which something was measured. At a hundred new locations a week, those of week N are the
ones whose trials were made then. A figure that was not measured has no row: absent is `not run`, never 0.

Rates of trials take the way of every other rate of a study (`runtime.stats.inference.rate`: training runs are the unit, each
location and task counts the same), the gap that of `runtime.stats.inference.gap`. Counted figures (how many variants passed, how
often the expert succeeded) have Wilson's interval at one location; over several the location is the unit, each counting
the same.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import get_args

from runtime.bound.domain import DOMAINS, REAL, SIMULATED, Domain
from runtime.report.forms.kpi import Kpi, KpiRow
from runtime.stats.band import Band
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.gap import gaps
from runtime.stats.inference.group import rate_group
from runtime.stats.inference.rate import POINTS, rate_of, wilson
from runtime.stats.kpi.decision import KPIS
from runtime.stats.table.outcomes import Runs, Trials

PACK: tuple[Kpi, ...] = get_args(Kpi)
"""Every key figure, in the order of the pack."""
MEANING = {name: KPIS[name] for name in PACK} | {"irl": "success of the policy on the real robot"}
"""Here the real robot and its stand-in are two figures."""


@dataclass(frozen=True)
class Count:
    """Something counted at a location: `passed` of `tried` variants or attempts."""

    kpi: str
    domain: str | None
    approach: str
    location: str
    week: str
    passed: int
    tried: int


@dataclass(frozen=True)
class Figure:
    """A key figure of one approach in one week, in points. `location` None: over all locations of that week.

    `domain` is where it was measured (None for artifacts) and `real` what a gap is held against. `n` counts variants,
    attempts or trials; of a gap the real ones.
    """

    kpi: Kpi
    domain: Domain | None
    real: Domain | None
    approach: str
    location: str | None
    week: str
    value: float
    band: Band
    n: int
    locations: int

    @property
    def series(self) -> tuple[Kpi, Domain | None, Domain | None]:
        """What makes figures of several weeks comparable: never a twin with a world model."""
        return self.kpi, self.domain, self.real

    def to_json(self) -> KpiRow:
        """As a row of `report.json`."""
        return {
            "kpi": self.kpi,
            "domain": self.domain,
            "real": self.real,
            "approach": self.approach,
            "location": self.location,
            "week": self.week,
            "value": round(self.value, 4),
            "band": self.band.to_json(),
            "n": self.n,
            "locations": self.locations,
        }


def figures(
    counts: Sequence[Count], by_week: Mapping[str, Trials], approaches: Sequence[str], level: float, shared_training: bool = False
) -> list[Figure]:
    """All key figures, in the order of the pack, of approaches and of weeks; places before what is over all of them.

    Args:
        counts: what was counted at locations.
        by_week: week -> trials that were made in it.
        approaches: whose figures; they stand apart, for each figure is about one policy's recipe.
        level: confidence level of every band.
        shared_training: whether one training run serves all locations.
    """
    found = [
        *_counted([c for c in counts if c.approach in approaches and c.tried > 0], level),
        *_success(by_week, approaches, level, shared_training),
        *_gaps(by_week, approaches, level, shared_training),
    ]
    order = {approach: i for i, approach in enumerate(approaches)}

    def place(f: Figure) -> tuple:
        place = (f.location is None, f.location or "")
        return PACK.index(f.kpi), f.domain or "", f.real or "", order[f.approach], f.week, *place

    return sorted(found, key=place)


def over_locations(counts: Sequence[tuple[int, int]], level: float) -> tuple[float, Band]:
    """Mean of rates over locations, each counting the same, in points, with its band.

    The location is the unit: Student's t over their rates on the logit, not below the floor that agreement by chance
    asks for. One location has Wilson's interval.

    Args:
        counts: (passed, tried) at each location.

    Raises:
        ValueError: when there is no location, or one where nothing was tried.
    """
    if not counts or any(tried < 1 for _, tried in counts):
        raise ValueError("a rate over locations needs tries at each")
    if len(counts) == 1:
        return 100 * counts[0][0] / counts[0][1], wilson(*counts[0], level)
    units = {i: {f"{i}/{k}": float(k < passed) for k in range(tried)} for i, (passed, tried) in enumerate(counts)}
    found = estimate([rate_group(units, level)], level, POINTS, logit=True)
    return found.value, found.band


def _counted(counts: Sequence[Count], level: float) -> Iterator[Figure]:
    sums: dict[tuple, dict[str, tuple[int, int]]] = defaultdict(dict)
    for c in counts:
        places = sums[c.kpi, c.domain, c.approach, c.week]
        passed, tried = places.get(c.location, (0, 0))
        places[c.location] = passed + c.passed, tried + c.tried
    for (kpi, domain, approach, week), places in sums.items():
        for location, (passed, tried) in places.items():
            value, band = 100 * passed / tried, wilson(passed, tried, level)
            yield Figure(kpi, domain, None, approach, location, week, value, band, tried, 1)
        value, band = over_locations([places[x] for x in sorted(places)], level)
        total = sum(tried for _, tried in places.values())
        yield Figure(kpi, domain, None, approach, None, week, value, band, total, len(places))


def _success(by_week: Mapping[str, Trials], approaches: Sequence[str], level: float, shared_training: bool) -> Iterator[Figure]:
    for week, trials in by_week.items():
        for approach, (domain, row) in product(approaches, DOMAINS.items()):
            places = trials.places(approach, domain)
            scopes: list[tuple[str | None, Runs, bool]] = [(x, here, False) for x, here in _by_location(places).items()]
            if places:
                scopes.append((None, places, shared_training))
            for location, here, shared in scopes:
                rate = rate_of(approach, domain, here, level, shared)
                value, band = rate.estimate.value, rate.estimate.band
                yield Figure(row.figure, domain, None, approach, location, week, value, band, rate.trials, rate.locations)


def _gaps(by_week: Mapping[str, Trials], approaches: Sequence[str], level: float, shared_training: bool) -> Iterator[Figure]:
    """The gap as it stood in each week in which either side was measured: real trials of the newest week until then
    against all simulated ones until then. A simulator does not change from week to week; a robot's day does.
    """
    for simulated, real, approach in product(SIMULATED, REAL, approaches):
        ours: Runs = defaultdict(lambda: defaultdict(dict))
        theirs: Runs = {}
        for week in sorted(by_week):
            fresh, measured = (by_week[week].places(approach, domain) for domain in (simulated, real))
            for place, runs in fresh.items():
                for seed, outcomes in runs.items():
                    ours[place][seed] |= outcomes
            theirs |= measured
            places = [p for p in {**fresh, **measured} if p in ours and p in theirs]
            by_location = _by_location({p: theirs[p] for p in places})
            scopes = [(x, list(here), False) for x, here in by_location.items()]
            for location, here, shared in [*scopes, (None, places, shared_training)]:
                sides = {(approach, domain): {p: side[p] for p in here} for domain, side in ((simulated, ours), (real, theirs))}
                if rows := gaps(Trials(sides, pairing=by_week[week].pairing), simulated, real, level, shared):
                    found = rows[-1].found  # the widest: over the places where there are several
                    value, band, count = found.estimate.value, found.estimate.band, len({x for x, _ in found.places})
                    yield Figure("gap", simulated, real, approach, location, week, value, band, found.baseline_trials, count)


def _by_location(places: Runs) -> dict[str, Runs]:
    found: dict[str, Runs] = defaultdict(dict)
    for (location, task), runs in sorted(places.items()):
        found[location][location, task] = runs
    return found
