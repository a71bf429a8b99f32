"""How far a hidden site is from what a twin of it assumes. Each field is a largest deviation: the site's seed draws the
actual one between half of it and all of it, with a random sign or direction."""

from collections.abc import Collection
from typing import Self

from pydantic import Field

from runtime.bound.base import Bound, later


class HiddenGap(Bound):
    """Deviations of light, camera, physics and mounting at trial time; zero everywhere makes the site nominal."""

    light_turn_deg: float = Field(50.0, ge=0, le=180)
    """How far the lamp has wandered round the vertical since the photos were taken."""
    light_change: float = Field(0.30, ge=0, lt=1)
    """Relative change of the lamp's strength since the photos were taken."""
    light_tint: float = Field(0.12, ge=0, lt=1)
    """Relative change of the lamp's red against its blue since the photos were taken."""
    exposure: float = Field(0.20, ge=0, lt=1)
    """Relative error of the robot camera's exposure."""
    white_balance: float = Field(0.08, ge=0, lt=1)
    """Relative error of the robot camera's red and blue gains."""
    vignetting: float = Field(0.25, ge=0, lt=1)
    """Loss of light in the robot camera's corners."""
    noise_sd: float = Field(5.0, ge=0, le=64)
    """Standard deviation of the robot camera's noise, in 8-bit levels."""
    camera_shift_m: float = Field(0.010, ge=0, le=0.2)
    """Distance of the robot camera from its intended place."""
    camera_turn_deg: float = Field(1.5, ge=0, le=30)
    """Angle of the robot camera from its intended direction."""
    object_color: float = Field(0.15, ge=0, lt=1)
    """Relative deviation of the colours of robot and task objects."""
    mount_shift_m: float = Field(0.003, ge=0, le=0.1)
    """Distance of the robot's base from its intended place."""
    mount_turn_deg: float = Field(0.7, ge=0, le=30)
    """Angle of the robot's base from its intended direction."""
    joint_offset_deg: float = Field(0.8, ge=0, le=20)
    """Calibration error of each arm joint."""
    servo_weakness: float = Field(0.30, ge=0, lt=1)
    """Relative loss of the servos' gain."""
    servo_lag_s: float = Field(0.04, ge=0, le=0.5)
    """Lag of the servos beyond what the twin assumes."""
    latency_s: float = Field(0.03, ge=0, le=0.09)
    """Dead time between an action and its effect."""
    stiffness: float = Field(0.40, ge=0, lt=1)
    """Relative deviation of the stiffness of the task's springs."""
    friction: float = Field(0.30, ge=0, lt=1)
    """Relative deviation of friction."""
    mass: float = Field(0.30, ge=0, lt=1)
    """Relative deviation of the task objects' masses."""
    backlash_deg: float = later(0.0, since=1, ge=0, le=5)
    """Play of each arm joint's gears: how far its servo turns back before the joint follows."""
    clutter: float = later(0.0, since=1, ge=0, le=8)
    """Things that were put down round the work area since the photos were taken; some have the colours of the task's objects."""

    def times(self, factor: float) -> Self:
        """The gap at a level: every deviation `factor` times as large.

        Raises:
            ValueError: when one would be larger than it can be.
        """
        return type(self)(**{name: value * factor for name, value in self})

    def only(self, factors: Collection[str]) -> Self:
        """The gap of these factors of `GAP_FACTORS` alone: every other deviation is zero. What is left deviates as it did before,
        since each deviation has a draw of its own."""
        kept = {name for factor in factors for name in GAP_FACTORS[factor]}
        return type(self)(**{name: value if name in kept else type(value)(0) for name, value in self})

    def factors(self) -> list[str]:
        """The factors that deviate at all."""
        return [factor for factor, names in GAP_FACTORS.items() if any(getattr(self, name) for name in names)]

    def __deepcopy__(self, memo: object = None) -> Self:
        return self  # frozen; pydantic copies a default for each of thousands of locations


GAP_FACTORS = {
    "light": ("light_turn_deg", "light_change", "light_tint"),
    "camera_pose": ("camera_shift_m", "camera_turn_deg"),
    "camera_picture": ("exposure", "white_balance", "vignetting", "noise_sd"),
    "object_color": ("object_color",),
    "mounting": ("mount_shift_m", "mount_turn_deg"),
    "calibration": ("joint_offset_deg",),
    "backlash": ("backlash_deg",),
    "servos": ("servo_weakness", "servo_lag_s"),
    "latency": ("latency_s",),
    "contact": ("stiffness", "friction", "mass"),
    "clutter": ("clutter",),
}
"""Factor -> the deviations that belong to it; every deviation to one. What a gap is explained by."""
