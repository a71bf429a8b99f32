"""A camera of a twin, as people name it: it stands still, or moves with a body of the robot."""

import math
import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from runtime.bound.base import Bound, Place
from runtime.bound.known_camera import KnownCamera


def _named(name: str) -> str:
    """A name that every format bears.

    Raises:
        ValueError: when LeRobot, a file system or USD would refuse it.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name):
        message = "a camera's name is of 1 to 31 lower-case letters, digits and `_`, and begins with a letter"
        raise ValueError(f"{message}: it becomes `observation.images.NAME` in datasets")
    return name


CameraName = Annotated[str, AfterValidator(_named)]
"""Fit for a LeRobot feature (`observation.images.NAME`), a file and a USD prim, also where case does not count."""
Pixels = Annotated[int, Field(ge=16, le=640)]
DEFAULT_CAMERA = "front"
"""What the camera is called that twins have where none are named."""
WRIST = "wrist"
"""The mount that every robot has: its hand, with a pose of its own."""
POSITION_M, TARGET_M = (0.56, 0.22, 0.40), (0.17, 0.0, 0.05)
FOV_Y_DEG, MOUNTED_FOV_Y_DEG = 38.0, 70.0


class TwinCamera(Bound):
    """Where a camera is, its lens and the size of its pictures. Nothing said, it is the camera that twins have by default."""

    size: tuple[Pixels, Pixels] = (64, 48)
    """Width and height of its pictures, pixels."""
    fov_y_deg: float | None = Field(None, ge=10, le=150)
    """Vertical field of view; 38 degrees of one that stands still, 70 of one that is mounted."""
    on: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """What it is mounted on: `wrist` (the robot's hand), or a body or site of the robot by name. Without it, it stands still."""
    position_m: Place | None = None
    """Where it is: in the robot's base frame (x ahead, y to the left, z up), or in that of the body or site that it is on."""
    target_m: Place | None = None
    """The point that it looks at, in the same frame."""
    up: Place | None = None
    """Which way is up in its pictures, in the same frame; z by default."""
    calibrated: KnownCamera | None = None
    """Lens and pose as they were calibrated, in place of position, target and field of view; of one that is mounted with
    `frame: mount`."""
    photo: str | None = Field(None, min_length=1)
    """A photo of the capture whose lens and pose it takes."""

    @model_validator(mode="after")
    def _one_pose(self) -> Self:
        placed = [name for name in ("position_m", "target_m", "up", "fov_y_deg") if getattr(self, name) is not None]
        known = [name for name in ("calibrated", "photo") if getattr(self, name) is not None]
        if len(known) > 1 or (known and placed):
            said = [*known, *placed]
            raise ValueError(f"`{said[0]}` and `{said[1]}` both say how it looks: leave one out")
        if self.photo is not None and self.on is not None:
            raise ValueError("a photo was taken from where it stood: a camera with `on` has no `photo`")
        if self.calibrated is not None and (self.calibrated.frame == "mount") != (self.on is not None):
            raise ValueError("`calibrated` has `frame: mount` exactly where the camera is `on` something")
        if self.on is not None and not known:
            both = self.position_m is not None, self.target_m is not None
            if any(both) != all(both) or not (all(both) or self.on == WRIST):
                raise ValueError("a mounted camera has both `position_m` and `target_m`; on `wrist` it may have neither")
        if math.dist(self.position, self.target) < 1e-3:
            raise ValueError("`position_m` and `target_m` are the same place: the camera looks nowhere")
        if self.up is not None and math.hypot(*self.up) < 1e-6:
            raise ValueError("`up` has no direction")
        return self

    @property
    def position(self) -> Place:
        """`position_m`, or where the camera of a twin hangs by default."""
        return self.position_m or POSITION_M

    @property
    def target(self) -> Place:
        """`target_m`, or what the camera of a twin looks at by default."""
        return self.target_m or TARGET_M

    @property
    def fov(self) -> float:
        """`fov_y_deg`, or what is usual."""
        return self.fov_y_deg or (FOV_Y_DEG if self.on is None else MOUNTED_FOV_Y_DEG)
