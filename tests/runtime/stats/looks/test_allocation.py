"""The remaining trials go where outcomes are least certain."""

import itertools

import pytest

from runtime.stats.looks.allocation import neyman


def variance(spreads: list[float], trials: list[int], weights: list[float]) -> float:
    return sum((w * s) ** 2 / n for w, s, n in zip(weights, spreads, trials, strict=True))


def test_proportional_to_spread_from_nothing() -> None:
    added = neyman([0.1, 0.2, 0.3], [1, 1, 1], 597)
    assert [a + 1 for a in added] == pytest.approx([100, 200, 300], abs=1)


def test_no_other_division_is_better() -> None:
    spreads, done, weights = [0.5, 0.2, 0.9], [3, 1, 6], [1.0, 2.0, 0.5]
    added = neyman(spreads, done, 9, weights)
    assert sum(added) == 9
    best = min(
        variance(spreads, [d + a for d, a in zip(done, split, strict=True)], weights)
        for split in itertools.product(range(10), repeat=3)
        if sum(split) == 9
    )
    assert variance(spreads, [d + a for d, a in zip(done, added, strict=True)], weights) == pytest.approx(best)


def test_limits_and_empty_cells() -> None:
    assert neyman([1.0, 0.1], [0, 0], 5, most=[3, 10]) == [3, 2]
    assert neyman([1.0, 1.0], [2, 2], 10, most=[3, 3]) == [1, 1]
    assert neyman([], [], 4) == []
    with pytest.raises(ValueError, match="for each cell"):
        neyman([1.0], [0, 0], 4)
