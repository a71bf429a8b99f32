"""What a scene's physics is made of: nominal in the twin, hidden at a hidden site."""

from dataclasses import dataclass, field, replace
from typing import Any

from runtime.sim.parts.robot import Robot, Servo
from runtime.sim.parts.so101 import SO101


@dataclass(frozen=True)
class Physics:
    """Physical facts of one place and one robot. The defaults are what a twin assumes when nothing is known."""

    timestep_s: float = 0.004
    """Simulation step."""
    servo: Servo = field(default_factory=Servo)
    """Gains, force limit and lag of the joints' servos."""
    friction: float = 0.8
    """Sliding friction of every surface."""
    latency_s: float = 0.0
    """Dead time between an action and its effect; less than one control step."""
    joint_offset_rad: tuple[float, ...] = (0.0,) * SO101.action_dim
    """True joint angle minus measured joint angle: the error of the robot's calibration."""
    stiffness_scale: float = 1.0
    """Stiffness and preload of the task's spring over what the task says."""
    mass_scale: float = 1.0
    """Masses of the task's objects over what the task says."""
    mount_offset_m: tuple[float, float] = (0.0, 0.0)
    """Where the robot's base really stands beside its intended place."""
    mount_yaw_rad: float = 0.0
    """How far the robot's base is turned from its intended direction."""

    backlash_rad: tuple[float, ...] = ()
    """Play of each joint's gears; none where it is empty."""

    def of(self, robot: Robot) -> "Physics":
        """The same for a robot with more or fewer joints: errors of calibration by order, none for those beyond."""
        missing = robot.action_dim - len(self.joint_offset_rad)
        return (
            self
            if not missing
            else replace(self, joint_offset_rad=(*self.joint_offset_rad, *[0.0] * missing)[: robot.action_dim])
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Physics":
        """The inverse of `dataclasses.asdict`."""
        tuples = {k: tuple(v) for k, v in value.items() if isinstance(v, list)}
        facts: dict[str, Any] = {**value, **tuples, "servo": Servo(**value["servo"])}
        return cls(**facts)
