"""The surface that things stand on, found among clutter, floors and noise."""

import numpy as np
import pytest

from runtime.capture.support import estimate_support
from runtime.problem import InputError
from runtime.splat.scene import Support
from tests.runtime.capture.synthetic import ring


def _table(rng: np.random.Generator, half: tuple[float, float], height: float, count: int) -> np.ndarray:
    flat = rng.uniform(-1, 1, (count, 2)) * half
    return np.concatenate([flat, np.full((count, 1), height)], axis=1)


def _scene(rng: np.random.Generator, noise: float = 0.004) -> np.ndarray:
    """A table 1.6 x 1.0 at z = 0, a box on it, a larger floor below, stray points."""
    table = _table(rng, (0.8, 0.5), 0.0, 900)
    floor = _table(rng, (3, 3), -0.75, 1200)
    box = rng.uniform(-1, 1, (700, 3)) * [0.12, 0.12, 0.2] + [0.2, 0.1, 0.2]
    stray = rng.uniform(-1.5, 1.5, (200, 3))
    points = np.concatenate([table, floor, box, stray])
    return points + rng.normal(size=points.shape) * noise


def _pose_of(world: np.ndarray, poses: np.ndarray) -> np.ndarray:
    moved = poses.copy()
    moved[:, :3] = world @ poses[:, :3]
    return moved


@pytest.mark.parametrize("seed", range(5))
def test_table_and_not_the_floor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, poses = _scene(rng), ring(16)
    world, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    world *= np.sign(np.linalg.det(world))
    tilted_up = world @ np.array([0.05, -0.05, 1])  # up is known to 4 degrees only
    found = estimate_support(points @ world.T, _pose_of(world, poses), tilted_up, 0.5)
    normal = found.rotation[:, 2]
    assert np.degrees(np.arccos(np.clip(normal @ world[:, 2], -1, 1))) < 0.7
    assert abs((found.origin @ world)[2]) < 0.01
    assert np.linalg.norm((found.origin @ world)[:2]) < 0.1
    np.testing.assert_allclose(np.sort(found.half_extent_m), [0.25, 0.4], rtol=0.12)
    np.testing.assert_allclose(found.rotation.T @ found.rotation, np.eye(3), atol=1e-9)
    assert np.linalg.det(found.rotation) > 0


def test_bare_table_under_a_textured_statue() -> None:
    """Most points lie on the statue; any level slice through it has more than the table."""
    rng = np.random.default_rng(0)
    table = _table(rng, (0.8, 0.8), 0.0, 250)
    around = rng.uniform(0, 2 * np.pi, 6000)
    statue = np.stack([0.3 * np.cos(around), 0.3 * np.sin(around), rng.uniform(0.02, 0.9, 6000)], axis=1)
    points = np.concatenate([table, statue]) + rng.normal(size=(6250, 3)) * 0.003
    found = estimate_support(points, ring(16), np.array([0, 0, 1.0]), 1.0)
    assert abs(found.origin[2]) < 0.03
    assert found.half_extent_m.min() > 0.6


def test_street_is_the_lowest_plane() -> None:
    rng = np.random.default_rng(0)
    ground = rng.uniform(-1, 1, (300, 2)) * [10, 1.0]
    ground = np.concatenate([ground, np.full((300, 1), -0.5)], axis=1)
    walls = np.concatenate([rng.uniform([-10, s, -0.5], [10, s + 0.05, 1.5], (600, 3)) for s in (-1.1, 1.1)])
    signs = np.concatenate([rng.uniform([-10, s, 0.2], [10, s + 0.05, 0.25], (300, 3)) for s in (-1.1, 1.1)])
    points = np.concatenate([ground, walls, signs]) + rng.normal(size=(2100, 3)) * 0.005
    pose = np.eye(4)
    pose[:3, :3] = np.stack([[0, -1, 0], [0, 0, -1], [1, 0, 0]], axis=1)
    poses = np.tile(pose, (20, 1, 1))
    poses[:, 0, 3] = np.linspace(-9, 9, 20)
    found = estimate_support(points, poses, np.array([0, 0, 1.0]), 1.0)
    assert abs(found.origin[2] + 0.5) < 0.03
    assert found.half_extent_m.max() > 4 * found.half_extent_m.min()


def test_splat_without_cameras() -> None:
    rng = np.random.default_rng(0)
    ground = _table(rng, (1, 1), 0.0, 2000)
    figure = rng.normal(size=(1500, 3)) * [0.15, 0.15, 0.3] + [0, 0, 0.8]
    points = np.concatenate([ground, figure]) + rng.normal(size=(3500, 3)) * 0.01
    found = estimate_support(points, np.zeros((0, 4, 4)), np.array([0, 0, 1.0]), 2.0)
    assert abs(found.origin[2]) < 0.02
    np.testing.assert_allclose(found.half_extent_m, [2, 2], rtol=0.1)


def test_same_points_same_surface_and_json() -> None:
    points = _scene(np.random.default_rng(3))
    first, second = (estimate_support(points, ring(16), np.array([0, 0, 1.0]), 1.0) for _ in range(2))
    assert first.to_json() == second.to_json() == Support.from_json(first.to_json()).to_json()


def test_too_few_points() -> None:
    with pytest.raises(InputError, match="9 points"):
        estimate_support(np.zeros((9, 3)), ring(5), np.array([0, 0, 1.0]), 1.0)
    for points in (np.zeros((20, 3)), np.random.default_rng(0).normal(size=(20, 3)) * 1e20):
        with pytest.raises(InputError, match="20 points lie within about"):
            estimate_support(points, np.zeros((0, 4, 4)), np.array([0, 0, 1.0]), 1.0)
