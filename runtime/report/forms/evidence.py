"""What the trials say: the form of `uplift.json`, which a report holds whole."""

from typing import Literal

from runtime.bound.cell import Domain
from runtime.report.forms.base import Band, Direction, Estimate, Form
from runtime.report.forms.beyond import Belief
from runtime.report.forms.determinism import DomainTwice
from runtime.report.forms.effects import Effects
from runtime.report.forms.looks import Sequential
from runtime.report.forms.worth import Fleet


class Expected(Form):
    """The decision matrix's range for a row of uplift, and how the band lies to it."""

    range: Band
    """Points, low and high."""
    kind: Literal["world_model", "irl"]
    """Which of the row's two ranges."""
    relation: Literal["inside", "overlapping", "outside"]
    """The measured band, seen from the range."""


class UpliftRow(Estimate):
    """Uplift of an approach over the baseline in one domain. Without a `location` it is pooled over all."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    location: str | None
    """Id of the location, or null."""
    task: str | None
    """Id of the task, or null."""
    direction: Direction
    """Undecided where the band includes zero."""
    pairs: int
    """Pairs of trials compared."""
    seeds: int
    """Training seeds compared."""
    prior: Expected | None
    """What was expected beforehand."""
    seeds_needed: int | None
    """Seeds per location that would decide, if the estimate stayed."""
    notes: list[str]
    """What weakens the comparison."""


class RateRow(Estimate):
    """Success rate of an approach in one domain; without a `location` pooled."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    location: str | None
    """Id of the location, or null."""
    task: str | None
    """Id of the task, or null."""
    trials: int
    """Trials."""


class CellRow(Form):
    """One trained policy in one domain."""

    approach: str
    """Id of the approach."""
    location: str
    """Id of the location."""
    task: str
    """Id of the task."""
    seed: int
    """Training seed, as the study lists it."""
    domain: Domain
    """Where the trials ran."""
    trials: int
    """Trials."""
    successes: int
    """Successes among them."""
    value: float
    """Success rate, points."""
    band: Band
    """Wilson's interval of that one policy."""


class Counts(Form):
    """How much was measured."""

    trials: int
    """Trials in all."""
    cells: int
    """Planned cells."""
    locations: int
    """Locations."""
    seeds: int
    """Training seeds."""


class NewLocation(Form):
    """Uplift at a location that was not measured, the location being the unit."""

    band: Band
    """Prediction band."""
    locations: int
    """Locations it rests on."""


class Joint(Form):
    """A comparison beside the others of its domain."""

    approach: str
    """Id of the approach."""
    domain: Domain
    """Where the trials ran."""
    p_value: float
    """Of no uplift, by this comparison alone."""
    p_holm: float
    """Holm's, over the approaches of the domain."""
    band: Band
    """Holds at once with those of the domain's other approaches."""
    new_location: NewLocation | None
    """Null with one location."""
    belief: Belief | None
    """Null without an expected range."""


class Evidence(Form):
    """What the trials say."""

    baseline: str | None
    """Id of the approach that the others are compared with."""
    level: float
    """Confidence level of the study."""
    method: dict[str, str]
    """How bands, pairs and corrections are made, in words."""
    counts: Counts
    """How much was measured."""
    uplift: list[UpliftRow]
    """Every comparison."""
    sequential: Sequential | None
    """Interim looks; null where all planned trials ran at once."""
    reproducible: list[DomainTwice]
    """Whether trials run twice ended the same, by domain."""
    together: list[Joint]
    """Per approach and domain, what goes beyond its own band."""
    rates: list[RateRow]
    """Every success rate."""
    cells: list[CellRow]
    """Every trained policy."""
    effects: Effects
    """Effect sizes over training runs."""
    fleet: list[Fleet]
    """Approaches over three or more locations, each location drawn towards all."""
