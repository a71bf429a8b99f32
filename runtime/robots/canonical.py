"""A stranger's robot made into a plain model of ours: nothing of its text is kept, only what MuJoCo made of it.

Meshes are baked into the frames of their bodies: what is seen is one mesh for each colour of a body, thinned to a grid; what
touches is convex, the parts of the hand cut by CoACD where their hulls would fill it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from scipy.spatial import ConvexHull, QhullError

from runtime.bound.robot import RobotModel
from runtime.problem import InputError, Problem
from runtime.robots.files import Model as Read
from runtime.sim.parts.mj import Model, Spec, mujoco
from runtime.sim.parts.robot import FOREGROUND_GROUP, HIDDEN_GROUP, ROBOT_BITS, TIP_SITE, Joint, Robot, Servo, Tip

GRID_M, COARSE_M = 0.0025, 0.004  # of what is seen, and of what is cut
BASE = "robot-base"
FEWEST_FACES = 8  # of a mesh that is seen: smaller ones are specks
MOST_PARTS = 8  # of a mesh that is cut
CONVEX, SMALL_M3 = 1.3, 5e-6  # a part of the hand whose hull is larger by no more than this share, or this much, is its hull
FREQUENCY_RAD_S, DAMPING = 20.0, 0.8  # of servos that are made where a model has none
GRIP_N, GRIP_NM = 20.0, 2.0  # with which a made servo closes a sliding or a turning gripper over its whole range
MOST = dict.fromkeys("body_pos body_ipos geom_pos geom_size jnt_pos site_pos mesh_vert".split(), 1e3) | {
    **dict.fromkeys("body_mass body_inertia dof_armature dof_frictionloss".split(), 1e5),
    **dict.fromkeys("body_quat geom_quat jnt_range qpos0 eq_data dof_damping jnt_stiffness actuator_gainprm".split(), 1e9),
    **dict.fromkeys("actuator_biasprm actuator_forcerange actuator_ctrlrange jnt_actfrcrange actuator_gear".split(), 1e9),
}
"""Field of MuJoCo's model -> the largest number in it that can be meant, in its unit (m, kg, N, rad)."""
KINDS = {mujoco.mjtJoint.mjJNT_HINGE: "hinge", mujoco.mjtJoint.mjJNT_SLIDE: "slide"}


@dataclass
class Canonical:
    """The model as a spec whose meshes are files `robot/NAME.stl`, these files, and what is known of the robot."""

    spec: Spec
    meshes: dict[str, bytes]
    robot: Robot
    made_servos: bool
    faces: dict[str, int] = field(default_factory=dict)


def canonical(read: Read, said: RobotModel, root: Path) -> Canonical:
    """The robot, standing at the origin.

    Args:
        read: its XML and the names of its meshes.
        said: what the spec says of it.
        root: the folder that these names are relative to.

    Raises:
        InputError: R246 MuJoCo cannot read it, R244 a joint can do what ours cannot, or `home` is out of its range.
    """
    assets = {plain: root.joinpath(*name.split("/")).read_bytes() for plain, name in read.meshes.items()}
    try:
        model = mujoco.MjSpec.from_string(read.xml, assets=assets).compile()
    except (ValueError, RuntimeError) as error:
        raise _unread(read, said, str(error)) from error
    _meaningful(model, said)
    joints = _joints(model, said)
    made = not any(joint.name != said.gripper and servo for joint, servo in joints)
    spec, meshes = mujoco.MjSpec(), {}
    spec.compiler.degree = False
    hand = _hand(model, said)
    _bodies(model, spec, meshes, read.is_urdf, made, hand)
    _couplings(model, spec)
    tip = _tip(model, said)
    servos = tuple(servo or _made(model, said, joint) for joint, servo in joints)
    low, high = next((j.low_rad, j.high_rad) for j, _ in joints if j.name == said.gripper)
    for key, value in (("closed", said.closed), ("open", said.open)):
        if value is not None and not low - 1e-3 <= value <= high + 1e-3:
            message = f"`{key}` is {value:g}, but the range of joint `{said.gripper}` is {low:.4g} to {high:.4g}"
            raise InputError(Problem("R244", message, "give it in the joint's unit, radians or metres", f"robot.{key}"))
    called = [Joint(name, j.low_rad, j.high_rad, j.home_rad) for name, (j, _) in zip(said.called, joints, strict=True)]
    robot = Robot(
        joints=tuple(called),
        gripper=said.called[said.joints.index(said.gripper)],
        tip=tip,
        servos=servos,
        in_model=tuple(f"robot/{name}" for name in said.joints),
        closed=low if said.closed is None else said.closed,
        open=high if said.open is None else said.open,
    )
    try:
        spec.compile()
    except (ValueError, RuntimeError) as error:
        raise _unread(read, said, str(error)) from error
    return Canonical(spec, meshes, robot, made)


