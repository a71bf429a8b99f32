"""What the trials say: the form of `uplift.json`, which a report holds whole."""

from typing import Annotated, Literal

from pydantic import Field

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Direction, Estimate, Form, Outlook, Question
from runtime.report.forms.beyond import Belief
from runtime.report.forms.determinism import DomainTwice
from runtime.report.forms.effects import Effects
from runtime.report.forms.looks import Sequential
from runtime.report.forms.where import At, Of
from runtime.report.forms.worth import Fleet


class Expected(Form):
    """The decision matrix's range for a row of uplift, and how the band lies to it."""

    range: Band
    """Points, low and high."""
    kind: Literal["world_model", "irl"]
    """Which of the row's two ranges."""
    relation: Literal["inside", "overlapping", "outside"]
    """The measured band, seen from the range."""


class Discordant(Form):
    """Pairs of trials of which one succeeded."""

    gained: int
    """The approach's."""
    lost: int
    """The baseline's."""


class MadeOf(Form):
    """What a band is made of: standard errors in points, and half-widths that follow."""

    seeds: float
    """By luck in training, which sets seeds apart, without that of trials."""
    trials: float
    """By luck in trials."""
    states: float
    """By the initial states that all runs share."""
    reach: float
    """Half-width of the band by these."""
    twice_the_seeds: float
    """With twice the seeds."""
    twice_the_trials: float
    """With twice the trials."""


class UpliftRow(At, Estimate, Outlook):
    """Uplift of an approach over the baseline in one domain. Without a `location` it is pooled over all."""

    direction: Direction
    """Undecided where the band includes zero."""
    trials: int
    """Trials of the approach that were compared."""
    baseline_trials: int
    """Trials of the baseline."""
    pairs: int
    """Pairs of trials compared."""
    paired: bool
    """Whether every run was compared state by state."""
    seeds: int
    """Training seeds compared."""
    locations: int
    """Locations compared."""
    question: Question
    """Of what it speaks: what training again would give, or these very policies over initial states."""
    discordant: Discordant
    """Pairs that ended differently."""
    prior: Expected | None
    """What was expected beforehand."""
    made_of: MadeOf | None
    """Null from one seed, and where fixed policies are compared."""
    notes: list[str]
    """What weakens the comparison."""


class RateRow(At, Estimate):
    """Success rate of an approach in one domain; without a `location` pooled."""

    trials: int
    """Trials."""
    locations: int
    """Locations."""
    runs: int
    """Training runs; 0 for one fixed policy."""
    collapsed: int
    """Runs below 5 points of success where the middle run of their place has at least 25."""
    humps: str | None
    """Where runs of one place fall into two groups, in words."""
    collapse_at_most: float | None
    """Share of training runs that may collapse for all that was seen: upper end of a one-sided 95 % band, points."""


class ScoreRow(Of, Estimate):
    """Uplift of the score, which is 0 to 100, over all places."""

    direction: Direction
    """Undecided where the band includes zero."""


class CellRow(Of):
    """One trained policy in one domain."""

    location: str
    """Id of the location."""
    task: str
    """Id of the task."""
    seed: int
    """Training seed, as the study lists it."""
    trials: int
    """Trials."""
    successes: int
    """Successes among them."""
    value: float
    """Success rate, points."""
    band: Band
    """Wilson's interval of that one policy."""
    score: float
    """Mean score, 0 to 1."""
    steps: float | None
    """Mean control steps; null where none were counted."""


class Failed(Of):
    """How an approach failed, over all places."""

    trials: int
    """Trials, successes among them."""
    counts: dict[str, int]
    """Failure mode -> trials."""
    shares: dict[str, float]
    """Failure mode -> percent of all trials."""


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
    approaches: list[str]
    """Ids of the approaches, in the study's order."""
    domains: list[Domain]
    """Domains with trials."""


class NewLocation(Form):
    """Uplift at a location that was not measured, the location being the unit."""

    band: Band
    """Prediction band."""
    mean_band: Band
    """Of the mean over all such locations."""
    locations: int
    """Locations it rests on."""
    spread: float
    """Standard deviation of the uplift found at them."""


class Beside(Form):
    """A comparison beside the others of its domain."""

    comparisons: Annotated[int, Field(description="Approaches of the domain that are compared.")]
    p_value: Annotated[float, Field(description="Of no uplift, by this comparison alone.")]
    p_holm: Annotated[float, Field(description="Holm's, over the approaches of the domain.")]
    band: Annotated[Band, Field(description="Holds at once with those of the domain's other approaches.")]


