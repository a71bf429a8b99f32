"""What photos saw, against ray casting; cameras stay out of things and where photos were; views are chosen by what they add."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runtime.coverage import paths, seen
from runtime.coverage.frame import SceneFrame
from runtime.coverage.lens import Lens
from runtime.coverage.matter import in_matter
from runtime.coverage.next_views import greedy
from runtime.coverage.plan import Scout, choose, supported_orbit
from runtime.coverage.seen import Limits, Shots
from runtime.splat.gaussians import Gaussians

BOX = np.array([[-0.3, -0.3, 0.0], [0.3, 0.3, 0.5]])
FRAME = SceneFrame(np.zeros(3), np.eye(3), np.array([1.0, 1.0]), np.array([0, 0, 1.0]), 1.0)


def hit(origin: np.ndarray, ray: np.ndarray) -> np.ndarray:
    """How many times `ray` [N, 3] goes from `origin` [N, 3] to the ground or the box; inf where it meets neither."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = np.where(ray[:, 2] < 0, -origin[:, 2] / ray[:, 2], np.inf)
        a, b = ((edge - origin) / ray for edge in BOX)
    near, far = np.minimum(a, b).max(1), np.maximum(a, b).min(1)
    return np.minimum(ground, np.where((near > 0) & (near < far), near, np.inf))


def cast(pose: np.ndarray, lens: Lens) -> seen.View:
    v, u = np.mgrid[0 : lens.height, 0 : lens.width] + 0.5
    ray = np.stack([(u - lens.K[0, 2]) / lens.K[0, 0], (v - lens.K[1, 2]) / lens.K[1, 1], np.ones_like(u)], -1).reshape(-1, 3)
    depth = hit(np.tile(pose[:3, 3], (len(ray), 1)), ray @ pose[:3, :3].T).reshape(u.shape).astype(np.float32)
    return np.zeros((*u.shape, 3), np.float32), depth, np.isfinite(depth).astype(np.float32)


def ring(count: int, arc_rad: float, radius: float = 1.8, height: float = 1.0) -> np.ndarray:
    angle = arc_rad * np.arange(count) / count
    eye = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(count, height)], 1)
    return FRAME.cameras(eye, np.tile([0, 0, 0.1], (count, 1)))


def test_seen_is_what_ray_casting_says() -> None:
    poses = ring(9, 2.5)
    lenses = [Lens.from_fov(200, 150, 50), Lens.from_fov(90, 160, 70), Lens.from_fov(320, 240, 40)] * 3
    shots = Shots.rendered(poses, lenses, cast)
    agreed, counted, share = 0, 0, []
    for view in ring(12, 2 * np.pi, 1.5, 0.7):
        lens, limits = Lens.from_fov(160, 120, 55), Limits(30, 1.2)
        ours = seen.seen_pixels(shots, cast(view, lens)[1], view, lens, limits)
        shown, points, pixel = seen.back_projected(cast(view, lens)[1], view, lens)
        ray = (points - view[:3, 3]) / np.linalg.norm(points - view[:3, 3], axis=1, keepdims=True)
        theirs = np.zeros(len(points), bool)
        for pose, own in zip(poses, lenses, strict=True):
            local = (points - pose[:3, 3]) @ pose[:3, :3]
            u, v = (own.K[k, k] * local[:, k] / local[:, 2] + own.K[k, 2] for k in (0, 1))
            there = (local[:, 2] > 0) & (u > 0) & (v > 0) & (u < own.width) & (v < own.height)
            there &= hit(np.tile(pose[:3, 3], (len(points), 1)), points - pose[:3, 3]) > 1 - 1e-4  # nothing stands before it
            away = (points - pose[:3, 3]) / np.linalg.norm(points - pose[:3, 3], axis=1, keepdims=True)
            there &= (ray * away).sum(1) >= np.cos(np.radians(30))
            theirs |= there & (local[:, 2] / own.K[0, 0] <= 1.2 * pixel)
        agreed, counted = agreed + (ours[shown] == theirs).sum(), counted + len(theirs)
        share.append(theirs.mean())
    assert max(share) > 0.9
    assert min(share) < 0.1
    assert agreed / counted > 0.97


