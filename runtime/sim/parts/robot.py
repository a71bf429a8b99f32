"""A robot as a value: its joints, tip, gripper and body. Plain facts, so that stages read them without MuJoCo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from runtime.sim.parts.hand import Hand

MODEL_FILE = "robot.xml"  # in a folder, of a robot that people brought
TIP_SITE = "gripperframe"  # how every scene calls the tip of its robot
FOREGROUND_GROUP = 1  # geoms that are drawn by ray casting, robot and task objects
HIDDEN_GROUP = 4  # geoms of a robot that touch and are not drawn
ROBOT_BITS = {"contype": 1, "conaffinity": 2}  # collides with the world, never with itself
WORLD_BITS = {"contype": 2, "conaffinity": 1}  # collides with robots and loose objects
LOOSE_BITS = {"contype": 3, "conaffinity": 3}  # an object on a free joint: collides with all

SHELL_RGBA = (1.0, 0.82, 0.12, 1.0)
MOTOR_RGBA = (0.1, 0.1, 0.1, 1.0)

type Vector = tuple[float, float, float]
type Quaternion = tuple[float, float, float, float]
type Rgba = tuple[float, float, float, float]


@dataclass(frozen=True)
class Block:
    """A box between two corners, in the frame of its link, metres."""

    link: str
    low: Vector
    high: Vector
    rgba: Rgba = SHELL_RGBA


@dataclass(frozen=True)
class Rod:
    """A capsule between two points, in the frame of its link, metres."""

    link: str
    start: Vector
    end: Vector
    radius: float
    rgba: Rgba = SHELL_RGBA


@dataclass(frozen=True)
class Link:
    """One rigid part. Its joint turns about the z axis of its own frame; the base has none."""

    name: str
    parent: str | None
    pos: Vector
    quat: Quaternion


@dataclass(frozen=True)
class Joint:
    """One joint and its servo: its range, and where it is when the robot is at home."""

    name: str
    low_rad: float
    high_rad: float
    home_rad: float = 0.0


@dataclass(frozen=True)
class Tip:
    """The place that acts: a site of the model, in the frame of a link, metres."""

    site: str
    link: str
    pos: Vector
    quat: Quaternion


@dataclass(frozen=True)
class Servo:
    """The position servo of every joint; softer than the published 998 N m/rad, as a hobby servo at low gain is."""

    kp_nm_per_rad: float = 90.0
    kv_nms_per_rad: float = 3.0
    force_nm: float = 3.35
    time_constant_s: float = 0.04


@dataclass(frozen=True, eq=False)
class Robot:
    """All that is known of a robot. Joints, actuators and actions come in the order of `joints`; `gripper` names the joint that
    opens its hand.

    The built-in arm is made of primitives: `links` come in the order of joints after the base, `masses` are kg, centre of mass in
    metres, moments of inertia in kg m². A robot that people brought is the model `robot.xml` in `folder`, where its joints are
    called `in_model` and each has a servo of its own; `closed` and `open` are ends of its gripper's way, and
    `no_hand` tells why its hand is none that experts use. Joints that slide are
    in metres wherever others are in radians.
    """

    joints: tuple[Joint, ...]
    gripper: str
    tip: Tip
    links: tuple[Link, ...] = ()
    masses: Mapping[str, tuple[float, Vector, Vector]] = field(default_factory=dict)
    shapes: tuple[Block | Rod, ...] = ()
    damping_nms_per_rad: float = 0.0
    friction_loss_nm: float = 0.0
    armature_kg_m2: float = 0.0
    folder: Path | None = None
    servos: tuple[Servo, ...] = ()
    in_model: tuple[str, ...] = ()
    closed: float = 0.0
    open: float = 0.0
    hand: "Hand | None" = None
    no_hand: str = ""

    @property
    def action_dim(self) -> int:
        """Numbers in an action: one target per joint [rad]."""
        return len(self.joints)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the joints, as datasets have them."""
        return tuple(joint.name for joint in self.joints)

    @property
    def model_names(self) -> tuple[str, ...]:
        """Names of the joints in a scene, which are those of their actuators too."""
        return self.in_model or self.names

    @property
    def is_built_in(self) -> bool:
        """Whether it is made of primitives, and moves by the solver in closed form."""
        return not self.in_model

    def gripper_at(self, share: float) -> float:
        """The angle (or place) of the gripper's joint at a share of its way from closed (0) to open (1)."""
        return self.closed + share * (self.open - self.closed)

    @property
    def gripper_index(self) -> int:
        """Where in an action the gripper stands."""
        return self.names.index(self.gripper)

    @property
    def of_arm(self) -> tuple[int, ...]:
        """1 for each joint of the arm, 0 for the gripper."""
        return tuple(int(name != self.gripper) for name in self.names)

    @cached_property
    def limits_rad(self) -> "np.ndarray":
        """Ranges of the joints [J, 2]."""
        import numpy as np

        return np.array([(joint.low_rad, joint.high_rad) for joint in self.joints])

    @cached_property
    def home_rad(self) -> "np.ndarray":
        """The pose in which trials begin [J]."""
        import numpy as np

        return np.array([joint.home_rad for joint in self.joints])