def _unread(read: Read, said: RobotModel, error: str) -> InputError:
    why = next(iter(error.removeprefix("Error: ").splitlines()), "")
    for plain, name in read.meshes.items():
        why = why.replace(f"'{plain}'", f"`{name}`")
    return InputError(Problem("R246", f"MuJoCo cannot read `{said.path}`: {why}", "export it again", "robot.path"))


def _meaningful(model: Model, said: RobotModel) -> None:
    """R246 where a number is none, or so large that nothing real has it: MuJoCo takes it, and whatever moves then is lost."""
    for what, most in MOST.items():
        values = np.abs(getattr(model, what))
        if values.size and not values.max() <= most:
            message = f"`{said.path}` has a number that no robot has: {values.max():g} in MuJoCo's `{what}` (at most {most:g})"
            raise InputError(Problem("R246", message, "look for it in the model: metres, kilograms, radians", "robot.path"))


def _joints(model: Model, said: RobotModel) -> list[tuple[Joint, Servo | None]]:
    found = []
    for name, home in zip(said.joints, said.home, strict=True):
        joint = model.joint(name)
        if int(joint.type[0]) not in [int(kind) for kind in KINDS]:
            message = f"joint `{name}` neither turns about one axis nor slides along one"
            raise InputError(Problem("R244", message, "name hinges and slides alone", "robot.joints"))
        low, high = (float(x) for x in joint.range) if model.jnt_limited[joint.id] else (-2 * np.pi, 2 * np.pi)
        if not low - 1e-3 <= home <= high + 1e-3:
            message = f"`home` puts joint `{name}` at {home:g}, its range is {low:.4g} to {high:.4g}"
            raise InputError(Problem("R244", message, "give angles in radians, in the order of `joints`", "robot.home"))
        found.append((Joint(name, low, high, float(np.clip(home, low, high))), _servo(model, joint.id)))
    return found


def _servo(model: Model, joint: int) -> Servo | None:
    """The position servo that a model has for a joint."""
    for i in range(model.nu):
        if model.actuator_trntype[i] != mujoco.mjtTrn.mjTRN_JOINT or model.actuator_trnid[i, 0] != joint:
            continue
        gain, bias = float(model.actuator_gainprm[i, 0]), model.actuator_biasprm[i]
        if model.actuator_biastype[i] == mujoco.mjtBias.mjBIAS_AFFINE and gain > 0 and np.isclose(-bias[1], gain):
            return Servo(gain, float(-bias[2]), _force(model, joint))
    return None


def _force(model: Model, joint: int) -> float:
    """The largest force or torque of a joint; inf where nobody says it."""
    if model.jnt_actfrclimited[joint]:
        return float(np.abs(model.jnt_actfrcrange[joint]).max())
    for i in range(model.nu):
        if model.actuator_trntype[i] == mujoco.mjtTrn.mjTRN_JOINT and model.actuator_trnid[i, 0] == joint:
            if model.actuator_forcelimited[i]:
                return float(np.abs(model.actuator_forcerange[i]).max())
            if model.actuator_biastype[i] == mujoco.mjtBias.mjBIAS_NONE and model.actuator_ctrllimited[i]:  # a motor
                return float(np.abs(model.actuator_ctrlrange[i]).max() * abs(model.actuator_gear[i, 0]))
    return float("inf")


