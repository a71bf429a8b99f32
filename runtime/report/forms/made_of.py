"""The form of `made_of` in `report.json`: what bands are made of, and what would narrow them for how much computing."""

from typing import Literal

from runtime.report.forms.base import Form
from runtime.report.forms.where import Of


class Lever(Form):
    """What doubling one thing would bring."""

    reach: float
    """Half-width of the band then, points."""
    cpu_s: float
    """CPU seconds that it takes, of the approach and the baseline at every place."""
    gpu_s: float
    """GPU seconds that it takes."""
    unit: Literal["cpu_s", "gpu_s"]
    """GPU seconds where any are used, else CPU seconds."""
    per_hour: float | None
    """Points that the band becomes narrower to each side for an hour of that; null where it costs nothing that is known."""


class MadeOfRow(Of):
    """One comparison, pooled over places. Standard errors in points."""

    reach: float
    """Half-width of its band by these parts, points."""
    seeds: float
    """Standard error by luck in training: seeds that differ."""
    trials: float
    """Standard error by luck in trials."""
    states: float
    """Standard error by the initial states that all runs share."""
    twice_the_seeds: Lever
    """Half the variance of seeds and of trials."""
    twice_the_trials: Lever
    """Half the variance of trials and of initial states."""
