"""p-values that go with the bands, and many comparisons at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from runtime.stats.band import Band
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import uplift_group
from runtime.stats.inference.multiple import FINEST, benjamini_hochberg, holm, p_value, simultaneous_level

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def t_band(values: np.ndarray, level: float) -> Band:
    reach = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return Band(values.mean() - reach, values.mean() + reach)


@pytest.mark.parametrize("shift", [0.0, 1.0, 4.0, 12.0])
def test_the_p_value_is_the_test_that_the_band_stands_for(shift: float) -> None:
    values = np.array([0.3, -1.2, 0.8, 2.0]) + shift
    wanted = stats.ttest_1samp(values, 0).pvalue
    assert p_value(lambda level: t_band(values, level)) == pytest.approx(wanted, rel=2e-4, abs=FINEST)


def test_the_p_value_of_an_uplift_agrees_with_its_band() -> None:
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.1, 0.3):
        sides = [{s: {str(i): float(rng.random() < r) for i in range(40)} for s in range(3)} for r in (0.5 + shift, 0.5)]

        def band(level: float, sides: list = sides) -> Band:
            return estimate([uplift_group(*sides)], level, (-100.0, 100.0)).band

        p = p_value(band)
        assert p == 1 or not band(1 - 1.01 * p).contains(0)
        assert band(1 - 0.99 * p).contains(0)


@given(P_VALUES)
@settings(max_examples=40, deadline=None)
def test_adjusted_values_keep_order_and_never_fall_below_their_own(p_values: list[float]) -> None:
    order = np.argsort(p_values, kind="stable")
    strict, lenient = np.array(holm(p_values)), np.array(benjamini_hochberg(p_values))
    for adjusted in (strict, lenient):
        assert (adjusted >= np.array(p_values) - 1e-12).all()
        assert (np.diff(adjusted[order]) >= -1e-12).all()
    assert (strict >= lenient - 1e-12).all()
    assert strict == pytest.approx(multipletests(p_values, method="holm")[1])
    assert lenient == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


def test_published_examples() -> None:
    """Benjamini and Hochberg (1995), section 3.2: fifteen comparisons, four rejected at 0.05, Holm rejects three."""
    p_values = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert sum(p <= 0.05 for p in benjamini_hochberg(p_values)) == 4
    assert sum(p <= 0.05 for p in holm(p_values)) == 3
    assert holm([]) == benjamini_hochberg([]) == []


def test_all_bands_hold_together() -> None:
    rng = np.random.default_rng(1)
    level = simultaneous_level(0.9, 4)
    assert level == pytest.approx(0.975)
    missed = 0
    for _ in range(600):
        base = rng.standard_normal(4)
        bands = [t_band(rng.standard_normal(4) - base, level) for _ in range(4)]
        missed += any(not band.contains(0) for band in bands)
    assert missed / 600 <= 0.1 + 0.03
    with pytest.raises(ValueError, match="at least one"):
        simultaneous_level(0.9, 0)
