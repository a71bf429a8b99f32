"""Sample efficiency by hand, and that its band keeps its level."""

import numpy as np
import pytest

from runtime.stats.curves.efficiency import Efficiency, efficiency
from tests.runtime.stats.curves.test_curve import PLACE, runs


def found(treated: dict, base: dict, level: float = 0.9) -> Efficiency:
    got = efficiency({PLACE: treated}, {PLACE: base}, level)
    assert isinstance(got, Efficiency), got
    return got


BASE = runs({100: [20, 22], 200: [40, 42], 400: [60, 62]}, states=100)


def test_half_the_steps_for_the_same_rate() -> None:
    fast = runs({100: [50, 52], 200: [60, 62], 400: [80, 82]}, states=100)
    got = found(fast, BASE)
    assert (got.at, got.kind) == (400, "exact")
    assert got.value == pytest.approx(2.0)
    assert got.low is not None
    assert got.low <= 2.0
    assert got.high is None or got.high >= 2.0


def test_between_checkpoints_it_is_straight() -> None:
    assert found(runs({100: [51, 51], 200: [71, 71]}, 100), BASE).value == pytest.approx(400 / 150)


def test_there_from_the_first_and_never_there() -> None:
    early = found(runs({100: [90, 95], 400: [95, 97]}, 100), BASE)
    assert (early.kind, early.value, early.high) == ("at least", 4.0, None)
    assert early.low == pytest.approx(4.0)
    never = found(runs({100: [1, 2], 400: [5, 3]}, 100), BASE)
    assert (never.kind, never.value, never.low) == ("at most", 1.0, None)
    assert never.high == pytest.approx(1.0)


def test_what_cannot_be_said_has_a_reason() -> None:
    assert "not trained" in str(efficiency({PLACE: runs({0: [1, 1]})}, {PLACE: BASE}, 0.9))
    assert "not trained" in str(efficiency({PLACE: BASE}, {PLACE: runs({0: [1, 1]}, 100)}, 0.9))
    assert "one checkpoint" in str(efficiency({PLACE: runs({400: [1, 1]})}, {PLACE: BASE}, 0.9))
    assert "counterpart" in str(efficiency({("barn", "press"): BASE}, {PLACE: BASE}, 0.9))
    longer = {PLACE: BASE, ("barn", "press"): runs({100: [1, 1], 800: [2, 2]}, 100)}
    assert "equally long" in str(efficiency(longer, longer, 0.9))
    single = found({0: BASE[0]}, {0: BASE[0]})
    assert (single.low, single.high) == (None, None)
    assert "one training run" in single.reason


@pytest.mark.slow
def test_the_band_holds_the_truth_as_often_as_it_says() -> None:
    """Truth: straight between checkpoints, the treatment at half the steps; three runs that differ by luck."""
    rng, held, studies, places = np.random.default_rng(5), 0, 300, [("a", "t"), ("b", "t")]
    rates = {"base": {100: 0.2, 200: 0.35, 400: 0.6}, "fast": {100: 0.4, 200: 0.6, 400: 0.8}}
    for _ in range(studies):
        made = {
            name: {
                place: {
                    s: {a: {str(i): float(rng.random() < p + luck) for i in range(30)} for a, p in curve.items()}
                    for s, luck in enumerate(rng.normal(0, 0.05, 3))
                }
                for place in places
            }
            for name, curve in rates.items()
        }
        got = efficiency(made["fast"], made["base"], 0.9)
        assert isinstance(got, Efficiency)
        held += (got.low is None or got.low <= 2) and (got.high is None or got.high >= 2)
    assert held / studies > 0.87
