"""Settings of the kind `pick_place`."""

from typing import ClassVar, Literal

from pydantic import Field

from runtime.bound.base import Bound
from runtime.bound.task import Area
from runtime.bound.thing import WithThing


class Pad(Bound):
    """A flat round pad that stands still."""

    radius_m: float = Field(0.045, ge=0.02, le=0.09)
    """Radius: a thing is on the pad when its middle is."""
    height_m: float = Field(0.003, ge=0.001, le=0.02)
    """Height above the support."""
    apart_m: float = Field(0.09, ge=0.0, le=0.3)
    """Least distance between the middles of pad and thing at the start."""


class PickPlace(WithThing):
    """Pick a thing up and put it onto a pad, both in random places."""

    bound_version: ClassVar[int] = 2
    kind: Literal["pick_place"]
    """Pick a thing up and put it onto a pad, both in random places."""
    reward_parts: ClassVar = ("reach", "lift", "carry", *WithThing.reward_parts)
    horizon_s: float = Field(8.0, gt=0, le=60)
    """Time after which a trial that has not succeeded has failed."""
    area: Area = Area(center_x_m=0.215, half_x_m=0.045, half_y_m=0.10)
    """Where thing and pad may stand."""
    pad: Pad = Pad()
    """Where the thing is to be put."""
    lift_m: float = Field(0.02, ge=0, le=0.1)
    """How high the thing must have been lifted on the way: else it was only pushed."""
