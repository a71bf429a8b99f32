"""Held-out photos lie between photos to train on."""

import numpy as np

from runtime.capture.split import held_out_split


def _walk(places: np.ndarray, turn_deg: np.ndarray) -> np.ndarray:
    """Poses [F, 4, 4] at places [F, 3], turned about y."""
    poses = np.tile(np.eye(4), (len(places), 1, 1))
    angle = np.radians(turn_deg)
    poses[:, 0, 0] = poses[:, 2, 2] = np.cos(angle)
    poses[:, 0, 2], poses[:, 2, 0] = np.sin(angle), -np.sin(angle)
    poses[:, :3, 3] = places
    return poses


def test_the_ends_of_a_walk_are_never_held_out_whatever_the_order() -> None:
    places = np.column_stack([np.zeros(24), np.zeros(24), np.arange(24.0)])
    walk = _walk(places, np.zeros(24))
    assert np.flatnonzero(held_out_split(walk, 8)).tolist() == [1, 9, 18]  # 0 is an end
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(24)
        chosen = order[held_out_split(walk[order], 8)]
        assert len(chosen) == 3
        for place in chosen:
            assert {place - 1, place + 1} <= set(range(24)) - set(chosen.tolist())  # trained on, on both sides


def test_a_view_of_its_own_is_trained_on() -> None:
    """A photo between others in place that looks elsewhere, and one far from all."""
    places = np.column_stack([np.zeros(16), np.zeros(16), np.arange(16.0)])
    places[9] = (40, 0, 9)
    turned = np.where(np.arange(16) == 0, 0, np.where(np.arange(16) == 1, 180, 0))
    held_out = held_out_split(_walk(places, turned), 8)
    assert held_out.sum() == 2
    assert not held_out[[0, 1, 9, 15]].any()


def test_a_circle_is_held_out_at_its_places_and_three_photos_in_a_row_once() -> None:
    angle = np.linspace(0, 360, 32, endpoint=False)
    circle = np.column_stack([np.sin(np.radians(angle)), np.zeros(32), np.cos(np.radians(angle))])
    assert np.flatnonzero(held_out_split(_walk(circle, angle), 8)).tolist() == [0, 9, 18, 27]
    row = _walk(np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 2]]), np.zeros(3))
    assert held_out_split(row, 8).tolist() == [False, True, False]
    assert not held_out_split(row[:2], 8).any()
    assert held_out_split(row[:0], 8).shape == (0,)
