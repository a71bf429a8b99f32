"""Paths keep their distance, look where they should, and never hang upside down."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.coverage import paths
from runtime.coverage.frame import SceneFrame, upright
from runtime.splat.scene import Support


def _frame(half: tuple[float, float] = (0.5, 0.4), scale: float = 0.5, seed: int = 0) -> SceneFrame:
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    up, support = rotation[:, 2].tolist(), Support(np.array([1.0, 2.0, 3.0]), rotation, np.array(half), 1.0).to_json()
    return SceneFrame.from_json({"up": up, "scale_m_per_unit": scale, "support": support, "center": [0, 0, 0], "radius": 1.0})


PATHS: list[Callable[[SceneFrame], np.ndarray]] = [
    lambda f: paths.orbit(f, 12, None, None, 1.0),
    lambda f: paths.walk(f, 12, None, None, None),
    lambda f: paths.task(f, 12, None, None, 60.0),
]


@pytest.mark.parametrize("path", PATHS)
@given(seed=st.integers(0, 99), long=st.floats(0.1, 20), short=st.floats(0.1, 20), scale=st.floats(0.05, 10))
@settings(max_examples=20, deadline=None)
def test_every_view_is_upright_rigid_and_above(
    path: Callable[[SceneFrame], np.ndarray], seed: int, long: float, short: float, scale: float
) -> None:
    frame = _frame((long, short), scale, seed)
    poses = path(frame)
    assert upright(poses, frame.up).all()
    rotation = poses[:, :3, :3]
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.tile(np.eye(3), (12, 1, 1)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    assert ((poses[:, :3, 3] - frame.origin) @ frame.up > 0).all()


def test_orbit_closes_at_its_radius() -> None:
    frame = _frame()
    local = (paths.orbit(frame, 8, 0.7, 0.3, 1.0)[:, :3, 3] - frame.origin) @ frame.rotation * 0.5  # metres
    np.testing.assert_allclose(np.linalg.norm(local[:, :2], axis=1), 0.7)
    np.testing.assert_allclose(local[:, 2], 0.3)
    steps = np.linalg.norm(local - np.roll(local, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])  # the last view is one step before the first


def test_walk_follows_the_longer_side() -> None:
    frame = _frame((0.5, 5.0))  # a street along the support's y
    poses = paths.walk(frame, 5, None, None, None)
    way = poses[-1, :3, 3] - poses[0, :3, 3]
    assert np.linalg.norm(way) * 0.5 == pytest.approx(8.0)
    forward = poses[:, :3, 2] @ (way / np.linalg.norm(way))
    assert forward.min() > 0.95


def test_task_comes_near_and_looks_at_the_middle() -> None:
    frame = _frame()
    poses = paths.task(frame, 10, 0.8, 0.2, 50.0)
    away = (frame.origin - poses[:, :3, 3]) * 0.5
    distance = np.linalg.norm(away, axis=1)
    assert distance[0] == pytest.approx(0.8)
    assert distance[-1] == pytest.approx(0.2)
    assert (np.diff(distance) < 0).all()
    np.testing.assert_allclose(np.einsum("ti,ti->t", away, poses[:, :3, 2]), distance)
    elevation = np.degrees(np.arcsin(-away[-1] @ frame.up / distance[-1]))
    assert elevation == pytest.approx(50.0)


def test_task_stays_outside_of_what_stands_in_the_middle() -> None:
    frame, rng = _frame(), np.random.default_rng(0)
    flat = np.concatenate([rng.uniform(-0.4, 0.4, (500, 2)), 0.01 * rng.normal(size=(500, 1))], axis=1)
    assert paths.clearance(flat, frame) == 0
    tower = rng.uniform(-1, 1, (500, 3)) * [0.1, 0.1, 0.25] + [0, 0, 0.25]
    reach = paths.clearance(np.concatenate([flat, tower]), frame)
    assert reach == pytest.approx(0.5, abs=0.05)
    poses = paths.task(frame, 10, None, None, 60.0, reach)
    np.testing.assert_array_less(reach, np.linalg.norm(frame.to_support(poses[:, :3, 3]), axis=1))


def test_upright_sees_a_turned_camera() -> None:
    frame = _frame()
    poses = paths.orbit(frame, 4, None, None, 1.0)
    poses[1, :3, :2] *= -1  # rolled by half a turn
    poses[2, :3, :2] = np.stack([poses[2, :3, 1], -poses[2, :3, 0]], axis=1)  # by a quarter
    assert upright(poses, frame.up).tolist() == [True, False, False, True]
