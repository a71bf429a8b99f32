"""What a hand does when its gripper moves, measured: physics settles the linkage, fingers are looked at by corners.

No word of the model is taken for it: linkages that close by constraints, fingers on slides and one-sided jaws are measured alike.
"""

from dataclasses import dataclass, replace

import numpy as np
import trimesh

from runtime.sim.parts.body import robot_model
from runtime.sim.parts.hand import Hand
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.places import follow
from runtime.sim.parts.robot import Robot

ROWS, SETTLE_S, FIRST_S = 14, 0.4, 1.5  # openings that are looked at, how long each settles
MOVES_M = 0.003  # what moves by less from closed to open is no finger; between two pulls of gravity: is held
ENDS_M, PAD_M, BAND_M = 0.022, 0.006, 0.030  # lengths of fingers' ends that hold, half their width, and that take up room
BIN_M, EDGE_M = 0.002, 0.003
LEAST_M = 0.010  # a hand that opens less takes nothing
GRIP_N = 10.0  # with which a thing is held
UPRIGHT = np.cos(np.radians(50.0))


class Unmeasured(ValueError):
    """Why a hand is none that experts can use."""


@dataclass(frozen=True)
class _Fingers:
    """Corners of all that touches of a hand, by body, in the frames of the bodies."""

    bodies: tuple[int, ...]
    corners_m: dict[int, np.ndarray]

    def seen(self, data: Data, site: int) -> dict[int, np.ndarray]:
        """Body -> its corners [N, 3] in the frame of the tip."""
        turn, at = data.site_xmat[site].reshape(3, 3), data.site_xpos[site]
        moved = {b: self.corners_m[b] @ data.xmat[b].reshape(3, 3).T + data.xpos[b] for b in self.bodies}
        return {b: (points - at) @ turn for b, points in moved.items()}


def hand_of(robot: Robot) -> Robot:
    """The robot with its hand, or with the reason why it has none that experts can use."""
    try:
        return replace(robot, hand=measure_hand(robot))
    except Unmeasured as why:
        return replace(robot, no_hand=str(why))


def measure_hand(robot: Robot) -> Hand:
    """The hand of a robot that people brought.

    Raises:
        Unmeasured: fingers that swing freely, none opposite, or an opening that takes nothing.
    """
    model = robot_model(robot)
    model.opt.gravity[:] = model.body_gravcomp[:] = 0.0
    site = model.site(robot.tip.site).id
    moved = int(model.joint(robot.model_names[robot.gripper_index]).bodyid[0])
    fingers = _fingers(model, int(model.body_parentid[moved]))
    found, at = [], []
    data = mujoco.MjData(model)
    shares = np.linspace(0.0, 1.0, ROWS)
    for k, share in enumerate(shares):
        at.append(_settle(model, data, robot, robot.gripper_at(float(share)), FIRST_S if k == 0 else SETTLE_S))
        found.append(fingers.seen(data, site))
    down = data.site_xmat[site].reshape(3, 3).T @ (0.0, 0.0, -1.0)
    works = _nearest_axis(down)
    toward, movers, others = _directions(found, moved, works)
    _refuse_loose(model, robot, fingers, site, movers | others)
    side = np.cross(works, toward)
    frame = np.stack((toward, side, works), axis=1)
    rows = [_between({b: points @ frame for b, points in seen.items()}, movers) for seen in found]
    gap, middle, beyond, thick = np.array(rows).T
    grows = _rising(gap)
    if gap[grows][-1] - max(0.0, gap[grows][0]) < LEAST_M:
        help = "exchange `closed` and `open`" if gap.max() < 0 else "look at `closed` and `open`"
        raise Unmeasured(f"its fingers are {1000 * gap[0]:.0f} mm apart closed and {1000 * gap[-1]:.0f} mm open: {help}")
    gap, middle, beyond, at = gap[grows], middle[grows], beyond[grows], np.array(at)[grows]
    servo = robot.servos[robot.gripper_index]
    lever = float(np.abs(np.polyfit(at, gap, 1)[0]))
    return Hand(
        at=tuple(at.round(6).tolist()),
        gap_m=tuple(gap.round(6).tolist()),
        middle_m=tuple(middle.round(6).tolist()),
        beyond_m=tuple(beyond.round(6).tolist()),
        thick_m=round(float(thick[grows][0]), 6),
        squeeze_m=round(float(np.clip(GRIP_N * lever**2 / servo.kp_nm_per_rad, 0.004, 0.05)), 6),
        idle=float(robot.closed),
        toward=_axis(toward),
        works=_axis(works),
        even=bool(others),
    )


