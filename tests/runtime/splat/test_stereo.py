"""Stereo finds surfaces of which few points are known, and looks at nothing that it should not see."""

from dataclasses import replace

import numpy as np
import pytest

from runtime.splat.photos import Photos
from runtime.splat.stereo import stereo_points

WIDTH, HEIGHT, FOCAL = 72, 54, 60.0


def texture(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours [..., 3] of a wall at its coordinates."""
    rng = np.random.default_rng(3)
    waves = [np.sin(rng.uniform(-9, 9) * x + rng.uniform(-9, 9) * y + rng.uniform(0, 6)) for _ in range(24)]
    grey = 0.5 + 0.4 * np.tanh(sum(waves) / 4)
    return np.stack([grey, 0.9 * grey, 0.8 * grey], -1).astype(np.float32)


@pytest.fixture(scope="module")
def photos() -> Photos:
    """A street: walls at x = -1 and x = 1, seen by four cameras that walk along z, of which one photo is held out."""
    K = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1.0]])
    v, u = np.indices((HEIGHT, WIDTH))
    rays = np.stack([u + 0.5, v + 0.5, np.ones_like(u)], -1) @ np.linalg.inv(K).T
    z = 1 / np.maximum(np.abs(rays[..., 0]), 0.08)  # the street ends 12.5 away
    images, poses, observed = [], [], []
    for k in range(4):
        pose = np.eye(4)
        pose[2, 3] = 0.4 * k
        world = rays * z[..., None] + pose[:3, 3]
        images.append(texture(world[..., 2] + 5 * np.sign(rays[..., 0]), world[..., 1]))
        poses.append(pose)
        rng = np.random.default_rng(k)
        row, column = rng.integers(HEIGHT, size=30), rng.integers(WIDTH, size=30)
        observed.append((np.full(30, k), np.stack([column + 0.5, row + 0.5], 1), z[row, column]))
    frame, uv, depth = (np.concatenate(a) for a in zip(*observed, strict=True))
    none = np.zeros((0, 3), np.float32)
    held_out = np.arange(4) == 3
    return Photos(images, np.array(poses), np.tile(K, (4, 1, 1)), held_out, none, none, frame, uv, depth)


def test_a_slanted_wall_is_found(photos):
    xyz, rgb = stereo_points(photos, 100_000, seed=0)
    off = np.abs(np.abs(xyz[:, 0]) - 1)
    assert len(xyz) > 2000  # of 11,664 pixels, many of which one photo alone sees
    assert np.median(off) < 0.02
    assert np.mean(off < 0.1) > 0.85
    near = np.abs(rgb - texture(xyz[:, 2] + 5 * np.sign(xyz[:, 0]), xyz[:, 1])).mean(axis=1)
    assert np.median(near) < 0.05
    again, _ = stereo_points(photos, 500, seed=0)
    assert len(again) == 500
    assert {tuple(p) for p in again} <= {tuple(p) for p in xyz}


def test_held_out_photos_and_masked_pixels_give_no_points(photos):
    spoilt = [np.full_like(i, np.nan) if out else i for i, out in zip(photos.images, photos.held_out, strict=True)]
    whole = stereo_points(photos, 100_000, seed=0)
    for a, b in zip(whole, stereo_points(replace(photos, images=spoilt), 100_000, seed=0), strict=True):
        np.testing.assert_array_equal(a, b)
    left = np.indices((HEIGHT, WIDTH))[1] < WIDTH / 2
    masked, _ = stereo_points(replace(photos, masks=dict.fromkeys(range(4), left)), 100_000, seed=0)
    assert len(masked) > 500
    assert (masked[:, 0] < 0).all()


def test_photos_without_others_beside_them_give_no_points(photos):
    alone = replace(photos, held_out=np.arange(4) != 1)
    assert [a.shape for a in stereo_points(alone, 100, seed=0)] == [(0, 3), (0, 3)]
    odd = replace(photos, images=[image[: HEIGHT - k] for k, image in enumerate(photos.images)])  # no two of a size
    assert len(stereo_points(odd, 100, seed=0)[0]) == 0
