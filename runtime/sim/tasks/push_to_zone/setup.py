"""Settings of the kind `push_to_zone`."""

from typing import ClassVar, Literal

from pydantic import Field

from runtime.bound.base import Bound
from runtime.bound.task import Area
from runtime.bound.thing import Thing, WithThing


class Zone(Bound):
    """A round zone that is painted on the support."""

    radius_m: float = Field(0.040, ge=0.015, le=0.09)
    """Radius: a thing is in the zone when its middle is."""
    apart_m: float = Field(0.09, ge=0.0, le=0.3)
    """Least distance between the middles of zone and thing at the start."""
    aside_rad: float = Field(0.8, ge=0, le=1.2)
    """Largest angle between the way that the thing has to go and the line from the robot's base to it."""


class PushToZone(WithThing):
    """Push a thing away from the robot into a zone, both in random places."""

    bound_version: ClassVar[int] = 3
    kind: Literal["push_to_zone"]
    """Push a thing away from the robot into a zone, both in random places."""
    reward_parts: ClassVar = ("reach", "push", *WithThing.reward_parts)
    horizon_s: float = Field(8.0, gt=0, le=60)
    """Time after which a trial that has not succeeded has failed."""
    area: Area = Area(center_x_m=0.225, half_x_m=0.065, half_y_m=0.09)
    """Where the thing and, farther from the robot, the zone may be."""
    thing: Thing = Thing(width_m=0.036, height_m=0.030, mass_kg=0.04, color="green")
    """The thing that demos are made with."""
    zone: Zone = Zone()
    """Where the thing is to go."""

    @property
    def widest_m(self) -> float:
        """Nothing is taken hold of."""
        return 0.0