def _made(model: Model, said: RobotModel, joint: Joint) -> Servo:
    """A servo for a joint without one: as stiff as moves what hangs on it at home at a fixed rate."""
    data = mujoco.MjData(model)
    for name, home in zip(said.joints, said.home, strict=True):
        data.qpos[model.joint(name).qposadr[0]] = home
    mujoco.mj_forward(model, data)
    full = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, full)
    at = model.joint(joint.name)
    inertia = float(full[at.dofadr[0], at.dofadr[0]])
    kp = inertia * FREQUENCY_RAD_S**2
    if joint.name == said.gripper:
        sliding = int(at.type[0]) == int(mujoco.mjtJoint.mjJNT_SLIDE)
        kp = max(kp, (GRIP_N if sliding else GRIP_NM) / (joint.high_rad - joint.low_rad))
    return Servo(kp, 2 * DAMPING * float(np.sqrt(kp * inertia)), _force(model, at.id))


def _hand(model: Model, said: RobotModel) -> set[int]:
    """Bodies of the hand: what the gripper moves, what hangs beside it, and what these hang on."""
    moved = int(model.joint(said.gripper).bodyid[0])
    palm = int(model.body_parentid[moved])
    return {b for b in range(model.nbody) if b == palm or _hangs(model, b, palm)}


def _hangs(model: Model, body: int, on: int) -> bool:
    while body:
        body = int(model.body_parentid[body])
        if body == on:
            return True
    return False


def _name(model: Model, body: int) -> str:
    return model.body(body).name or _free(model, mujoco.mjtObj.mjOBJ_BODY, f"link{body}")


def _joint_name(model: Model, joint: int) -> str:
    return model.joint(joint).name or _free(model, mujoco.mjtObj.mjOBJ_JOINT, f"joint{joint}")


def _free(model: Model, kind: "mujoco.mjtObj", name: str) -> str:
    """A name that nothing of a kind has."""
    while mujoco.mj_name2id(model, kind, name) >= 0:
        name += "_"
    return name


def _bodies(model: Model, spec: Spec, meshes: dict[str, bytes], is_urdf: bool, lifted: bool, hand: set[int]) -> None:
    # MuJoCo makes the base link of a URDF part of the world
    loose = is_urdf and (model.body_geomnum[0] > 0 or np.count_nonzero(model.body_parentid[1:] == 0) != 1)
    made = {0: spec.worldbody.add_body(name=BASE) if loose else spec.worldbody}
    for b in range(0 if loose else 1, model.nbody):
        name = BASE if b == 0 else _name(model, b)
        if b:
            made[b] = made[int(model.body_parentid[b])].add_body(name=name, pos=model.body_pos[b], quat=model.body_quat[b])
        body = made[b]
        body.gravcomp = 1.0 if lifted else float(model.body_gravcomp[b])
        if model.body_mass[b] > 0:
            body.explicitinertial = True
            body.mass, body.ipos, body.iquat = float(model.body_mass[b]), model.body_ipos[b], model.body_iquat[b]
            body.inertia = model.body_inertia[b]
        for j in range(model.body_jntadr[b], model.body_jntadr[b] + model.body_jntnum[b]):
            if int(model.jnt_type[j]) in [int(kind) for kind in KINDS]:
                _add_joint(model, body, j)
        _add_geoms(model, spec, body, b, name, meshes, b in hand)


