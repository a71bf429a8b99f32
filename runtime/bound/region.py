"""A box of a captured place that people name: what is in it, or what is not, is to be left out."""

from typing import Annotated

from pydantic import Field

from runtime.bound.base import Bound, Place

Size = Annotated[float, Field(gt=0, le=100)]


class Region(Bound):
    """A box in the support's frame: origin where the support was found, z up from it, metres."""

    center_m: Place
    """Its middle: x and y along the support, z up from it."""
    size_m: tuple[Size, Size, Size]
    """Its length along its own x, y and z."""
    yaw_deg: float = Field(0.0, ge=-360, le=360)
    """How far it is turned about z, counter-clockwise seen from above."""
