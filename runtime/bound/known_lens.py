"""A lens that was measured beforehand, so that estimating poses need not find it too."""

from pydantic import Field

from runtime.bound.base import Bound


class KnownLens(Bound):
    """A perspective lens, in pixels of photos of `width` by `height`, whose first pixel has its middle at 0.5 (as in COLMAP)."""

    width: int = Field(gt=0)
    """Width of the photos that it was measured with."""
    height: int = Field(gt=0)
    """Height of these photos."""
    fx: float = Field(gt=0)
    """Focal length along the width."""
    fy: float = Field(gt=0)
    """Focal length along the height."""
    cx: float
    """Principal point from the left."""
    cy: float
    """Principal point from the top."""
    k1: float = 0.0
    """Radial distortion, as OpenCV has it."""
    k2: float = 0.0
    """Radial distortion, of the fourth power."""
    p1: float = 0.0
    """Tangential distortion, the first."""
    p2: float = 0.0
    """Tangential distortion, the second."""
    k3: float = 0.0
    """Radial distortion, of the sixth power."""
