"""Rollouts as world models of pictures take them: films of one camera, and what the hand was told, in seven numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from runtime.export.systems.scene import Scene, refused
from runtime.sim.episodes.attempts import load_attempts
from runtime.sim.episodes.episodes import Episode, redraw
from runtime.sim.parts.kinematics import pose_at
from runtime.sim.twin.twin import eyes_of, read_behind

NUMBERS = 7
"""Of an action: a shift of the hand (m) and a turn (rotation vector, rad), both along the axes of the robot's base, as OSC_POSE
of LIBERO has them but for their units, and the gripper from -1 (open) to 1 (closed)."""


@dataclass(frozen=True)
class Rollout:
    """One rollout of T actions."""

    film: np.ndarray  # u8 [T, H, W, 3]: what stood before each action
    hand: np.ndarray  # f32 [T, 7]: place (m), turn (rotation vector, rad), gripper, before each action
    action: np.ndarray  # f32 [T, 7]
    success: bool


def rollouts_of(of: Scene) -> Iterator[Rollout]:
    """The rollouts of demos (all of which succeeded) or of a policy's own, seen by the twin's first camera.

    Raises:
        InputError: R428 when the twin has no camera.
    """
    twin = of.twin
    if not twin.cameras:
        raise refused("the twin has no camera, and a world model of pictures needs one", "export demos of another", "stages.twin")
    camera = twin.cameras[0]
    eye = eyes_of(of.model, twin, read_behind(of.twin_folder, twin))[camera.name]
    for i, (episode, success) in enumerate(_played(of)):
        film = redraw(eye, episode, np.random.default_rng([0, i]))
        hand = np.stack([pose_at(twin.robot, row) for row in episode.state.astype(float)])
        target = np.stack([pose_at(twin.robot, row) for row in episode.action.astype(float)])
        turns = Rotation.from_matrix(hand[:, :3, :3])
        shift = target[:, :3, 3] - hand[:, :3, 3]
        turn = (Rotation.from_matrix(target[:, :3, :3]) * turns.inv()).as_rotvec()
        at = np.concatenate([hand[:, :3, 3], turns.as_rotvec(), _gripper(of, episode.state)], 1)
        told = np.concatenate([shift, turn, _gripper(of, episode.action)], 1)
        yield Rollout(film, at.astype(np.float32), told.astype(np.float32), success)


def _played(of: Scene) -> Iterator[tuple[Episode, bool]]:
    if not (of.demos / "attempts.npz").is_file():
        yield from ((episode, True) for episode in of.episodes)
        return
    for i, one in enumerate(load_attempts(of.demos / "attempts.npz")):
        rows = slice(0, len(one))
        episode = Episode(one.qpos[rows], one.still_m, one.state[rows], one.action, i, "", one.turns)
        yield episode, bool(one.success[-1])


def _gripper(of: Scene, joints: np.ndarray) -> np.ndarray:
    """[T, 1]: -1 open, 1 closed."""
    robot = of.twin.robot
    share = (joints[:, robot.gripper_index].astype(float) - robot.closed) / (robot.open - robot.closed)
    return (1 - 2 * np.clip(share, 0, 1))[:, None]
