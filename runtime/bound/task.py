"""What a robot is asked to do: the bound form of `specs/tasks/*.yaml`. Lengths in metres, in the robot's base frame."""

from typing import Literal

from pydantic import Field

from runtime.bound.base import Bound


class Area(Bound):
    """The rectangle of the support that the task's object may stand in."""

    center_x_m: float = Field(0.24, gt=0, le=0.4)
    """Distance of its centre from the robot's base, straight ahead."""
    half_x_m: float = Field(0.09, gt=0, le=0.15)
    """Half its depth, away from the robot."""
    half_y_m: float = Field(0.10, gt=0, le=0.25)
    """Half its width, to the robot's sides."""


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


class Task(Bound):
    """One task; `kind` names the file under `runtime/sim/tasks/` that builds and judges it."""

    kind: Literal["press_button"]
    """Press a button that stands in a random place in front of the robot."""
    instruction: str = Field(min_length=3)
    """What the robot is told, in words; stored with every demo and given to every policy."""
    horizon_s: float = Field(4.0, gt=0, le=60)
    """Time after which a trial that has not succeeded has failed."""
    area: Area = Area()
    """Where the task's object may stand."""
    button: Button = Button()
    """The button."""
    start_jitter_rad: float = Field(0.06, ge=0, le=0.5)
    """Largest deviation of each joint from the start pose at the beginning of a trial."""
    held_out: bool = False
    """True for a task that may be evaluated but never trained on."""
