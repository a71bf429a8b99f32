"""The form of times to success, in `report.json`."""

from typing import Literal

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form


class Reached(Form):
    """Share of trials that had succeeded by a time."""

    time: float
    """Seconds or steps, as the group says."""
    value: float
    """Percent of trials."""
    band: Band
    """Of that at this time alone, over training runs."""


class Saved(Form):
    """Time that an approach saves over the baseline."""

    value: float
    """Mean, in the group's unit; below zero it takes longer."""
    band: Band
    """Of that, over training runs, paired by initial state."""
    direction: Literal["faster", "slower", "undecided"]
    """Undecided where the band includes zero."""


class TimeRow(Form):
    """One approach."""

    approach: str
    """Its id."""
    trials: int
    """Trials whose time is known."""
    cut_short: int
    """Those of them that were ended without a verdict."""
    success: float
    """Success rate, percent of trials."""
    score: float | None
    """Progress score, 0 to 100: how far trials came; another thing than success. Null where a trial has none."""
    mean: float
    """Mean time to success, in which a trial that never succeeds counts as the horizon."""
    band: Band
    """Of that, over training runs."""
    median: float | None
    """Time by which half of all trials had succeeded; null where fewer ever do."""
    saved: Saved | None
    """Null for the baseline, and where nothing can be compared."""
    curve: list[Reached]
    """How the share of trials that had succeeded rises."""


class Times(Form):
    """Times to success of a task in a domain."""

    domain: Domain
    """Where the trials ran."""
    task: str
    """Id of the task."""
    unit: Literal["s", "steps"]
    """Of all times."""
    horizon: float
    """When trials end at the latest."""
    level: float
    """Confidence level of every band."""
    rows: list[TimeRow]
    """In the study's order."""
