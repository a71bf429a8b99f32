"""How trials failed."""

from typing import Literal

from runtime.report.forms.base import Band, Form
from runtime.report.forms.where import Of

Shifted = Literal["less often", "more often", "undecided"]


class Change(Form):
    """Change of a failure mode's share against the baseline, points. Bands of one approach hold together."""

    value: float
    """Negative: less often."""
    band: Band
    """Low and high end."""
    level: float
    """Confidence level of this one band."""
    direction: Shifted
    """Undecided where the band includes zero."""
    paired: bool
    """Whether trials were compared in pairs."""


class Mode(Form):
    """One way to fail."""

    mode: str
    """Its name, given by the task."""
    count: int
    """Trials that failed so."""
    share: float
    """Percent of all trials, each place counting the same."""
    band: Band
    """Band of the share."""
    change: Change | None
    """Null for the baseline."""


class FailureRow(Of):
    """How one approach failed in one domain."""

    trials: int
    """Trials, successes among them."""
    modes: list[Mode]
    """Every mode that occurs in the study, the most frequent first."""
