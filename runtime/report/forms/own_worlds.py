"""The form of trials in approaches' own world models in `report.json`."""

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form


class OwnGap(Form):
    """Success in the own world model minus success elsewhere, of the same policies from the same initial states."""

    domain: Domain
    """Where else."""
    value: float
    """Points."""
    band: Band
    """Low and high end, over initial states."""
    states: int
    """Initial states that both have."""


class OwnWorldRow(Form):
    """One approach in the world model that it makes at a place for a task; means over training runs, in points."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    runs: int
    """Training runs."""
    states: int
    """Initial states."""
    distinct: bool
    """Whether the approach has a world model of its own; else it is the baseline's, and nothing flatters."""
    success: float
    """Success of its policies there."""
    baseline_success: float
    """Success of the baseline's policies there."""
    uplift: float
    """The one less the other."""
    uplift_band: Band
    """Low and high end, over initial states."""
    uplift_shared: float
    """The same in the baseline's world model, in which all approaches are compared."""
    flattery: float
    """`uplift` less `uplift_shared`."""
    flattery_band: Band
    """Low and high end, over initial states."""
    flatters: bool
    """Whether that band lies above zero."""
    gaps: list[OwnGap]
    """To each other domain with trials, the world model that all share left out."""