def _axis(of: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in of.round(6))
    return x, y, z


def _fingers(model: Model, palm: int) -> _Fingers:
    """What touches of the palm and of all that hangs on it."""
    bodies = [b for b in range(model.nbody) if _hangs(model, b, palm)]
    corners = {}
    for b in bodies:
        own = np.flatnonzero((model.geom_bodyid == b) & ((model.geom_contype | model.geom_conaffinity) > 0)).tolist()
        shapes = [shape for g in own if (shape := _shape(model, g)) is not None]
        if shapes:
            whole = [trimesh.remesh.subdivide_to_size(s.vertices, s.faces, EDGE_M, max_iter=12)[0] for s in shapes]
            corners[b] = np.concatenate(whole)
    return _Fingers(tuple(corners), corners)


def _hangs(model: Model, body: int, on: int) -> bool:
    while body and body != on:
        body = int(model.body_parentid[body])
    return body == on


def _shape(model: Model, g: int) -> trimesh.Trimesh | None:
    """A geom in the frame of its body."""
    size, kind = model.geom_size[g], int(model.geom_type[g])
    if kind == int(mujoco.mjtGeom.mjGEOM_MESH):
        m = model.geom_dataid[g]
        points = model.mesh_vert[model.mesh_vertadr[m] : model.mesh_vertadr[m] + model.mesh_vertnum[m]]
        faces = model.mesh_face[model.mesh_faceadr[m] : model.mesh_faceadr[m] + model.mesh_facenum[m]]
        shape = trimesh.Trimesh(points, faces, process=False)
    elif kind == int(mujoco.mjtGeom.mjGEOM_BOX):
        shape = trimesh.creation.box(2 * size)
    elif kind == int(mujoco.mjtGeom.mjGEOM_CAPSULE):
        shape = trimesh.creation.capsule(2 * size[1], size[0], count=[16, 16])
    elif kind == int(mujoco.mjtGeom.mjGEOM_CYLINDER):
        shape = trimesh.creation.cylinder(size[0], 2 * size[1], sections=16)
    elif kind in (int(mujoco.mjtGeom.mjGEOM_SPHERE), int(mujoco.mjtGeom.mjGEOM_ELLIPSOID)):
        shape = trimesh.creation.icosphere(2, 1.0)
        shape.apply_scale(size if kind == int(mujoco.mjtGeom.mjGEOM_ELLIPSOID) else size[0])
    else:
        return None
    turn = np.zeros(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[g])
    return trimesh.Trimesh(shape.vertices @ turn.reshape(3, 3).T + model.geom_pos[g], shape.faces, process=False)


def _settle(model: Model, data: Data, robot: Robot, gripper: float, seconds: float) -> float:
    """Drive the gripper with the arm held where it is at home; where its joint comes to rest."""
    own = np.array([model.joint(name).qposadr[0] for name in robot.model_names])
    dofs = np.array([model.joint(name).dofadr[0] for name in robot.model_names])
    act = np.array([model.actuator(name).id for name in robot.model_names])
    arm = np.array(robot.of_arm, bool)
    wanted = np.where(arm, robot.home_rad, gripper)
    if data.time == 0:
        data.qpos[own] = wanted
        follow(model, data)
    data.ctrl[act] = wanted
    for _ in range(round(seconds / model.opt.timestep)):
        data.qpos[own[arm]], data.qvel[dofs[arm]] = robot.home_rad[arm], 0.0
        mujoco.mj_step(model, data)
    data.qpos[own[arm]] = robot.home_rad[arm]
    mujoco.mj_forward(model, data)
    return float(data.qpos[own[robot.gripper_index]])


def _nearest_axis(wanted: np.ndarray) -> np.ndarray:
    """The one of a frame's six directions nearest to `wanted` [3], or that itself where none is near."""
    axes = [sign * axis for axis in np.eye(3) for sign in (1.0, -1.0)]
    best = max(axes, key=lambda axis: float(axis @ wanted))
    return best if best @ wanted > UPRIGHT else wanted / np.linalg.norm(wanted)


