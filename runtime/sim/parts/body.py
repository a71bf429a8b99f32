"""A robot's body in MuJoCo."""

import numpy as np

from runtime.sim.parts.mj import Body, Model, Spec, mujoco
from runtime.sim.parts.robot import FOREGROUND_GROUP, MODEL_FILE, ROBOT_BITS, Block, Robot, Rod, Servo, Vector


def _add_shape(body: Body, name: str, shape: Block | Rod, friction: float) -> None:
    common = {"name": name, "rgba": shape.rgba, "group": FOREGROUND_GROUP, **ROBOT_BITS, "friction": (friction, 0.005, 0.0001)}
    if isinstance(shape, Rod):
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=(*shape.start, *shape.end), size=(shape.radius, 0, 0), **common)
        return
    low, high = np.array(shape.low), np.array(shape.high)
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=(low + high) / 2, size=(high - low) / 2, **common)


def add_robot(
    spec: Spec, robot: Robot, pos: Vector = (0, 0, 0), yaw_rad: float = 0.0, servo: Servo | None = None, friction: float = 0.8
) -> None:
    """Add `robot` to `spec`, standing at `pos` (metres) and turned by `yaw_rad` about z; a position actuator per joint.

    Geoms are named `robot/LINK/I`, joints, actuators and the tip's site as the robot says. One that people brought is attached
    from its own model, its names after `robot/`.
    """
    spec.compiler.degree = False  # an MjSpec counts joint ranges in degrees by default
    servo = servo or Servo()
    if not robot.is_built_in:
        _attach(spec, robot, pos, yaw_rad, servo, friction)
        return
    hinge = {"type": mujoco.mjtJoint.mjJNT_HINGE, "limited": mujoco.mjtLimited.mjLIMITED_TRUE, "axis": (0, 0, 1)}
    losses = {"damping": robot.damping_nms_per_rad, "frictionloss": robot.friction_loss_nm, "armature": robot.armature_kg_m2}
    bodies: dict[str, Body] = {}
    joints = iter(robot.joints)
    for link in robot.links:
        if link.parent is None:
            turn = (float(np.cos(yaw_rad / 2)), 0.0, 0.0, float(np.sin(yaw_rad / 2)))
            body = spec.worldbody.add_body(name=link.name, pos=pos, quat=turn)
        else:
            body = bodies[link.parent].add_body(name=link.name, pos=link.pos, quat=link.quat)
            joint = next(joints)
            body.add_joint(name=joint.name, range=(joint.low_rad, joint.high_rad), **hinge, **losses)
        body.explicitinertial = True
        body.mass, body.ipos, body.inertia = robot.masses[link.name]
        for i, shape in enumerate(s for s in robot.shapes if s.link == link.name):
            _add_shape(body, f"robot/{link.name}/{i}", shape, friction)
        bodies[link.name] = body
    bodies[robot.tip.link].add_site(name=robot.tip.site, pos=robot.tip.pos, quat=robot.tip.quat)
    for joint in robot.joints:
        actuator = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_position(kp=servo.kp_nm_per_rad, kv=servo.kv_nms_per_rad, timeconst=servo.time_constant_s)
        actuator.ctrllimited = actuator.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        actuator.ctrlrange, actuator.forcerange = (joint.low_rad, joint.high_rad), (-servo.force_nm, servo.force_nm)


def _attach(spec: Spec, robot: Robot, pos: Vector, yaw_rad: float, servo: Servo, friction: float) -> None:
    """Stand a robot's own model in the scene; its servos are as much weaker than their own as `servo` is than usual."""
    assert robot.folder is not None
    own = mujoco.MjSpec.from_file(str(robot.folder / MODEL_FILE))
    for geom in own.geoms:
        geom.friction = (friction, 0.005, 0.0001)
    files = {f"robot/{mesh.name}": mesh.file for mesh in own.meshes}
    for file in files.values():
        own.assets[file] = spec.assets[file] = (robot.folder / file).read_bytes()
    turn = (float(np.cos(yaw_rad / 2)), 0.0, 0.0, float(np.sin(yaw_rad / 2)))
    spec.attach(own, prefix="robot/", frame=spec.worldbody.add_frame(pos=pos, quat=turn))
    for mesh in spec.meshes:  # attaching puts the prefix before names of files, too
        mesh.file = files.get(mesh.name, mesh.file)
    spec.body(robot.tip.link).add_site(name=robot.tip.site, pos=robot.tip.pos, quat=robot.tip.quat)
    weaker, damped = (
        a / b for a, b in ((servo.kp_nm_per_rad, Servo().kp_nm_per_rad), (servo.kv_nms_per_rad, Servo().kv_nms_per_rad))
    )
    for name, joint, of_joint in zip(robot.in_model, robot.joints, robot.servos, strict=True):
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        gains = {"kp": of_joint.kp_nm_per_rad * weaker, "kv": of_joint.kv_nms_per_rad * damped}
        actuator.set_to_position(**gains, timeconst=servo.time_constant_s)
        actuator.ctrllimited, actuator.ctrlrange = mujoco.mjtLimited.mjLIMITED_TRUE, (joint.low_rad, joint.high_rad)
        if np.isfinite(of_joint.force_nm):
            actuator.forcelimited, actuator.forcerange = mujoco.mjtLimited.mjLIMITED_TRUE, (-of_joint.force_nm, of_joint.force_nm)


def robot_model(robot: Robot) -> Model:
    """The bare robot in its own base frame: for kinematics."""
    spec = mujoco.MjSpec()
    add_robot(spec, robot)
    return spec.compile()
