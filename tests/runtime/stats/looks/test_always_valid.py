"""Stopping early, looking at every episode: the error rate holds, and trials are saved."""

import numpy as np
import pytest
from scipy.stats import binom

from runtime.stats.looks.always_valid import confidence_sequence, leaves_out_zero


def pairs(rng: np.random.Generator, gain: float, loss: float, n: int) -> np.ndarray:
    u = rng.random(n)
    return (u < gain).astype(int) - (u > 1 - loss).astype(int)


@pytest.mark.parametrize("discordant", [0.05, 0.3, 0.9])
def test_the_error_rate_holds_at_every_episode(discordant: float) -> None:
    rng = np.random.default_rng(0)
    seen = np.stack([pairs(rng, discordant / 2, discordant / 2, 400) for _ in range(1500)])
    assert leaves_out_zero(seen, 0.95)[:, -1].mean() <= 0.05 + 0.011


def test_a_fixed_test_looked_at_all_the_time_does_not_hold_it() -> None:
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(400):
        seen = pairs(rng, 0.2, 0.2, 200)
        gained, lost = np.cumsum(seen > 0), np.cumsum(seen < 0)
        total = gained + lost
        wrong += bool((2 * binom.cdf(np.minimum(gained, lost), total, 0.5) < 0.05).any())  # McNemar's exact test
    assert wrong / 400 > 0.1


def test_a_clear_difference_stops_early() -> None:
    rng = np.random.default_rng(2)
    sure = leaves_out_zero(np.stack([pairs(rng, 0.4, 0.1, 200) for _ in range(300)]), 0.95)
    assert sure[:, -1].mean() > 0.97
    assert (~sure).sum(1).mean() < 90
    assert (np.diff(sure.astype(int), axis=1) >= 0).all(), "what has left out zero once stays so"


def test_swapped_sides_stop_at_the_same_place() -> None:
    seen = pairs(np.random.default_rng(3), 0.4, 0.1, 200)
    assert leaves_out_zero(seen, 0.95).tolist() == leaves_out_zero(-seen, 0.95).tolist()
    assert not leaves_out_zero(seen, 0.95)[3]
    assert leaves_out_zero(np.zeros(0), 0.95).tolist() == []


def test_the_sequence_of_bands_holds_at_all_times_together() -> None:
    rng = np.random.default_rng(4)
    missed = 0
    for _ in range(120):
        seen = pairs(rng, 0.35, 0.15, 120)
        missed += any(not confidence_sequence(seen[:n], 0.9).contains(0.2) for n in range(5, 121, 5))
    assert missed / 120 <= 0.1 + 0.05


def test_the_sequence_narrows_on_scores_too() -> None:
    rng = np.random.default_rng(5)
    scores = rng.beta(2, 5, 400)
    wide, narrow = confidence_sequence(scores[:40], 0.95, (0, 1)), confidence_sequence(scores, 0.95, (0, 1))
    assert narrow.contains(2 / 7)
    assert narrow.width < 0.6 * wide.width
    assert narrow.width < 0.09
    mirrored = confidence_sequence(1 - scores, 0.95, (0, 1))
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - narrow.high, 1 - narrow.low), abs=1e-6)
    assert confidence_sequence(np.array([]), 0.95).to_json() == (-1, 1)
