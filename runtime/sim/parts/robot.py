"""An SO-101-like arm: five joints and a gripper, built from primitives.

Kinematics, joint ranges, masses and servo damping are those published with the SO-ARM100 project (TheRobotStudio,
Apache-2.0, `Simulation/SO101/so101_new_calib.xml`): joint origins, orientations and the `gripperframe` site are kept,
the meshes are replaced by boxes and capsules of about the same extent.
"""

from dataclasses import dataclass

import numpy as np

from runtime.sim.parts.mj import Body, Model, Spec, mujoco

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
LIMITS_RAD = np.array(
    [(-1.91986, 1.91986), (-1.74533, 1.74533), (-1.69, 1.69), (-1.65806, 1.65806), (-2.74385, 2.84121), (-0.17453, 1.74533)]
)
TIP_SITE = "gripperframe"
FOREGROUND_GROUP = 1  # geoms that are drawn by ray casting, robot and task objects
ROBOT_BITS = {"contype": 1, "conaffinity": 2}  # collides with the world, never with itself
WORLD_BITS = {"contype": 2, "conaffinity": 1}

SHELL_RGBA = (1.0, 0.82, 0.12, 1.0)
MOTOR_RGBA = (0.1, 0.1, 0.1, 1.0)
FINGER_RADIUS_M = 0.007


type Vector = tuple[float, float, float]
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
    quat: tuple[float, float, float, float]


H = 0.70710678
LINKS = (
    Link("base", None, (0, 0, 0), (1, 0, 0, 0)),
    Link("shoulder", "base", (0.0388353, 0, 0.0624), (0, 0, 1, 0)),
    Link("upper_arm", "shoulder", (-0.0303992, -0.0182778, -0.0542), (0.5, -0.5, -0.5, -0.5)),
    Link("lower_arm", "upper_arm", (-0.11257, -0.028, 0), (H, 0, 0, H)),
    Link("wrist", "lower_arm", (-0.1349, 0.0052, 0), (H, 0, 0, -H)),
    Link("gripper", "wrist", (0, -0.0611, 0.0181), (0.0172091, -0.0172091, 0.706897, 0.706897)),
    Link("moving_jaw", "gripper", (0.0202, 0.0188, -0.0234), (H, H, 0, 0)),
)
MASSES: dict[str, tuple[float, Vector, Vector]] = {  # kg, centre of mass in metres, moments of inertia in kg m²
    "base": (0.147, (0.0137, 0, 0.0335), (1.1e-4, 1.4e-4, 1.3e-4)),
    "shoulder": (0.100, (-0.0308, 0, -0.0253), (8.4e-5, 8.1e-5, 2.4e-5)),
    "upper_arm": (0.103, (-0.0898, -0.0084, 0.0184), (4.1e-5, 1.5e-4, 1.4e-4)),
    "lower_arm": (0.104, (-0.0981, 0.0032, 0.0183), (2.9e-5, 1.6e-4, 1.5e-4)),
    "wrist": (0.079, (0, -0.0386, 0.0281), (3.7e-5, 2.5e-5, 2.1e-5)),
    "gripper": (0.087, (0.0002, 0.0002, -0.0252), (2.8e-5, 4.3e-5, 3.5e-5)),
    "moving_jaw": (0.012, (-0.0016, -0.0300, 0.0193), (6.6e-6, 1.9e-6, 5.3e-6)),
}
SHAPES = (
    Block("base", (-0.022, -0.055, 0.0), (0.064, 0.055, 0.030)),
    Block("base", (-0.027, -0.024, 0.030), (0.053, 0.024, 0.068)),
    Block("base", (-0.034, -0.026, 0.026), (-0.027, 0.026, 0.068), MOTOR_RGBA),
    Block("shoulder", (-0.0476, -0.023, -0.040), (0.0122, 0.023, 0.0)),
    Block("shoulder", (-0.0428, -0.020, -0.0644), (-0.018, 0.020, -0.040), MOTOR_RGBA),
    Block("upper_arm", (-0.100, -0.012, -0.008), (0.012, 0.012, 0.044)),
    Block("upper_arm", (-0.130, -0.036, -0.0015), (-0.100, 0.010, 0.0381), MOTOR_RGBA),
    Block("lower_arm", (-0.100, -0.010, -0.004), (0.012, 0.014, 0.040)),
    Block("lower_arm", (-0.145, -0.0072, -0.0015), (-0.100, 0.0176, 0.0381), MOTOR_RGBA),
    Block("wrist", (-0.016, -0.023, -0.006), (0.016, 0.012, 0.042)),
    Block("wrist", (-0.0124, -0.0626, 0.006), (0.0124, -0.023, 0.042), MOTOR_RGBA),
    Block("gripper", (-0.024, -0.021, -0.036), (0.030, 0.021, -0.008), MOTOR_RGBA),
    Block("gripper", (-0.026, -0.013, -0.056), (0.000, 0.013, -0.036)),
    Rod("gripper", (-0.0130, -0.0002, -0.050), (-0.0079, -0.0002, -0.0945), FINGER_RADIUS_M),
    Block("moving_jaw", (-0.010, -0.036, 0.006), (0.010, 0.008, 0.032)),
    Rod("moving_jaw", (0.0, -0.036, 0.019), (0.0, -0.068, 0.019), FINGER_RADIUS_M),
)
JOINT = {"axis": (0, 0, 1), "damping": 0.60, "frictionloss": 0.052, "armature": 0.028}
TIP_POS_M = (-0.0079, -0.000218121, -0.0981274)  # in the gripper's frame


