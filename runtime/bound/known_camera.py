"""A camera that was calibrated: lens and pose, without a photo."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound
from runtime.bound.known_lens import KnownLens

Entry = Annotated[float, Field(ge=-1e6, le=1e6)]
Row = tuple[Entry, Entry, Entry, Entry]
STRAIGHT = 1e-3
"""How far a rotation's columns may be from unit length and right angles."""


class KnownCamera(Bound):
    """A pinhole camera: pictures are undistorted beforehand, so its lens has no distortion."""

    lens: KnownLens
    """Size of its pictures, focal lengths and principal point, in pixels."""
    c2w: tuple[Row, Row, Row]
    """Camera-to-world, the first three rows: x of the camera to the right, y down, z ahead (as in OpenCV and COLMAP)."""
    frame: Literal["base", "support", "capture", "mount"] = "base"
    """What `c2w` leads to: the robot's base or the support (metres, z up), the coordinates of the capture's `cameras.json`, or
    the body or site that it is mounted on."""

    @model_validator(mode="after")
    def _rigid(self) -> Self:
        x, y, z = ([row[i] for row in self.c2w] for i in range(3))

        def dot(a: list[float], b: list[float]) -> float:
            return sum(p * q for p, q in zip(a, b, strict=True))

        across = [y[1] * z[2] - y[2] * z[1], y[2] * z[0] - y[0] * z[2], y[0] * z[1] - y[1] * z[0]]
        off = [dot(x, x) - 1, dot(y, y) - 1, dot(z, z) - 1, dot(x, y), dot(x, z), dot(y, z), dot(x, across) - 1]
        if max(map(abs, off)) > STRAIGHT:
            raise ValueError("the first three columns of `c2w` are no rotation")
        lens = self.lens
        if any((lens.k1, lens.k2, lens.p1, lens.p2, lens.k3)):
            raise ValueError("a camera of a twin has no distortion: undistort its pictures, and give the lens of these")
        if max(lens.width, lens.height) > 16384:
            raise ValueError("a picture is at most 16384 pixels wide and high")
        if not (0.05 <= lens.fx / lens.width <= 50 and 0.05 <= lens.fy / lens.height <= 50):
            raise ValueError("focal lengths are in pixels: from 0.05 to 50 times the size of the picture")
        if not (-lens.width <= lens.cx <= 2 * lens.width and -lens.height <= lens.cy <= 2 * lens.height):
            raise ValueError("the principal point is in pixels, near the picture")
        return self
