"""Cameras of a twin: from what people say of them to poses, and whether they see what they are there for."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from runtime.bound.known_camera import KnownCamera
from runtime.bound.task import Area
from runtime.bound.twin_camera import WRIST, TwinCamera
from runtime.problem import InputError, Problem
from runtime.sim.parts.body import robot_model
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.places import follow
from runtime.sim.parts.robot import Robot
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.eye import GROUPS, where_now
from runtime.sim.pixels.raycast import cast
from runtime.sim.twin.overlay import camera_of
from runtime.sim.twin.shots import Shot
from runtime.sim.twin.twin import Twin

UP = np.array((0.0, 0.0, 1.0))
WRIST_BACK_M, WRIST_OUT_M, WRIST_AHEAD_M = 0.09, 0.07, 0.03
"""A camera on the wrist by default: so far back from the tip along the hand, so far out of it, and what it looks at beyond the
tip."""
HAND_ABOVE_M = 0.10
"""Height of the tip over the work area at which a mounted camera is asked what it sees."""
POINTS, OPEN_PX = 7, 16  # points of the area along each axis; pixels along each axis of the picture that is looked through
NEAR_M, MOST_BLOCKED = 0.02, 0.95
"""What is nearer is in the way; the share of a picture that may be."""


def at_pose(model: Model, robot: Robot, joints_rad: np.ndarray) -> Data:
    """The robot with its joints [J] at some angles."""
    data = mujoco.MjData(model)
    data.qpos[[model.joint(name).qposadr[0] for name in robot.model_names]] = joints_rad
    follow(model, data)
    mujoco.mj_kinematics(model, data)
    return data


def first_cameras(said: Mapping[str, TwinCamera], robot: Robot) -> list[Camera]:
    """The cameras before anybody knows where the robot stands: those by photo or capture look from anywhere until `stood`.

    Raises:
        InputError: R276 the robot has no body or site of the name that a camera is on.
    """
    found = []
    for name, one in said.items():
        size, up = one.size, np.array(one.up or UP, float)
        if one.on is None:
            pose = look_at(np.array(one.position), np.array(one.target), up)
            found.append(Camera(name, *size, one.fov, pose))
        else:
            body, pose = _mount(name, one, robot)
            known = one.calibrated
            camera = _lens_of(known, name, pose @ _pose(known)) if known else Camera(name, *size, one.fov, pose)
            found.append(replace(camera, on=body).resized(*size))
    return found


def stood(twin: Twin, said: Mapping[str, TwinCamera], photos: Mapping[str, Shot], base: np.ndarray) -> list[Camera]:
    """The cameras of a robot that stands at `base` [4, 4] in the support's frame, those that take a photo's place among them."""
    found = []
    for camera in twin.cameras:
        one = said[camera.name]
        if camera.on is None and one.photo:
            camera = camera_of(twin, photos[camera.name], camera.name).resized(*one.size)
        elif camera.on is None and (known := one.calibrated):
            c2w = _pose(known)
            pose = np.linalg.inv(base) @ c2w if known.frame == "support" else twin.from_splat(c2w)
            camera = _lens_of(known, camera.name, c2w if known.frame == "base" else pose).resized(*one.size)
        found.append(camera)
    return found


def _pose(known: KnownCamera) -> np.ndarray:
    return np.vstack((known.c2w, (0.0, 0.0, 0.0, 1.0)))


def _lens_of(known: KnownCamera, name: str, pose: np.ndarray) -> Camera:
    lens = known.lens
    fov = float(np.degrees(2 * np.arctan(0.5 * lens.height / lens.fy)))
    return Camera(name, lens.width, lens.height, fov, pose, (lens.fx, lens.fy, lens.cx, lens.cy))


def _mount(name: str, one: TwinCamera, robot: Robot) -> tuple[str, np.ndarray]:
    """The body that a camera moves with, and its pose in the body's frame [4, 4]; of a calibrated one, that of its mount."""
    model = robot_model(robot)
    data = at_pose(model, robot, robot.home_rad)
    frame, body = np.eye(4), robot.tip.link
    if one.on != WRIST:
        body, frame = _named(model, data, str(one.on), name)
    if one.calibrated:
        return body, frame
    if one.position_m is not None:
        up = np.array(one.up or UP, float)
        return body, frame @ look_at(np.array(one.position), np.array(one.target), up)
    hand = data.body(body)
    tip, turn = data.site(robot.tip.site).xpos, hand.xmat.reshape(3, 3)
    ahead = tip - hand.xpos
    ahead = ahead / np.linalg.norm(ahead) if np.linalg.norm(ahead) > 0.01 else np.array((0.0, 0.0, -1.0))
    out = _beside_the_fingers(model, robot, ahead)
    eye = tip - WRIST_BACK_M * ahead + WRIST_OUT_M * out
    pose = look_at(eye, tip + WRIST_AHEAD_M * ahead, out)
    inverse = np.eye(4)
    inverse[:3, :3], inverse[:3, 3] = turn.T, -turn.T @ hand.xpos
    return body, inverse @ pose


