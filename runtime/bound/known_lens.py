"""A lens that was measured beforehand, so that estimating poses need not find it too."""

from typing import Annotated

from pydantic import Field

from runtime.bound.base import Bound

MOST_PX = 2**20
Pixels = Annotated[float, Field(ge=-MOST_PX, le=MOST_PX)]
Focal = Annotated[float, Field(gt=1e-3, le=MOST_PX)]
Bent = Annotated[float, Field(ge=-1e6, le=1e6)]


class KnownLens(Bound):
    """A perspective lens, in pixels of photos of `width` by `height`, whose first pixel has its middle at 0.5 (as in COLMAP)."""

    width: int = Field(gt=0, le=MOST_PX)
    """Width of the photos that it was measured with."""
    height: int = Field(gt=0, le=MOST_PX)
    """Height of these photos."""
    fx: Focal
    """Focal length along the width."""
    fy: Focal
    """Focal length along the height."""
    cx: Pixels
    """Principal point from the left."""
    cy: Pixels
    """Principal point from the top."""
    k1: Bent = 0.0
    """Radial distortion, as OpenCV has it."""
    k2: Bent = 0.0
    """Radial distortion, of the fourth power."""
    p1: Bent = 0.0
    """Tangential distortion, the first."""
    p2: Bent = 0.0
    """Tangential distortion, the second."""
    k3: Bent = 0.0
    """Radial distortion, of the sixth power."""
