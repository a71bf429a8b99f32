"""The forms of `evidence.fleet` and `worth` in `report.json`: locations as a fleet, cost, what to try next."""

from typing import Literal

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Direction, Form
from runtime.report.forms.where import Of


class FleetLocation(Form):
    """One location of a fleet, in points."""

    location: str
    """Id of the location."""
    raw: float
    """Its own uplift."""
    value: float
    """Drawn towards the others."""
    band: Band
    """Of the drawn value."""
    pull: float
    """How far it was drawn, 0 to 1, which is the mean itself."""
    p_value: float
    """Of no uplift here, by its own trials."""
    adjusted: float
    """Benjamini and Hochberg's, over the locations."""
    direction: Direction
    """By the adjusted p-value."""


class Quarantined(Form):
    """A location to leave out of decisions until somebody has looked."""

    location: str
    """Id of the location."""
    reason: str
    """What is odd about it."""


class Fleet(Of):
    """One approach in one domain over its locations."""

    mean: float
    """Mean uplift over locations."""
    error: float
    """Its standard error."""
    spread: float
    """Standard deviation of true uplift between locations."""
    false_discovery_rate: float
    """Share of false decisions, on average."""
    locations: list[FleetLocation]
    """In the order of ids."""
    quarantine: list[Quarantined]
    """Locations set aside."""


class Confirmed(Of):
    """What is sure of an approach over all its locations in one domain."""

    basis: Literal["fleet", "locations"]
    """Whether false discoveries are under control over a fleet, or each location's own band tells."""
    comparisons: int
    """Locations compared."""
    confirmed: int
    """Locations where the whole band is above zero."""
    points: float
    """Low ends of their bands, added up."""
    hours: float | None
    """What the approach took beyond the baseline, at all locations; null where nothing of it was built here."""
    per_point: float | None
    """Hours for one of these points; null where there are none."""


class Ranked(Form):
    """A candidate for the next GPU-hours (or CPU-hours)."""

    approach: str
    """Id of the approach."""
    gain: float
    """Expected points at one more location, if it is kept only where it helps."""
    hours: float
    """What it took at a location, on average, beyond the baseline."""
    per_hour: float | None
    """Gain over hours; null where it cost none."""
    basis: Literal["posterior", "measurement", "prior"]
    """What the belief rests on: range and measurement, the measurement alone, or the range alone."""
    mean: float
    """Believed uplift at one more location, points."""
    sd: float
    """Its standard deviation."""
    share: float
    """How much of the belief is measured, 0 to 1."""
    range_weight: float | None
    """How much the expected range itself is believed, 0 to 1; null without one."""
    why: str
    """The same in words."""


class Unranked(Form):
    """An approach that has no rank."""

    approach: str
    """Id of the approach."""
    reason: str
    """Why not."""


class Next(Form):
    """Candidates in one domain."""

    domain: Domain
    """Where uplift is meant."""
    ranked: list[Ranked]
    """The best first."""
    unranked: list[Unranked]
    """The rest."""


class Worth(Form):
    """What sure points cost, and what to try next."""

    unit: Literal["gpu_h", "cpu_h"]
    """GPU-hours where anything used a GPU, else CPU-hours."""
    confirmed: list[Confirmed]
    """Treatments by domain."""
    next: list[Next]
    """Domains as the study plans them."""
