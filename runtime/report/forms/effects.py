"""The form of `evidence.effects` in `report.json`: effect sizes over training runs, in points."""

from typing import Literal

from runtime.report.forms.base import Band, Form
from runtime.report.forms.where import Of


class Against(Form):
    """An approach beside the baseline on the tasks that both ran."""

    tasks: int
    """(location, task) pairs compared."""
    runs: int
    """Training runs of the approach."""
    baseline_runs: int
    """Training runs of the baseline."""
    cohens_d: float | None
    """Difference over the standard deviation between runs of a task; null where runs do not differ."""
    hedges_g: float | None
    """The same without its bias in small samples."""
    d_band: Band | None
    """Of Cohen's d."""
    degrees: int | None
    """Degrees of freedom behind d."""
    improvement: float | None
    """Percent of pairs of runs of a task in which the approach's lies above the baseline's, ties half; null of one fixed
    policy."""
    improvement_band: Band | None
    """Null with too few runs; `notes` says so."""
    notes: list[str]
    """What could not be said, and why."""


class EffectRow(Of):
    """One approach in one domain by one measure."""

    measure: Literal["success", "score"]
    """What a run's value is: its success rate or its mean score."""
    tasks: int
    """(location, task) pairs, each counting the same."""
    runs: int
    """Training runs."""
    fewest: int
    """Fewest runs of a task."""
    most: int
    """Most runs of a task."""
    mean: float
    """Mean over runs."""
    error: float | None
    """Its standard error; null where a task has one run."""
    iqm: float
    """Interquartile mean over tasks and runs."""
    iqm_band: Band | None
    """Null with too few runs; `notes` says so."""
    optimality_gap: float
    """Mean shortfall to 100."""
    profile: list[float]
    """Percent of runs above each threshold."""
    profile_band: tuple[list[float], list[float]] | None
    """Low and high ends, threshold by threshold; null with too few runs."""
    against: Against | None
    """Null for the baseline itself."""
    notes: list[str]
    """What could not be said, and why."""


class Effects(Form):
    """Effect sizes, with the thresholds of their profiles."""

    thresholds: list[float]
    """Points at which profiles are read."""
    rows: list[EffectRow]
    """By measure, domain and approach."""
