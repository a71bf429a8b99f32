"""Learning curves by hand."""

import pytest

from runtime.stats.learning import area, area_over_runs, area_uplift, curve, needed_for, sample_efficiency


def runs(rates: dict[float, list[int]], states: int = 20) -> dict[float, dict[int, dict[str, float]]]:
    """Outcomes from amount -> successes of each seed."""
    return {
        amount: {s: {str(i): float(i < won) for i in range(states)} for s, won in enumerate(wins)}
        for amount, wins in rates.items()
    }


def test_area_and_efficiency() -> None:
    assert area([0, 10, 30], [0, 50, 50]) == pytest.approx((250 + 1000) / 30)
    assert needed_for([10, 20, 40], [10, 30, 70], 50) == pytest.approx(30)
    assert needed_for([10, 20], [60, 70], 50) == 10
    assert needed_for([10, 20], [10, 20], 50) is None
    assert sample_efficiency({10: 30, 20: 60}, {10: 10, 40: 45}, 40) == pytest.approx(40 / 15)
    assert sample_efficiency({10: 1}, {10: 10, 40: 45}, 40) is None
    assert sample_efficiency({10: 90}, {10: 10, 40: 45}, 80) is None
    with pytest.raises(ValueError, match="rising"):
        area([3, 3], [1, 1])


def test_a_curve_has_a_band_at_each_point() -> None:
    points = curve(runs({50: [10, 12, 8], 10: [1, 2, 0]}), 0.9)
    assert [p.amount for p in points] == [10, 50]
    assert [p.estimate.value for p in points] == pytest.approx([5, 50])
    assert all(p.estimate.band.low < p.estimate.value < p.estimate.band.high for p in points)


def test_areas_pair_by_seed() -> None:
    treated, base = runs({0: [4, 8, 12], 10: [8, 12, 16]}), runs({0: [2, 6, 10], 10: [6, 10, 15]})
    assert area_over_runs(treated) == pytest.approx({0: 30, 1: 50, 2: 70})
    found = area_uplift(treated, base, 0.95)
    assert found is not None
    value, band = found
    assert value == pytest.approx((10 + 10 + 7.5) / 3)
    assert band.width == pytest.approx(2 * 4.3027 * (1.4434 / 3**0.5), rel=1e-3)
    assert area_uplift(runs({0: [4], 10: [8]}), base, 0.95) is None
