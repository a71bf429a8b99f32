"""Settings of things that lie loose on the table."""

from typing import Literal

from pydantic import Field

from runtime.bound.base import Bound
from runtime.bound.task import Worded

Color = Literal["red", "orange", "yellow", "green", "blue", "purple", "white"]


class Thing(Bound):
    """A solid that can be pushed and taken."""

    shape: Literal["box", "cylinder"] = "box"
    """A box with a square base, or an upright cylinder."""
    width_m: float = Field(0.030, ge=0.012, le=0.045)
    """Edge of its base, or diameter."""
    height_m: float = Field(0.034, ge=0.012, le=0.08)
    """Height."""
    mass_kg: float = Field(0.03, gt=0, le=0.5)
    """Mass that the twin assumes; the place's own may differ."""
    friction: float = Field(1.0, gt=0, le=3)
    """Its sliding friction over that of the place's surfaces."""
    color: Color = "red"
    """Colour."""


class WithThing(Worded):
    """A task about one thing, of which trials may begin with another than demos do."""

    thing: Thing = Thing()
    """The thing that demos are made with."""
    held_out_things: tuple[Thing, ...] = Field((), max_length=16)
    """Things that only trials of a study begin with: each trial has one of these or `thing`, drawn by lot."""
    turn_rad: float = Field(0.5, ge=0, le=0.7854)
    """How far the thing is turned at most, to either side, from facing the robot."""

    @property
    def widest_m(self) -> float:
        """Things are taken hold of across their base."""
        return max(thing.width_m for thing in (self.thing, *self.held_out_things))