@dataclass(frozen=True)
class Servo:
    """The position servo of every joint; softer than the published 998 N m/rad, as a hobby servo at low gain is."""

    kp_nm_per_rad: float = 90.0
    kv_nms_per_rad: float = 3.0
    force_nm: float = 3.35
    time_constant_s: float = 0.04


def _add_shape(body: Body, name: str, shape: Block | Rod, friction: float) -> None:
    common = {"name": name, "rgba": shape.rgba, "group": FOREGROUND_GROUP, **ROBOT_BITS, "friction": (friction, 0.005, 0.0001)}
    if isinstance(shape, Rod):
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=(*shape.start, *shape.end), size=(shape.radius, 0, 0), **common)
        return
    low, high = np.array(shape.low), np.array(shape.high)
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=(low + high) / 2, size=(high - low) / 2, **common)


def add_robot(
    spec: Spec, pos: Vector = (0, 0, 0), yaw_rad: float = 0.0, servo: Servo | None = None, friction: float = 0.8
) -> None:
    """Add the arm to `spec`, standing at `pos` (metres) and turned by `yaw_rad` about z; six position actuators.

    Geoms are named `robot/LINK/I`, joints and actuators as in `JOINTS`, the tip site `gripperframe`.
    """
    spec.compiler.degree = False  # an MjSpec counts joint ranges in degrees by default
    servo = servo or Servo()
    bodies: dict[str, mujoco.MjsBody] = {}
    joints = iter(zip(JOINTS, LIMITS_RAD, strict=True))
    for link in LINKS:
        if link.parent is None:
            turn = (float(np.cos(yaw_rad / 2)), 0.0, 0.0, float(np.sin(yaw_rad / 2)))
            body = spec.worldbody.add_body(name=link.name, pos=pos, quat=turn)
        else:
            body = bodies[link.parent].add_body(name=link.name, pos=link.pos, quat=link.quat)
            joint, limits = next(joints)
            hinge, limited = mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtLimited.mjLIMITED_TRUE
            body.add_joint(name=joint, type=hinge, range=limits, limited=limited, **JOINT)
        body.explicitinertial = True
        body.mass, body.ipos, body.inertia = MASSES[link.name]
        for i, shape in enumerate(s for s in SHAPES if s.link == link.name):
            _add_shape(body, f"robot/{link.name}/{i}", shape, friction)
        bodies[link.name] = body
    bodies["gripper"].add_site(name=TIP_SITE, pos=TIP_POS_M, quat=(H, 0, H, 0))
    for joint, limits in zip(JOINTS, LIMITS_RAD, strict=True):
        actuator = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_position(kp=servo.kp_nm_per_rad, kv=servo.kv_nms_per_rad, timeconst=servo.time_constant_s)
        actuator.ctrllimited = actuator.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        actuator.ctrlrange, actuator.forcerange = limits, (-servo.force_nm, servo.force_nm)


def robot_model() -> Model:
    """The bare arm in its own base frame: for kinematics."""
    spec = mujoco.MjSpec()
    add_robot(spec)
    return spec.compile()