def test_held_out_and_masked_photos_saw_nothing(tmp_path: Path) -> None:
    own = {"width": 200, "height": 150, "fl_x": 160.0, "fl_y": 160.0, "cx": 100.0, "cy": 75.0}
    frames = [{"c2w": pose.tolist(), "held_out": k == 0, "camera": 0} for k, pose in enumerate(ring(4, 2 * np.pi))]
    Image.fromarray(np.zeros((150, 200), np.uint8)).save(tmp_path / "none.png")
    frames[1]["mask"] = "none.png"
    (tmp_path / "cameras.json").write_text(json.dumps({"cameras": [own], "frames": frames}))
    shots = seen.photographed(tmp_path, cast)
    assert shots is not None
    lens = Lens.from_json(own)
    shares = [seen.seen_pixels(shots, cast(pose, lens)[1], pose, lens, Limits()).mean() for pose in ring(4, 2 * np.pi)]
    assert shares[0] < 0.2
    assert shares[1] < 0.2
    assert min(shares[2:]) > 0.8
    (tmp_path / "cameras.json").write_text(json.dumps({"cameras": [], "frames": []}))
    assert seen.photographed(tmp_path, cast) is None


def _blob(middle: tuple[float, float, float], radius: float, count: int = 60) -> Gaussians:
    rng = np.random.default_rng(0)
    means = np.array(middle) + radius * rng.uniform(-1, 1, (count, 3))
    return Gaussians(
        means, np.tile([1, 0, 0, 0], (count, 1)), np.full((count, 3), 0.1), np.full(count, 0.9), np.zeros((count, 1, 3))
    )


def _scout(gaussians: Gaussians, shots: Shots | None) -> Scout:
    return Scout(FRAME, gaussians, cast, Lens.from_fov(160, 120, 55), shots, Limits(), 0.1)


def test_a_camera_keeps_out_of_things() -> None:
    obstacle = _blob((0, 1.8, 1.0), 0.1)
    scout = _scout(obstacle, None)
    through = paths.orbit(1.8, 1.0, 0.1, 1.0)
    assert not scout.free(through)
    around = choose(scout, [through], False)
    assert around is not None
    assert around.raised_m > 0
    away = np.linalg.norm(around.sampled(200)[0][:, None] - obstacle.means, axis=2)
    assert away.min() > 0.1
    assert choose(scout, [through, paths.orbit(1.2, 0.7, 0.1, 1.0)], False) is not around
    shut = Gaussians.concatenate([_blob((0, 1.8, z), 0.1) for z in np.arange(0, 4, 0.2)])
    assert choose(_scout(shut, None), [through], False) is None
    speck = obstacle.select(np.arange(2))
    assert _scout(speck, None).free(through)


def test_the_inside_of_what_photos_see_from_outside_is_matter() -> None:
    shots = Shots.rendered(ring(8, 2 * np.pi), [Lens.from_fov(200, 150, 60)] * 8, cast)
    eyes = np.array([[0, 0, 0.25], [0, 0, -0.5], [0, 0, 0.9], [1.0, 0, 0.3], [1.8, 0, 1.0], [9, 9, 9]])
    assert in_matter(eyes, _blob((5, 5, 5), 0.1), 0.05, shots).tolist() == [True, True, False, False, False, False]


def test_an_orbit_goes_as_far_as_photos_saw() -> None:
    lens = Lens.from_fov(200, 150, 60)
    rings = [(1.8, 1.0, 0.1)]
    whole = _scout(_blob((5, 5, 5), 0.1), Shots.rendered(ring(16, 2 * np.pi), [lens] * 16, cast))
    assert supported_orbit(whole, rings, 1.0)[0].closed
    some = _scout(_blob((5, 5, 5), 0.1), Shots.rendered(ring(8, 1.5), [lens] * 8, cast))
    (part,) = supported_orbit(some, rings, 1.0)
    assert not part.closed
    asked = paths.orbit(*rings[0], 1.0)
    assert some.along(asked) < 0.4 < 0.8 < some.along(part)
    angle = np.degrees(np.arctan2(*part.sampled(50)[0].T[1::-1]))
    assert -45 < angle.min() < 30
    assert 60 < angle.max() < 130
    sides = [paths.orbit(1.8, 1.0, 0.1, 1.0, start, 0.3) for start in (3.5, 0.6, 5.0)]
    assert choose(some, sides, True) is sides[1]


@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(0.05, 0.5))
@settings(max_examples=60, deadline=None)
def test_greedy_views_are_near_the_best_and_never_show_less(seed: int, count: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    covers, before = rng.random((9, 40)) < share, rng.random(40) < 0.2
    chosen = greedy(covers, count, before)
    total = (covers.any(0) | before).sum()
    assert chosen.share == sorted(chosen.share)
    assert chosen.share[-1] == pytest.approx((covers[chosen.chosen].any(0) | before).sum() / max(total, 1))
    gained = chosen.share[-1] * total - before.sum()
    best = max((covers[list(some)].any(0) & ~before).sum() for some in combinations(range(9), count))
    assert (1 - 1 / np.e) * best - 1e-9 <= gained <= best + 1e-9
    assert len(greedy(covers, 30).chosen) == 30
