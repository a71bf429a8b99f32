"""Settings of the kind `push_cube`."""

from typing import Literal

from pydantic import Field

from runtime.bound.base import Bound
from runtime.bound.task import Task


class Cube(Bound):
    """A cube that lies loose on the table."""

    edge_m: float = Field(0.03, gt=0.01, le=0.06)
    """Length of its edges."""
    mass_kg: float = Field(0.03, gt=0, le=1)
    """Its mass, as the twin assumes it."""
    drop_m: float = Field(0.0, ge=0, le=0.2)
    """How high above the table it begins."""


class PushCube(Task):
    """Push a cube away from the robot."""

    kind: Literal["push_cube"]
    """Push a cube away from the robot."""
    cube: Cube = Cube()
    """The cube."""
    push_m: float = Field(0.04, gt=0, le=0.2)
    """How far it must go for success."""
