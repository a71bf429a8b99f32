"""Stopping early, looking at every episode: the error rate holds, and trials are saved."""

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.coverage_methods import Seen, ours
from benchmarks.coverage_studies import Shape, Truth, studies
from runtime.stats.sequential import confidence_sequence, evidence_value, first_stop, look_levels


def pairs(rng: np.random.Generator, gain: float, loss: float, n: int) -> np.ndarray:
    u = rng.random(n)
    return (u < gain).astype(int) - (u > 1 - loss).astype(int)


@pytest.mark.parametrize("discordant", [0.05, 0.3, 0.9])
def test_the_error_rate_holds_at_every_episode(discordant: float) -> None:
    rng = np.random.default_rng(0)
    stops = [first_stop(pairs(rng, discordant / 2, discordant / 2, 400), 0.95) for _ in range(1500)]
    assert np.mean([s.direction != "undecided" for s in stops]) <= 0.05 + 0.011


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
    stops = [first_stop(pairs(rng, 0.4, 0.1, 200), 0.95) for _ in range(300)]
    assert np.mean([s.direction == "helps" for s in stops]) > 0.97
    assert np.mean([s.saved for s in stops]) > 120
    assert all(s.trials + s.saved == 200 for s in stops)


def test_swapped_sides_stop_at_the_same_place() -> None:
    seen = pairs(np.random.default_rng(3), 0.4, 0.1, 200)
    one, other = first_stop(seen, 0.95), first_stop(-seen, 0.95)
    assert (one.trials, one.direction, other.direction) == (other.trials, "helps", "hurts")
    assert first_stop(seen, 0.95, max_trials=4).direction == "undecided"
    assert evidence_value(0, 0) == 1
    # Six of six: the mixture is 2^6 / 7.
    assert evidence_value(6, 0) == pytest.approx(64 / 7)


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
    assert confidence_sequence(np.array([]), 0.95).to_json() == [-1, 1]


def test_a_band_over_seeds_may_be_looked_at_a_few_times() -> None:
    rng = np.random.default_rng(6)
    treated, base = next(studies(rng, Truth(0.5, 0.5, 10.0), Shape(3, 1, 120), 2_000))
    wrong = np.zeros(2_000, dtype=bool)
    for trials, level in zip((30, 60, 90, 120), look_levels(0.95, 4), strict=True):
        low, high = ours(Seen.of(treated[..., :trials], base[..., :trials]), level, rng)
        wrong |= (low > 0) | (high < 0)
    assert wrong.mean() <= 0.05 + 0.01


def test_looks_share_the_error() -> None:
    levels = look_levels(0.95, 4)
    assert sum(1 - level for level in levels) == pytest.approx(0.05)
    assert levels == sorted(levels, reverse=True)
    assert look_levels(0.9, 1) == pytest.approx([0.9])
    with pytest.raises(ValueError, match="look"):
        look_levels(0.9, 0)