class PlacesApart(Form):
    """Whether the uplift differs between places, as far as can be told. Only then is it told place by place."""

    count: int
    """Places: a location and a task each."""
    p_value: float | None
    """Of places that are all alike differing as much (Cochran's Q, read as F); null from one seed."""
    told_apart: bool
    """Whether that is within what the study's level leaves over."""
    helps: int
    """Places where it helps, with Holm's correction over all of them."""
    hurts: int
    """Places where it hurts."""


class Alone(Form):
    """What the measurement says by itself of one more location, taken as normal."""

    mean: float
    """Points."""
    sd: float
    """Standard deviation."""


class Joint(Of, Beside):
    """A comparison beside the others of its domain, elsewhere, and after what was expected."""

    places: PlacesApart | None
    """Null with one place."""
    new_location: NewLocation | None
    """Null with one location."""
    belief: Belief | None
    """Null without an expected range."""
    alone: Alone | None
    """Null from one training seed."""


class Ranges(Form):
    """What an approach was expected to bring, in points; null where nothing was said."""

    world_model: Band | None
    """In a world model or the twin."""
    irl: Band | None
    """On the real robot or at the hidden site."""


class MatrixRow(Form):
    """How the decision matrix's ranges fared in one domain."""

    domain: Domain
    """Where the trials ran."""
    rows: int
    """Ranges that were measured."""
    inside: int
    """Measured values within their range."""
    outside: int
    """Ranges that the measured band leaves wholly out."""
    expected: float
    """How many values would lie within if the ranges were right."""
    optimism: float
    """Mean of expected minus measured, points."""
    scale: float | None
    """Factor by which ranges would have to widen to fit; null with fewer than two rows."""


class SetOfTrials(Form):
    """An imported set."""

    name: str
    """Its name."""
    sha256: str
    """Digest of its trials."""
    day: str | None
    """Day of the import."""


class Invalid(At):
    """Trials of an approach at a place that tell nothing of it; left out of all that rates and compares."""

    trials: int
    """All of its trials there, these among them."""
    invalid: int
    """How many were invalid."""
    reasons: dict[str, int]
    """Why, with how often."""
    valid_rate: float | None
    """Success over the others, percent; null where there are none."""
    rate_as_failures: float
    """Success where invalid trials count as failures, percent."""


class Twin(At):
    """An approach beside the one that it perturbs, with the very same policies from the very same initial states."""

    clean: str
    """What it perturbs: the approach that it extends, as it is."""
    seed: int | None
    """Of one cell; null over all seeds."""
    clean_rate: float
    """Success of the clean one over these pairs, percent."""
    value: float
    """Perturbed less clean, points."""
    band: Band | None
    """Null for a single cell."""
    direction: Direction | None
    """Null for a single cell."""
    pairs: int
    """Pairs of trials."""
    gained: int
    """Pairs in which the perturbed one alone succeeded."""
    lost: int
    """Pairs in which the clean one alone succeeded."""


class Evidence(Form):
    """What the trials say."""

    baseline: str | None
    """Id of the approach that the others are compared with."""
    level: float
    """Confidence level of the study."""
    method: dict[str, str]
    """How bands, pairs and corrections are made, in words."""
    shared_training: bool
    """Whether one training run serves all locations."""
    counts: Counts
    """How much was measured."""
    uplift: list[UpliftRow]
    """Every comparison."""
    together: list[Joint]
    """Per approach and domain, what goes beyond its own band."""
    scores: list[ScoreRow]
    """Uplift of the score; none where a trial has no score."""
    effects: Effects
    """Effect sizes over training runs."""
    priors: dict[str, Ranges]
    """Approach -> uplift expected beforehand."""
    matrix: list[MatrixRow]
    """How these fared."""
    reproducible: list[DomainTwice]
    """Whether trials run twice ended the same, by domain."""
    fleet: list[Fleet]
    """Approaches over three or more locations, each location drawn towards all."""
    rates: list[RateRow]
    """Every success rate."""
    cells: list[CellRow]
    """Every trained policy."""
    failure_modes: list[Failed]
    """How approaches failed."""
    sequential: Sequential | None
    """Interim looks; null where all planned trials ran at once."""
    imported: list[SetOfTrials]
    """Imported sets whose trials count as well."""
    repeated: list[SetOfTrials]
    """Imported sets of trials that were run once more."""
    invalid: list[Invalid]
    """Trials that tell nothing of a policy, by approach, domain and place; empty where there are none."""
    twins: list[Twin]
    """Approaches that perturb another, each beside it: over all places, by place and by cell."""