def _add_joint(model: Model, body: Any, j: int) -> None:
    dof, at = model.jnt_dofadr[j], model.jnt_qposadr[j]
    limited = mujoco.mjtLimited.mjLIMITED_TRUE if model.jnt_limited[j] else mujoco.mjtLimited.mjLIMITED_FALSE
    body.add_joint(
        name=_joint_name(model, j),
        type=model.jnt_type[j],
        axis=model.jnt_axis[j],
        pos=model.jnt_pos[j],
        range=model.jnt_range[j],
        limited=limited,
        damping=np.resize(model.dof_damping[dof], 1)[0],
        frictionloss=model.dof_frictionloss[dof],
        armature=model.dof_armature[dof],
        stiffness=np.resize(model.jnt_stiffness[j], 1)[0],
        springref=model.qpos_spring[at],
        ref=model.qpos0[at],
    )


def _add_geoms(model: Model, spec: Spec, body: Any, b: int, name: str, meshes: dict[str, bytes], of_hand: bool) -> None:
    own = range(model.body_geomadr[b], model.body_geomadr[b] + model.body_geomnum[b]) if model.body_geomnum[b] else ()
    touching = [g for g in own if model.geom_contype[g] or model.geom_conaffinity[g]]
    looks = [g for g in own if g not in touching]
    seen: dict[tuple[float, ...], list[trimesh.Trimesh]] = {}
    for g in own:
        shown = g in looks or not looks  # a link without looks of its own shows what touches
        rgba = tuple(float(x) for x in _rgba(model, g))
        if shown and rgba[3] < 0.05 and g in looks:
            continue
        if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH:
            shape = _baked(model, g)
            if shown:
                seen.setdefault((*rgba[:3], 1.0), []).append(shape)
            if g in touching:
                for k, part in enumerate(_convex(shape, of_hand)):
                    _add_mesh(spec, body, meshes, f"{name}-touch-{g}-{k}", part, HIDDEN_GROUP, rgba, ROBOT_BITS)
            continue
        bits = ROBOT_BITS if g in touching else {"contype": 0, "conaffinity": 0}
        group = FOREGROUND_GROUP if shown else HIDDEN_GROUP
        place = {"pos": model.geom_pos[g], "quat": model.geom_quat[g], "size": model.geom_size[g], "type": model.geom_type[g]}
        body.add_geom(name=f"{name}-{g}", rgba=(*rgba[:3], 1.0), group=group, mass=0.0, **place, **bits)
    for k, (rgba, shapes) in enumerate(seen.items()):
        thin = _thinned(trimesh.util.concatenate(shapes))  # ty: ignore[invalid-argument-type]
        if len(thin.faces) >= FEWEST_FACES:
            _add_mesh(spec, body, meshes, f"{name}-look-{k}", thin, FOREGROUND_GROUP, rgba, {"contype": 0, "conaffinity": 0})


def _rgba(model: Model, g: int) -> np.ndarray:
    plain = np.allclose(model.geom_rgba[g], (0.5, 0.5, 0.5, 1.0))
    return model.mat_rgba[model.geom_matid[g]] if model.geom_matid[g] >= 0 and plain else model.geom_rgba[g]


def _baked(model: Model, g: int) -> trimesh.Trimesh:
    """A geom's mesh in the frame of its body."""
    m, turn = model.geom_dataid[g], np.zeros(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[g])
    points = model.mesh_vert[model.mesh_vertadr[m] : model.mesh_vertadr[m] + model.mesh_vertnum[m]]
    faces = model.mesh_face[model.mesh_faceadr[m] : model.mesh_faceadr[m] + model.mesh_facenum[m]]
    return trimesh.Trimesh(points.astype(float) @ turn.reshape(3, 3).T + model.geom_pos[g], faces, process=False)


