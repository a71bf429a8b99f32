"""Places of a task's objects in the state: a body that stands still is a mocap body, a loose one has a free joint."""

from collections.abc import Sequence

import numpy as np

from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.robot import Robot

BROUGHT = "asset/"
"""What names of bodies begin with that people brought along: they belong to no task, and begin where the model has them."""


def _slot(model: Model, data: Data, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The place [3] of a body in the state and its quaternion [4], to read or to write.

    Raises:
        ValueError: when the body is part of the model and has no place of its own in the state.
    """
    body = model.body(name).id
    if model.body_mocapid[body] >= 0:
        return data.mocap_pos[model.body_mocapid[body]], data.mocap_quat[model.body_mocapid[body]]
    joint = model.body_jntadr[body]
    if joint < 0 or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE:
        raise ValueError(f"object `{name}` has no place in the state: make it a mocap body, or give it a free joint")
    at = model.jnt_qposadr[joint]
    return data.qpos[at : at + 3], data.qpos[at + 3 : at + 7]


def put(model: Model, data: Data, names: Sequence[str], places_m: np.ndarray, turns_rad: np.ndarray | None = None) -> None:
    """Put the bodies `names` [K] at `places_m` [K, 3], turned about the vertical by `turns_rad` [K] or as the model has them.

    Raises:
        ValueError: when there are more or fewer places than bodies, or the scene holds further ones that nobody puts.
    """
    bodies = model.jnt_bodyid[model.jnt_type == mujoco.mjtJoint.mjJNT_FREE]
    free = sum(not model.body(body).name.startswith(BROUGHT) for body in bodies)
    if np.shape(places_m) != (len(names), 3) or len(names) != model.nmocap + free:
        given = "x".join(map(str, np.shape(places_m)))
        message = f"{given} numbers for objects at {len(names)} places ({', '.join(names)}); the scene has {model.nmocap + free}"
        raise ValueError(f"a start does not fit its scene: {message}")
    for i, name in enumerate(names):
        place, turn = _slot(model, data, name)
        place[:] = places_m[i]
        if turns_rad is not None:
            turn[:] = (np.cos(turns_rad[i] / 2), 0, 0, np.sin(turns_rad[i] / 2))


def where(model: Model, data: Data, names: Sequence[str]) -> np.ndarray:
    """Where the bodies `names` are [K, 3], metres."""
    return np.array([_slot(model, data, name)[0] for name in names]).reshape(-1, 3)


def turned(model: Model, data: Data, names: Sequence[str]) -> np.ndarray:
    """By how much the bodies `names` are turned about the vertical [K], radians."""
    w, x, y, z = np.array([_slot(model, data, name)[1] for name in names]).reshape(-1, 4).T
    return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def own_places(model: Model, robot: Robot) -> np.ndarray:
    """Where the robot's joints stand in the state, those that nobody moves among them."""
    own = [j for j in range(model.njnt) if (name := model.joint(j).name) in robot.model_names or name.startswith("robot/")]
    return model.jnt_qposadr[own]


def follow(model: Model, data: Data) -> None:
    """Put joints that are coupled to others, as fingers are, where these say."""
    for e in np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT):
        led, leads = model.eq_obj1id[e], model.eq_obj2id[e]
        if leads >= 0:
            one, other = model.jnt_qposadr[led], model.jnt_qposadr[leads]
            by = data.qpos[other] - model.qpos0[other]
            data.qpos[one] = model.qpos0[one] + np.polynomial.polynomial.polyval(by, model.eq_data[e, :5])
