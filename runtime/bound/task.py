"""What a robot is asked to do: what every bound form of `specs/tasks/*.yaml` has. Lengths in metres, in the robot's base frame.

Each kind of task adds settings of its own in `runtime/sim/tasks/KIND/setup.py`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from runtime.bound.base import Bound


class Area(Bound):
    """The rectangle of the support that the task's object may stand in."""

    center_x_m: float = Field(0.24, gt=0, le=0.4)
    """Distance of its centre from the robot's base, straight ahead."""
    half_x_m: float = Field(0.09, gt=0, le=0.15)
    """Half its depth, away from the robot."""
    half_y_m: float = Field(0.10, gt=0, le=0.25)
    """Half its width, to the robot's sides."""


class Asked(Bound):
    """What is asked, in which time, and where."""

    kind: str
    """Name of the folder under `runtime/sim/tasks/` that builds and judges the task."""
    instruction: str = Field(min_length=3)
    """What the robot is told, in words; stored with every demo and given to every policy."""
    horizon_s: float = Field(4.0, gt=0, le=60)
    """Time after which a trial that has not succeeded has failed."""
    area: Area = Area()
    """Where the task's object may stand."""


class Task(Asked):
    """One task. A kind's own model is a subclass in its folder, whose `kind` is the folder's name."""

    start_jitter_rad: float = Field(0.06, ge=0, le=0.5)
    """Largest deviation of each joint from the start pose at the beginning of a trial."""
    held_out: bool = False
    """True for a task that may be evaluated but never trained on."""

    held_out_variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Variants of the kind that are for evaluation only: name -> the settings that make a task one of them."""

    @property
    def held_out_variant(self) -> str:
        """The variant held out from training that this task is, or ''."""
        variants = self.held_out_variants.items()
        return next((name for name, settings in variants if _holds(self, settings)), "")


def _holds(value: Any, settings: Mapping[str, Any]) -> bool:
    """Whether a value has all `settings`, those of its parts too."""
    found = ((getattr(value, key), wanted) for key, wanted in settings.items())
    return all(_holds(own, wanted) if isinstance(wanted, Mapping) else own == wanted for own, wanted in found)
