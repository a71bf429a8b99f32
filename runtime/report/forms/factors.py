"""The form of what explains the gap to hidden sites, in `report.json`."""

from runtime.report.forms.base import Direction, Estimate, Form


class FactorPart(Estimate):
    """One factor's part of a gap, points: below zero it costs success."""

    factor: str
    """Name of the factor, or `whole`."""
    direction: Direction
    """Undecided where the band includes zero."""


class FactorsRow(Form):
    """The gap of one approach at a task. Without a `location` it is pooled over all."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    location: str | None
    """Id of the location, or null."""
    locations: int
    """Locations that it is over."""
    seeds: int
    """Training runs at a place."""
    whole: FactorPart
    """Success at the hidden site minus success in the twin, over these trials."""
    parts: list[FactorPart]
    """In the order `reconstruction`, then by name; they sum to the whole."""


class FactorsForm(Form):
    """What explains the gap of a study."""

    level: float
    """Confidence level of every band."""
    method: dict[str, str]
    """What the numbers mean, in words."""
    rows: list[FactorsRow]
    """Every approach at every task, pooled and by place."""
