"""Pairs of photos are chosen by what they show."""

import numpy as np

from runtime.capture.retrieval import pairs_to_match


def test_neighbours_of_a_walk_are_found_in_any_order() -> None:
    rng = np.random.default_rng(0)
    features = np.abs(rng.normal(size=(60 * 20 + 200, 128))).astype(np.float32)  # 20 new ones a step, each seen for 10 steps
    order = rng.permutation(60)
    shown = [features[20 * place : 20 * place + 200] + rng.normal(0, 0.1, (200, 128)) for place in order]
    shown[7] = shown[7][:0]  # a photo of a white wall
    pairs = pairs_to_match(shown, 6, seed=0)
    assert pairs == pairs_to_match(shown, 6, seed=0)
    assert all(a < b for a, b in pairs)
    apart = np.array([abs(order[a] - order[b]) for a, b in pairs if 7 not in (a, b)])
    assert np.mean(apart <= 6) > 0.95
    reached = {0}
    for _ in range(60):
        reached |= {x for pair in pairs if reached & set(pair) for x in pair}
    assert reached == set(range(60))
    assert pairs_to_match(shown[:1], 6, 0) == []
