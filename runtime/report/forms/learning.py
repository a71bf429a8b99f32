"""The form of learning curves in `report.json`."""

from typing import Annotated, Literal

from pydantic import Field

from runtime.report.forms.base import Band, Direction, Estimate, Form


class CurvePoint(Estimate):
    """Success of a checkpoint, points; each point's band stands alone."""

    step: int
    """Gradient steps that it took; 0 for a policy that is not trained."""
    trials: int
    """Trials, of all training runs."""


class Area(Estimate):
    """The mean height of a curve, points."""

    steps: Annotated[Band | None, Field(description="Gradient steps over which it is taken; null where nothing was trained.")]


class AreaDifference(Area):
    """An area minus the baseline's over the same steps, points."""

    direction: Direction
    """Undecided where the band includes zero."""


class Saving(Form):
    """How many times fewer gradient steps than the baseline's whole training it takes to do as well as that."""

    at: float
    """The baseline's last step."""
    value: float
    """Above 1, fewer steps are needed."""
    kind: Literal["exact", "at least", "at most"]
    """At least: the first checkpoint does as well; at most: the last one does not."""
    band: tuple[float | None, float | None]
    """An end that the curve does not show is null."""
    reason: str
    """Why there is no band, or empty."""


class CurveRow(Form):
    """One approach at a task. Without a `location` it is pooled over all."""

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
    flat: bool
    """Whether nothing was trained."""
    points: list[CurvePoint]
    """In order of steps; empty where places differ in them."""
    area: Area | None
    """Null without steps in common."""
    difference: AreaDifference | None
    """Null for the baseline, and without steps in common."""
    efficiency: Saving | None
    """Null where nothing can be said; `notes` says why."""
    notes: list[str]
    """What is missing, and what weakens the comparison."""


class LearningForm(Form):
    """Learning curves of a study."""

    baseline: str | None
    """Id of the approach that the others are compared with."""
    domain: Literal["twin"]
    """Where checkpoints were tried."""
    level: float
    """Confidence level of every band."""
    method: dict[str, str]
    """What the numbers mean, in words."""
    rows: list[CurveRow]
    """Every approach at every task, pooled and by place."""