def _beside_the_fingers(model: Model, robot: Robot, ahead: np.ndarray) -> np.ndarray:
    """Away from the hand, square to how it points [3] and to how its fingers open: from there one sees what is between them."""
    ends = []
    for share in (0.0, 1.0):
        joints = np.array(robot.home_rad, float)
        joints[robot.gripper_index] = robot.gripper_at(share)
        ends.append(at_pose(model, robot, joints).geom_xpos.copy())
    moved = ends[1] - ends[0]
    out = np.cross(ahead, moved[np.argmax(np.linalg.norm(moved, axis=1))])
    if np.linalg.norm(out) < 1e-6:
        out = np.cross(ahead, (0.0, 1.0, 0.0) if abs(ahead[1]) < 0.9 else (1.0, 0.0, 0.0))
    out /= np.linalg.norm(out)
    return out if out @ (1.0, 0.5, 1.0) > 0 else -out  # ahead, to the left or above, rather than toward the arm


def _named(model: Model, data: Data, on: str, name: str) -> tuple[str, np.ndarray]:
    """A body of the robot, and the frame [4, 4] in it that is called `on`."""
    for called in (on, f"robot/{on}"):
        for kind, count in ((mujoco.mjtObj.mjOBJ_BODY, "nbody"), (mujoco.mjtObj.mjOBJ_SITE, "nsite")):
            found = mujoco.mj_name2id(model, kind, called)
            if found >= 0 and count == "nbody":
                return called, np.eye(4)
            if found >= 0:
                frame, turn = np.eye(4), np.zeros(9)
                mujoco.mju_quat2Mat(turn, model.site_quat[found])
                frame[:3, :3], frame[:3, 3] = turn.reshape(3, 3), model.site_pos[found]
                return model.body(model.site_bodyid[found]).name, frame
    names = [model.body(i).name.removeprefix("robot/") for i in range(1, model.nbody)]
    message = f"camera `{name}` is on `{on}`, and the robot has no body or site of that name"
    help = f"say `wrist`, or one of its bodies: {', '.join(filter(None, names))}"
    raise InputError(Problem("R276", message, help, f"cameras.{name}.on"))


def refuse_blind(twin: Twin) -> None:
    """Hold each camera against the work area: one that stands still must see some of it, one that is mounted where the hand is at
    home, or over the area and turned as at home; and none may look at nothing but the robot itself.

    Raises:
        InputError: R277 a camera does not.
    """
    model, area = robot_model(twin.robot), twin.task.area
    data = at_pose(model, twin.robot, twin.robot.home_rad)
    tip = data.site(twin.robot.tip.site).xpos
    corners = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
    hands = [np.array((area.center_x_m + x * area.half_x_m, y * area.half_y_m, HAND_ABOVE_M)) for x, y in corners]
    for camera in twin.cameras:
        now = where_now(camera, model, data)
        hits = cast(model, data, now.position, now.resized(OPEN_PX, OPEN_PX).rays().reshape(-1, 3), GROUPS)
        near = hits.range < NEAR_M
        blocked = {model.body(model.geom_bodyid[g]).name.removeprefix("robot/") for g in hits.geom[near]}
        over = [now, *(now.moved(now.c2w[:3, :3].T @ (hand - tip), np.zeros(3)) for hand in hands)] if camera.on else [now]
        shares = [0.0] if near.mean() > MOST_BLOCKED else [area_in_view(one, area) for one in over]
        if max(shares) == 0:
            inside = f": less than {100 * NEAR_M:.0f} cm before it is `{'`, `'.join(sorted(blocked))}`" if blocked else ""
            where = "wherever the hand is over it, or at home" if camera.on else "of the task"
            message = f"camera `{camera.name}` sees nothing of the work area {where}{inside}"
            help = "move it, or turn it: `position_m`, `target_m` and `fov_y_deg` say where it looks"
            raise InputError(Problem("R277", message, help, f"cameras.{camera.name}"))


def area_in_view(camera: Camera, area: Area) -> float:
    """Share of points all over the work area that lie in the picture of a camera of the base frame."""
    x, y = np.meshgrid(np.linspace(-1, 1, POINTS), np.linspace(-1, 1, POINTS))
    points = np.stack((area.center_x_m + area.half_x_m * x, area.half_y_m * y, np.zeros_like(x)), -1).reshape(-1, 3)
    local = (points - camera.position) @ camera.c2w[:3, :3]
    ahead = local[:, 2] > 1e-3
    pixels = (local @ camera.K.T)[:, :2] / np.maximum(local[:, 2:], 1e-3)
    return float((ahead & np.all((pixels > 0) & (pixels < (camera.width, camera.height)), axis=1)).mean())
