"""The form of contexts in `report.json`: what policies and world models were shown besides, and whether it matters."""

from typing import Literal

from runtime.report.forms.base import Form


class ContextRow(Form):
    """One approach's context at a task and a place."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    kind: Literal["retrieved views", "past frames"]
    """Photos that were found again, or what a world model saw before."""
    frames: int
    """How many."""
    gain: float
    """How much worse held-out pictures (dB) or states (mm) are foretold once it is shuffled."""
    band: tuple[float, float]
    """Low and high end of that."""
    unit: Literal["dB", "mm"]
    """What `gain` and `band` are counted in."""
    used: bool
    """Whether the band lies above zero."""
    said: str
    """That in a sentence."""
