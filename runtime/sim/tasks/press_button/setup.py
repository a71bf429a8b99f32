"""Settings of the kind `press_button`."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound
from runtime.bound.task import Asked, Task


class Button(Bound):
    """A push button: a base that stands on the support and a sprung cap on top of it."""

    base_radius_m: float = Field(0.032, gt=0, le=0.08)
    """Radius of the base."""
    base_height_m: float = Field(0.022, gt=0, le=0.08)
    """Height of the base above the support."""
    cap_radius_m: float = Field(0.019, gt=0, le=0.06)
    """Radius of the cap: together with the finger's radius this is how far beside its centre a press still counts."""
    cap_height_m: float = Field(0.014, gt=0, le=0.05)
    """How far the cap stands out of the base when nobody presses it."""
    travel_m: float = Field(0.010, gt=0, le=0.03)
    """How far the cap can go down."""
    press_m: float = Field(0.006, gt=0, le=0.03)
    """How far the cap must go down for success."""
    stiffness_n_per_m: float = Field(150.0, gt=0, le=2000)
    """Spring stiffness that the twin assumes; the place's own may differ."""
    preload_n: float = Field(0.6, ge=0, le=10)
    """Force of the spring at rest that the twin assumes, beyond the weight of the cap."""
    cap_mass_kg: float = Field(0.03, gt=0, le=1)
    """Mass of the cap that the twin assumes."""

    @model_validator(mode="after")
    def _can_be_pressed(self) -> Self:
        if self.press_m > self.travel_m:
            raise ValueError(f"a cap with `travel_m: {self.travel_m:g}` cannot be pressed by `press_m: {self.press_m:g}`")
        return self


class _Pressed(Asked):
    """Keeps the order of fields in files that were written before tasks had kinds of their own."""

    button: Button = Button()
    """The button."""


class PressButton(Task, _Pressed):
    """Press a button that stands in a random place in front of the robot."""

    kind: Literal["press_button"]
    """Press a button that stands in a random place in front of the robot."""
    reward_parts: ClassVar = ("reach", "press", *Task.reward_parts)
