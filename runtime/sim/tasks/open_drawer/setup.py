"""Settings of the kind `open_drawer`."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound
from runtime.bound.task import Area, Worded
from runtime.bound.thing import Color


class Drawer(Bound):
    """A small chest that stands still, with one drawer, whose handle is a bar that a finger fits behind."""

    width_m: float = Field(0.11, ge=0.07, le=0.2)
    """Width of the chest."""
    height_m: float = Field(0.055, ge=0.04, le=0.09)
    """Height of the chest."""
    depth_m: float = Field(0.08, ge=0.05, le=0.15)
    """Depth of the chest."""
    handle_m: float = Field(0.064, ge=0.05, le=0.12)
    """Length of the bar."""
    handle_height_m: float = Field(0.040, ge=0.03, le=0.07)
    """Height of the bar above the support."""
    standoff_m: float = Field(0.030, ge=0.024, le=0.05)
    """How far the bar stands off from the drawer's front."""
    travel_m: float = Field(0.07, ge=0.02, le=0.12)
    """How far the drawer can be drawn out."""
    mass_kg: float = Field(0.12, gt=0, le=2)
    """Mass of the drawer that the twin assumes."""
    drag_n: float = Field(0.4, ge=0, le=5)
    """Friction of its rails that the twin assumes; it follows that of the place's surfaces."""
    stiffness_n_per_m: float = Field(8.0, ge=0, le=100)
    """Stiffness of the spring that draws it shut, as the twin assumes it."""
    color: Color = "white"
    """Colour of the chest."""
    handle_color: Color = "red"
    """Colour of the bar."""


class OpenDrawer(Worded):
    """Open a drawer of a small chest that stands in a random place."""

    bound_version: ClassVar[int] = 2
    kind: Literal["open_drawer"]
    """Open a drawer of a small chest that stands in a random place."""
    reward_parts: ClassVar = ("reach", "draw", *Worded.reward_parts)
    horizon_s: float = Field(8.0, gt=0, le=60)
    """Time after which a trial that has not succeeded has failed."""
    area: Area = Area(center_x_m=0.25, half_x_m=0.02, half_y_m=0.06)
    """Where the middle of the chest's front may stand."""
    drawer: Drawer = Drawer()
    """The chest and its drawer that demos are made with."""
    held_out_drawers: tuple[Drawer, ...] = Field((), max_length=16)
    """Those that only trials of a study begin with: each trial has one of these or `drawer`, drawn by lot."""
    turn_rad: float = Field(0.25, ge=0, le=0.6)
    """How far the chest is turned at most, to either side, from facing the robot."""
    open_m: float = Field(0.05, gt=0, le=0.12)
    """How far the drawer must be drawn out for success."""

    @property
    def widest_m(self) -> float:
        """The bar is hooked, not taken."""
        return 0.0

    @model_validator(mode="after")
    def _can_be_opened(self) -> Self:
        for key, drawers in (("held_out_drawers", self.held_out_drawers), ("drawer", (self.drawer,))):
            for one in drawers:
                if one.travel_m < self.open_m:
                    raise ValueError(f"`{key}` goes {one.travel_m:g} m (`travel_m`), too little for `open_m` {self.open_m:g}")
        return self
