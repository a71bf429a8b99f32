"""What a robot is asked to do: what every bound form of `specs/tasks/*.yaml` has. Lengths in metres, in the robot's base frame.

Each kind of task adds settings of its own in `runtime/sim/tasks/KIND/setup.py`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from runtime.bound.base import Bound

Wording = Annotated[str, Field(min_length=3, max_length=200)]


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

    reward_parts: ClassVar[tuple[str, ...]] = ("success", "time", "smooth")
    """Names of the parts of its reward, for who checks specs; each kind adds its own of `reward.py`."""
    start_jitter_rad: float = Field(0.06, ge=0, le=0.5)
    """Largest deviation of each joint from the start pose at the beginning of a trial."""
    held_out: bool = False
    """True for a task that may be evaluated but never trained on."""

    @property
    def widest_m(self) -> float | None:
        """How wide a thing the hand must take; 0 where fingers work side by side, None where the tip alone counts."""
        return None

    def under(self, settings: Mapping[str, Any]) -> Self:
        """The task with some of its settings changed, as an initial state may say."""
        return type(self).model_validate(self.model_dump(mode="json") | dict(settings)) if settings else self


class Worded(Task):
    """A task whose instruction is said in several ways. Demos take those of training in turn, trials of a study all of them."""

    wordings: tuple[Wording, ...] = Field((), max_length=32)
    """Other ways to say the instruction, heard in demos as well."""
    held_out_wordings: tuple[Wording, ...] = Field((), max_length=32)
    """Ways to say it that only trials of a study use."""
