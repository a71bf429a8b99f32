"""Settings of the kind `stack`."""

from typing import ClassVar, Literal

from pydantic import Field

from runtime.bound.task import Area
from runtime.bound.thing import Thing, WithThing


class Stack(WithThing):
    """Put a thing on top of another one, both loose and in random places."""

    bound_version: ClassVar[int] = 2
    kind: Literal["stack"]
    """Put a thing on top of another one, both loose and in random places."""
    reward_parts: ClassVar = ("reach", "lift", "carry", *WithThing.reward_parts)
    horizon_s: float = Field(10.0, gt=0, le=60)
    """Time after which a trial that has not succeeded has failed."""
    area: Area = Area(center_x_m=0.205, half_x_m=0.040, half_y_m=0.10)
    """Where both things may stand."""
    base: Thing = Thing(width_m=0.042, height_m=0.030, mass_kg=0.08, color="blue")
    """The thing that stands below."""
    apart_m: float = Field(0.10, ge=0.0, le=0.3)
    """Least distance between their middles at the start."""