def _thinned(mesh: trimesh.Trimesh, grid_m: float = GRID_M) -> trimesh.Trimesh:
    """The mesh with its corners on a grid, as vertex clustering makes it (Rossignac and Borrel 1993)."""
    _, first, place = np.unique(np.round(mesh.vertices / grid_m).astype(np.int64), axis=0, return_index=True, return_inverse=True)
    faces = place.reshape(-1)[mesh.faces]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])
    _, once = np.unique(np.sort(faces[whole], axis=1), axis=0, return_index=True)
    thin = trimesh.Trimesh(mesh.vertices[first], faces[whole][np.sort(once)], process=False)
    thin.remove_unreferenced_vertices()
    return thin


def _convex(mesh: trimesh.Trimesh, cut: bool) -> list[trimesh.Trimesh]:
    """Convex shapes that stand for a mesh when it touches something."""
    try:
        hull = ConvexHull(mesh.vertices)
    except (QhullError, ValueError):  # flat, or nothing
        return []
    if cut and hull.volume > CONVEX * abs(mesh.volume) and hull.volume - abs(mesh.volume) > SMALL_M3:
        return _cut(_thinned(mesh, COARSE_M))
    whole = trimesh.Trimesh(mesh.vertices, hull.simplices, process=False)
    whole.remove_unreferenced_vertices()
    whole.fix_normals()
    return [whole]


def _cut(mesh: trimesh.Trimesh) -> list[trimesh.Trimesh]:
    """Convex parts of a mesh that may be open (CoACD, Wei et al. 2022), the same each time."""
    import coacd

    coacd.set_log_level("error")
    given = coacd.Mesh(mesh.vertices, mesh.faces)
    parts = coacd.run_coacd(
        given,
        threshold=0.08,
        max_convex_hull=MOST_PARTS,
        preprocess_mode="on",
        preprocess_resolution=40,
        resolution=500,
        mcts_nodes=8,
        mcts_iterations=20,
        mcts_max_depth=2,
        seed=0,
    )
    return [trimesh.Trimesh(*part).convex_hull for part in parts]


def _add_mesh(
    spec: Spec, body: Any, meshes: dict[str, bytes], name: str, mesh: trimesh.Trimesh, group: int, rgba: Any, bits: dict[str, int]
) -> None:
    file = f"robot/{len(meshes)}.stl"
    meshes[file] = content = bytes(mesh.export(file_type="stl"))  # ty: ignore[invalid-argument-type]
    spec.add_mesh(name=name, file=file, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    spec.assets[file] = content
    body.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, rgba=rgba, group=group, mass=0.0, **bits)


def _couplings(model: Model, spec: Spec) -> None:
    """Equality constraints: fingers that move together, linkages that close."""
    kinds = (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD, mujoco.mjtEq.mjEQ_JOINT)
    for e in range(model.neq):
        kind = mujoco.mjtEq(int(model.eq_type[e]))
        joined = kind == mujoco.mjtEq.mjEQ_JOINT
        if kind not in kinds or (not joined and model.eq_objtype[e] != mujoco.mjtObj.mjOBJ_BODY):
            continue
        one, other = int(model.eq_obj1id[e]), int(model.eq_obj2id[e])
        added = spec.add_equality(
            type=kind,
            objtype=model.eq_objtype[e],
            name1=_joint_name(model, one) if joined else _name(model, one),
            name2=("" if other < 0 else _joint_name(model, other)) if joined else _name(model, other),
            active=bool(model.eq_active0[e]),
            solref=model.eq_solref[e],
            solimp=model.eq_solimp[e],
        )
        added.data[: len(model.eq_data[e])] = model.eq_data[e]


def _tip(model: Model, said: RobotModel) -> Tip:
    if isinstance(said.tip, str):
        site = model.site(said.tip)
        x, y, z = map(float, site.pos)
        w, a, b, c = map(float, site.quat)
        return Tip(TIP_SITE, f"robot/{_name(model, int(site.bodyid[0]))}", (x, y, z), (w, a, b, c))
    return Tip(TIP_SITE, f"robot/{said.tip.body}", said.tip.at_m, (1.0, 0.0, 0.0, 0.0))
