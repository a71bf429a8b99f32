"""How far a twin varies while a policy learns in it by trial: domain randomisation (Tobin et al. 2017; Peng et al. 2018)."""

from typing import Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound


class Randomise(Bound):
    """Largest deviations from what the twin assumes, drawn evenly at the beginning of every episode; 0 leaves a factor alone.

    Defaults are what is unknown of a table-top arm by a plan: a weight or a surface that nobody measured is half or one and a
    half of what was guessed, a camera stands within two centimetres of its place. They know nothing of any site.
    """

    width: float = Field(1.0, ge=0, le=4)
    """Factor of all ranges: 0 is the twin as it is."""
    gravity_m_s2: float = Field(0.2, ge=0, le=5)
    """Gravity, either way."""
    mass: float = Field(0.5, ge=0, lt=1)
    """Masses of the task's objects, a share either way; their inertia follows."""
    friction: float = Field(0.5, ge=0, lt=1)
    """Sliding friction of all surfaces and of the objects' own joints, a share either way."""
    damping: float = Field(0.5, ge=0, lt=1)
    """Damping of the robot's joints, a share either way."""
    servo: float = Field(0.2, ge=0, lt=1)
    """Gain of the robot's servos, a share either way."""
    latency_s: float = Field(0.05, ge=0, le=0.4)
    """Dead time between an action and its effect beyond the twin's, from none to this; at most one control step counts."""
    backlash_deg: float = Field(1.0, ge=0, le=10)
    """Play of the gears of the arm's joints beyond the twin's, from none to this."""
    joint_offset_deg: float = Field(0.5, ge=0, le=10)
    """Error of calibration of each joint of the arm, either way."""
    camera_shift_m: float = Field(0.02, ge=0, le=0.2)
    """Place of each camera, along each axis, either way."""
    camera_turn_deg: float = Field(2.0, ge=0, le=20)
    """Direction of each camera, about each axis, either way."""
    fov_deg: float = Field(2.0, ge=0, le=20)
    """Field of view of each camera from top to bottom, either way."""
    exposure: float = Field(0.25, ge=0, lt=1)
    """Exposure of each camera, a share either way."""
    light_turn_deg: float = Field(90.0, ge=0, le=180)
    """Direction of the lamp about the vertical, either way."""
    light_change: float = Field(0.25, ge=0, lt=1)
    """Strength of the lamp and of the light from everywhere, a share either way."""
    light_tint: float = Field(0.08, ge=0, lt=1)
    """Red of the lamp against its blue, a share either way."""
    appearance: float = Field(1.0, ge=0, le=2)
    """Colours of objects, surfaces of the place, light on them, and the cameras' colours, contrast, vignetting and noise: as a
    multiple of the ranges that `enrichment` has by default."""

    @model_validator(mode="after")
    def _shares_stay_below_one(self) -> Self:
        for name in ("mass", "friction", "damping", "servo", "exposure", "light_change", "light_tint"):
            if (share := self.width * getattr(self, name)) >= 1:
                raise ValueError(f"`{name}` is a share, and with `width: {self.width:g}` it is {share:g}: it has to stay below 1")
        return self

    def of(self, name: str) -> float:
        """The range of a factor with the width in it."""
        return self.width * getattr(self, name)
