"""Paths keep their distance, look where they should, and never hang upside down."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.coverage import paths
from runtime.coverage.frame import SceneFrame, upright
from runtime.coverage.paths import Way
from runtime.splat.scene import Support


def _frame(half: tuple[float, float] = (0.5, 0.4), scale: float = 0.5, seed: int = 0) -> SceneFrame:
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    up, support = rotation[:, 2].tolist(), Support(np.array([1.0, 2.0, 3.0]), rotation, np.array(half), 1.0).to_json()
    return SceneFrame.from_json({"up": up, "scale_m_per_unit": scale, "support": support, "center": [0, 0, 0], "radius": 1.0})


def _poses(frame: SceneFrame, way: Way, frames: int = 12) -> np.ndarray:
    return frame.cameras(*way.sampled(frames))


PATHS: list[Callable[[SceneFrame], Iterable[Way]]] = [
    lambda f: [paths.orbit(*ring, 1.0) for ring in paths.rings(f, None, None)],
    lambda f: [paths.orbit(*paths.rings(f, None, None)[0], 1.0, 0.5, 1.0)],
    lambda f: paths.walk(f, None, None, None),
    lambda f: paths.task(f, None, None, 60.0),
    lambda f: paths.grid(f, 3, None, 55.0),
]


@pytest.mark.parametrize("path", PATHS)
@given(seed=st.integers(0, 99), long=st.floats(0.1, 20), short=st.floats(0.1, 20), scale=st.floats(0.05, 10))
@settings(max_examples=20, deadline=None)
def test_every_view_is_upright_rigid_and_above(
    path: Callable[[SceneFrame], Iterable[Way]], seed: int, long: float, short: float, scale: float
) -> None:
    frame = _frame((long, short), scale, seed)
    for way in path(frame):
        poses = _poses(frame, way)
        assert upright(poses, frame.up).all()
        rotation = poses[:, :3, :3]
        np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.tile(np.eye(3), (12, 1, 1)), atol=1e-9)
        np.testing.assert_allclose(np.linalg.det(rotation), 1)
        assert ((poses[:, :3, 3] - frame.origin) @ frame.up > 0).all()
        eye = frame.to_support(_poses(frame, way, 400)[:, :3, 3])
        gone = np.linalg.norm(np.diff(eye, axis=0), axis=1)
        assert gone.sum() == pytest.approx(way.length_m(), rel=0.02)
        assert gone.max() < 20 * max(long, short) / 100, "a camera does not jump"


def test_orbit_closes_at_its_radius_and_an_arc_goes_to_and_fro() -> None:
    frame = _frame()
    local = frame.to_support(_poses(frame, paths.orbit(0.7, 0.3, 0.0, 1.0), 8)[:, :3, 3])
    np.testing.assert_allclose(np.linalg.norm(local[:, :2], axis=1), 0.7)
    np.testing.assert_allclose(local[:, 2], 0.3)
    steps = np.linalg.norm(local - np.roll(local, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])  # the last view is one step before the first
    eye, _ = paths.orbit(0.7, 0.3, 0.0, 2.0, start_rad=1.0, arc_rad=0.5).sampled(9)
    angle = np.arctan2(eye[:, 1], eye[:, 0])
    np.testing.assert_allclose(angle, 1.0 + 0.5 * np.array([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0]))


def test_walk_follows_the_longer_side() -> None:
    frame = _frame((0.5, 5.0))  # a street along the support's y
    poses = _poses(frame, next(paths.walk(frame, None, None, None)), 5)
    way = poses[-1, :3, 3] - poses[0, :3, 3]
    assert np.linalg.norm(way) * 0.5 == pytest.approx(8.0)
    forward = poses[:, :3, 2] @ (way / np.linalg.norm(way))
    assert forward.min() > 0.95


def test_task_comes_near_and_looks_at_the_middle() -> None:
    frame = _frame()
    for way in paths.task(frame, 0.8, 0.2, 50.0):
        poses = _poses(frame, way, 10)
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
    for way in paths.task(frame, None, None, 60.0, reach):
        np.testing.assert_array_less(reach, np.linalg.norm(way.sampled(10)[0], axis=1))


def test_upright_sees_a_turned_camera() -> None:
    frame = _frame()
    poses = _poses(frame, paths.orbit(0.7, 0.3, 0.0, 1.0), 4)
    poses[1, :3, :2] *= -1  # rolled by half a turn
    poses[2, :3, :2] = np.stack([poses[2, :3, 1], -poses[2, :3, 0]], axis=1)  # by a quarter
    assert upright(poses, frame.up).tolist() == [True, False, False, True]