def _directions(found: list[dict[int, np.ndarray]], moved: int, works: np.ndarray) -> tuple[np.ndarray, set[int], set[int]]:
    """In which direction the gripper's finger opens [3], the bodies that move with it, and those that move the other way."""
    first, last = found[0], found[-1]
    flat = np.eye(3) - np.outer(works, works)
    ends = max(float((points @ works).max()) for points in first.values())
    ways = {}
    for b in first:
        near = first[b] @ works > ends - 2 * ENDS_M
        way = (last[b] - first[b])[near] @ flat if near.any() else np.zeros((1, 3))
        if np.linalg.norm(way, axis=1).max() > MOVES_M:
            ways[b] = way.mean(0)
    if not ways:
        raise Unmeasured("nothing at the ends of its fingers moves with the gripper")
    _, _, across = np.linalg.svd(np.array(list(ways.values())))
    toward = across[0] @ flat
    toward /= np.linalg.norm(toward)
    by_joint = (
        (last[moved] - first[moved]).mean(0)
        if moved in first
        else max(ways.values(), key=lambda way: float(np.abs(way @ toward)))
    )
    toward *= np.sign(by_joint @ toward) or 1.0
    return toward, {b for b, way in ways.items() if way @ toward > 0}, {b for b, way in ways.items() if way @ toward <= 0}


def _between(seen: dict[int, np.ndarray], movers: set[int]) -> tuple[float, float, float, float]:
    """Gap, its middle, reach beyond the tip and half thickness of the fingers' ends; corners are (toward, side, works)."""
    one = np.concatenate([points for b, points in seen.items() if b in movers])
    other = np.concatenate([points for b, points in seen.items() if b not in movers] or [np.zeros((0, 3))])
    end = float(one[:, 2].max())
    other = other[other[:, 2] > end - BAND_M]
    if not len(other):
        raise Unmeasured("nothing lies opposite to the finger that its gripper moves")
    ends = min(end, float(other[:, 2].max()))
    faces = []
    for points, best in ((one, np.minimum), (other, np.maximum)):
        held = points[(points[:, 2] > ends - ENDS_M) & (points[:, 2] <= ends) & (np.abs(points[:, 1]) < PAD_M)]
        bins = {}
        for place, a in zip((held[:, 1:] // BIN_M).astype(int).tolist(), held[:, 0], strict=True):
            key = tuple(place)
            bins[key] = float(best(bins[key], a)) if key in bins else float(a)
        faces.append(bins)
    both = faces[0].keys() & faces[1].keys()
    if not both:
        raise Unmeasured("its fingers do not lie opposite to one another at the tip")
    gaps = {key: faces[0][key] - faces[1][key] for key in both}
    narrow = min(gaps, key=lambda key: gaps[key])
    taken = np.concatenate((one[one[:, 2] > end - BAND_M], other))
    beyond = max(end, float(other[:, 2].max()))
    return gaps[narrow], (faces[0][narrow] + faces[1][narrow]) / 2, beyond, float(np.abs(taken[:, 1]).max())


def _rising(gap: np.ndarray) -> np.ndarray:
    """Rows of the longest stretch in which a gap grows."""
    best: list[int] = [0]
    run = [0]
    for k in range(1, len(gap)):
        run = [*run, k] if gap[k] > gap[k - 1] + 1e-5 else [k]
        best = run if len(run) > len(best) else best
    return np.array(best)


def _refuse_loose(model: Model, robot: Robot, fingers: _Fingers, site: int, bodies: set[int]) -> None:
    """Fingers that gravity moves, as nothing couples them to the gripper."""
    places = []
    for pull in (-9.81, 9.81):
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        model.opt.gravity[:] = (pull, pull, 0.0)
        _settle(model, data, robot, robot.gripper_at(0.5), FIRST_S)
        places.append(fingers.seen(data, site))
    model.opt.gravity[:] = 0.0
    for b in fingers.bodies:
        if np.linalg.norm(places[1][b] - places[0][b], axis=1).max() > 2 * MOVES_M:
            name = model.body(b).name.removeprefix("robot/")
            raise Unmeasured(f"`{name}` swings freely: no joint equality, mimic or linkage couples it to the gripper")
