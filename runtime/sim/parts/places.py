"""Places of a task's objects in the state: a body that stands still is a mocap body, a loose one has a free joint."""

from collections.abc import Sequence

import numpy as np

from runtime.sim.parts.mj import Data, Model, mujoco


def _slot(model: Model, data: Data, name: str) -> np.ndarray:
    """The place [3] of a body in the state, to read or to write.

    Raises:
        ValueError: when the body is part of the model and has no place of its own in the state.
    """
    body = model.body(name).id
    if model.body_mocapid[body] >= 0:
        return data.mocap_pos[model.body_mocapid[body]]
    joint = model.body_jntadr[body]
    if joint < 0 or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE:
        raise ValueError(f"object `{name}` has no place in the state: make it a mocap body, or give it a free joint")
    at = model.jnt_qposadr[joint]
    return data.qpos[at : at + 3]


def put(model: Model, data: Data, names: Sequence[str], places_m: np.ndarray) -> None:
    """Put the bodies `names` [K] at `places_m` [K, 3], upright as the model has them.

    Raises:
        ValueError: when there are more or fewer places than bodies, or the scene holds further ones that nobody puts.
    """
    free = int(np.count_nonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE))
    if np.shape(places_m) != (len(names), 3) or len(names) != model.nmocap + free:
        given = "x".join(map(str, np.shape(places_m)))
        message = f"{given} numbers for objects at {len(names)} places ({', '.join(names)}); the scene has {model.nmocap + free}"
        raise ValueError(f"a start does not fit its scene: {message}")
    for name, place in zip(names, places_m, strict=True):
        _slot(model, data, name)[:] = place


def where(model: Model, data: Data, names: Sequence[str]) -> np.ndarray:
    """Where the bodies `names` are [K, 3], metres."""
    return np.array([_slot(model, data, name) for name in names]).reshape(-1, 3)
