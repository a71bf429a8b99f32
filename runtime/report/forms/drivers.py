"""The form of what varied between trials and what of it drives success, in `report.json`."""

from typing import Literal

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Direction, Form
from runtime.report.forms.where import Of


class Level(Form):
    """Trials with a factor at one word, or in one third of its values."""

    label: str
    """The word, or from which value to which."""
    states: int
    """Initial states."""
    trials: int
    """Trials from them."""
    value: float
    """Their success rate, points, as if places were as hard at every level."""


class Driver(Of):
    """One factor for one approach: these very policies, over initial states."""

    factor: str
    """Its name, which ends in its unit."""
    levels: list[Level]
    """Thirds of its values, or its words."""
    effect: float
    """Success at the best level less that at the worst, points."""
    band: Band
    """Of that, allowing for the choice of the two (Scheffé)."""
    best: str
    """The best level."""
    worst: str
    """The worst level."""
    p_value: float
    """Of no difference between any levels, by this factor alone."""
    p_adjusted: float
    """Benjamini and Hochberg's over all factors and approaches of the domain."""
    drives: bool
    """Whether it does, with false discoveries held at what the study's level leaves over."""


class Untested(Form):
    """A factor that could not be told apart from something else."""

    domain: Domain
    """Where the trials ran."""
    factor: str
    """Its name."""
    why: str
    """What is in the way."""


class Shift(Of):
    """One approach under one word of a factor, or in all trials."""

    factor: str
    """Its name."""
    word: str | None
    """The word; null for all trials."""
    trials: int
    """Trials."""
    value: float
    """Success rate, points."""
    band: Band
    """Of it, over training runs as in `rates`."""
    uplift: float | None
    """Over the baseline in the same trials, points; null for the baseline itself."""
    uplift_band: Band | None
    """Of that."""
    direction: Direction | None
    """Of it, with all words of the factor taken together (Holm): helps or hurts only where that holds of all that are said so."""


class AreaMap(Of):
    """Where one approach fails in the work area."""

    task: str
    """Id of the task."""
    x: str
    """The factor that counts upwards."""
    y: str
    """The factor that counts to the left."""
    x_edges: list[float]
    """Bounds of the rows of cells."""
    y_edges: list[float]
    """Bounds of the columns of cells."""
    trials: list[list[int]]
    """Trials in each cell, by row and column."""
    failures: list[list[int]]
    """Those of them that failed."""


class Covered(Form):
    """How densely a factor was covered by the trials of a task in a domain."""

    domain: Domain
    """Where the trials ran."""
    task: str
    """Id of the task."""
    factor: str
    """Its name."""
    states: int
    """Initial states that say it."""
    kind: Literal["number", "word"]
    """What its values are."""
    low: float | None
    """Least value; null for words."""
    high: float | None
    """Largest value."""
    emptiest: int
    """States in the emptiest tenth of its range, or of its rarest word."""
    values: int
    """Different values."""
    train_low: float | None
    """Least value of the listed starts of demos, where the study has them."""
    train_high: float | None
    """Largest of those."""


class Split(Form):
    """Initial states of a recorded condition set."""

    domain: Domain
    """Where its trials run."""
    task: str
    """Id of the task."""
    held_out: int
    """States of the study's trials; no demo begins from one."""
    development: int
    """States for decisions on the way."""
    train: int
    """States of demos that are listed."""


class SelfTest(Form):
    """What became of a task in a twin before anything was believed of it."""

    twins: int
    """Twins in which the task was tested."""
    idle_successes: int
    """Trials that succeeded though nobody acted, in all of them."""
    expert_low: float
    """Lowest success of the undisturbed expert, points."""
    expert_high: float
    """Its highest."""


class Drivers(Form):
    """What varied between trials."""

    false_discovery_rate: float
    """Share of false ones among the factors that are said to drive success, held on average."""
    factors: list[Driver]
    """Every factor of every approach, the smallest p-value first."""
    untested: list[Untested]
    """Factors that could not be told apart."""
    shifts: list[Shift]
    """Tables by word, for factors of two to eight words."""
    areas: list[AreaMap]
    """Maps of the work area."""
    covered: list[Covered]
    """How densely factors were covered."""
    splits: list[Split]
    """What was held out."""
    self_test: SelfTest | None
    """Null where no trials of this study were made here."""
