"""The nearest views are truly the nearest; a picture is told by its content, not by exposure or size."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.scene_index.descriptor import describe
from runtime.scene_index.index import SceneIndex


def _poses(rng: np.random.Generator, count: int) -> np.ndarray:
    turns, _ = np.linalg.qr(rng.normal(size=(count, 3, 3)))
    turns *= np.sign(np.linalg.det(turns))[:, None, None]
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = turns, rng.normal(size=(count, 3))
    return poses


@given(st.integers(0, 10**6), st.sampled_from(["look", "pose", "both"]), st.floats(0.1, 3))
@settings(max_examples=20, deadline=None)
def test_nearest_is_what_looking_at_all_of_them_says(seed: int, by: str, weight: float) -> None:
    rng = np.random.default_rng(seed)
    embedding, poses = rng.normal(size=(120, 20)).astype(np.float32), _poses(rng, 120)
    embedding[60:] = embedding[:60] + 1e-4 * rng.normal(size=(60, 20))  # nearly the same
    index = SceneIndex.of(embedding, poses, 1.7, 12)
    looks, asked = index.reduced(rng.normal(size=(4, 20)).astype(np.float32)), _poses(rng, 4)
    given = ({"looks": looks} if by != "pose" else {}) | ({"c2w": asked} if by != "look" else {})
    found, away = index.nearest(7, **given, pose_weight=weight)
    for q in range(4):
        truth = []
        for view in range(120):
            look = np.linalg.norm(index.looks[view].astype(float) - looks[q]) if by != "pose" else 0.0
            shift = np.linalg.norm(poses[view, :3, 3] - asked[q, :3, 3]) / 1.7
            angle = np.arccos(np.clip((np.trace(poses[view, :3, :3].T @ asked[q, :3, :3]) - 1) / 2, -1, 1))
            pose = weight * np.hypot(shift, np.sin(angle / 2)) if by != "look" else 0.0
            truth.append(np.hypot(look, pose))
        np.testing.assert_allclose(away[q], np.sort(truth)[:7], atol=1e-6)
        np.testing.assert_allclose(np.array(truth)[found[q]], away[q], atol=1e-6)


def test_axes_keep_distances_and_what_is_written_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    embedding, poses = rng.normal(size=(30, 8)).astype(np.float32), _poses(rng, 30)
    index = SceneIndex.of(embedding, poses, 1.0, 64)
    assert index.looks.shape == (30, 8)
    there, full = (np.linalg.norm(x[:, None] - x, axis=2) for x in (index.looks, embedding))
    np.testing.assert_allclose(there, full, atol=1e-4)
    np.testing.assert_array_equal(SceneIndex.of(embedding, poses, 1.0, 3).looks, index.looks[:, :3])
    index.write(tmp_path / "index.npz")
    again = SceneIndex.read(tmp_path / "index.npz")
    np.testing.assert_array_equal(again.nearest(99, looks=index.looks[:2])[0], index.nearest(99, looks=index.looks[:2])[0])
    assert again.nearest(99, looks=index.looks[:2])[0][:, 0].tolist() == [0, 1]
    with pytest.raises(ValueError, match="by looks, by poses, or by both"):
        index.nearest(3)


def test_a_picture_is_told_by_its_content() -> None:
    rng = np.random.default_rng(1)
    pictures = [np.kron(rng.integers(0, 256, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8) for _ in range(8)]
    vectors = np.stack([describe(picture) for picture in pictures])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for k, picture in enumerate(pictures):
        darker = (picture * 0.6).astype(np.uint8)
        larger = np.kron(picture, np.ones((2, 2, 1), np.uint8))
        noisy = np.clip(picture + rng.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)
        for other in (darker, larger, noisy):
            assert np.argmax(vectors @ describe(other)) == k
    assert np.isfinite(describe(np.zeros((3, 3, 3), np.uint8))).all()
