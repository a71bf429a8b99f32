"""Up is found from poses alone, however the cameras were turned."""

import numpy as np
import pytest

from runtime.capture.world_up import estimate_up
from tests.runtime.capture.synthetic import ring


def _turned(poses: np.ndarray, quarter_turns: np.ndarray) -> np.ndarray:
    """Poses with the camera rolled by quarter turns, as a phone is held upright or across."""
    turned = poses.copy()
    for pose, k in zip(turned, quarter_turns, strict=True):
        angle = k * np.pi / 2
        roll = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        pose[:3, :3] = pose[:3, :3] @ roll
    return turned


def _world(seed: int) -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def _angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mixed", [False, True])
def test_orbit(seed: int, mixed: bool) -> None:
    poses = np.concatenate([ring(12), ring(12, height=0.6)])
    poses[:, :3] = np.concatenate([poses[:, :3, :3], poses[:, :3, 3:]], axis=2)
    if mixed:
        poses = _turned(poses, np.arange(24) % 3 == 0)
    world = _world(seed)
    poses[:, :3] = world @ poses[:, :3]
    assert _angle_deg(estimate_up(poses), world[:, 2]) < 1.0


def test_straight_walk() -> None:
    """All cameras alike: nothing but the pictures' own up to go by."""
    pose = np.eye(4)
    pose[:3, :3] = np.stack([[0, -1, 0], [0, 0, -1], [1, 0, 0]], axis=1)  # looks along x, z up
    poses = np.tile(pose, (10, 1, 1))
    poses[:, 0, 3] = np.arange(10)
    assert _angle_deg(estimate_up(poses), np.array([0.0, 0, 1])) < 0.1


def test_noise_of_a_hand() -> None:
    rng = np.random.default_rng(0)
    poses = np.concatenate([ring(20), ring(20, height=0.8)])
    for pose in poses:
        angle = np.radians(4) * rng.normal()
        pose[:3, :3] = pose[:3, :3] @ np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    assert _angle_deg(estimate_up(poses), np.array([0.0, 0, 1])) < 4
