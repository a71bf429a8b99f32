"""The decision matrix as priors: ranges, updates, and whether ranges hold what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.stats.band import Band
from runtime.stats.inference import Estimate
from runtime.stats.prior import RANGE_LEVEL, at_new_location, calibration, of_range, update


def measured(value: float, error: float, degrees: float = 1e6, level: float = 0.9) -> Estimate:
    return Estimate(value, Band(value - 2 * error, value + 2 * error), level, degrees, error, error, 6)


def test_a_range_is_the_central_band_of_its_distribution() -> None:
    prior = of_range((4, 12))
    assert (prior.mean, prior.band.low, prior.band.high) == pytest.approx((8, 4, 12))
    assert prior.exceeds(12) == pytest.approx((1 - RANGE_LEVEL) / 2)
    assert of_range((5, 5)).sd == 1
    with pytest.raises(ValueError, match="low <= high"):
        of_range((5, 4))


def test_with_many_seeds_it_is_the_normal_update() -> None:
    prior, error = of_range((4, 12)), 2.0
    posterior = update(prior, measured(0, error))
    weight = prior.sd**-2 / (prior.sd**-2 + error**-2)
    assert posterior.mean == pytest.approx(8 * weight, abs=0.01)
    assert posterior.sd == pytest.approx((prior.sd**-2 + error**-2) ** -0.5, abs=0.01)
    assert posterior.band.width == pytest.approx(2 * 1.645 * posterior.sd, rel=0.01)


def test_few_seeds_far_from_the_range_do_not_overrule_it() -> None:
    prior = of_range((4, 12))
    many, few = update(prior, measured(-40, 2)), update(prior, measured(-40, 2, degrees=1))
    assert many.mean < -20
    assert few.mean > many.mean + 10
    unknown = Estimate(-40, Band(-100, 100), 0.9, 0.0, float("inf"), float("inf"), 1)
    assert update(prior, unknown).mean == prior.mean


@given(st.floats(-50, 50), st.floats(0.5, 20), st.floats(1, 60), st.floats(-30, 30), st.floats(0, 30))
@settings(max_examples=60, deadline=None)
def test_mirrored_worlds_have_mirrored_beliefs(
    value: float, error: float, freedom: float, low: float, span: float
) -> None:
    one = update(of_range((low, low + span)), measured(value, error, freedom))
    other = update(of_range((-low - span, -low)), measured(-value, error, freedom))
    assert other.mean == pytest.approx(-one.mean, abs=0.06)
    assert other.sd == pytest.approx(one.sd, abs=0.06)
    # Between what was believed and what was seen, grid apart.
    ends = sorted((low + span / 2, value))
    assert ends[0] - 0.06 <= one.mean <= ends[1] + 0.06


def test_a_new_location_is_less_certain() -> None:
    belief = update(of_range((4, 12)), measured(9, 1))
    wider = at_new_location(belief, 6.0, 0.9)
    assert wider.mean == belief.mean
    assert wider.sd == pytest.approx((belief.sd**2 + 36) ** 0.5)
    assert at_new_location(belief, 0.0, 0.9).sd == pytest.approx(belief.sd)


@pytest.mark.parametrize(("shift", "stretch"), [(0.0, 1.0), (6.0, 1.0), (0.0, 3.0)])
def test_calibration_tells_right_matrices_from_wrong_ones(shift: float, stretch: float) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(400):
        middle, half = rng.uniform(-5, 15), rng.uniform(2, 6)
        prior = of_range((middle - half, middle + half))
        truth = middle - shift + stretch * prior.sd * rng.standard_normal()
        rows.append(((middle - half, middle + half), measured(truth + 1.5 * rng.standard_normal(), 1.5)))
    found = calibration(rows)
    assert found.rows == 400
    assert found.optimism == pytest.approx(shift, abs=1.5)
    assert found.scale is not None
    if shift == 0 and stretch == 1:
        assert found.inside == pytest.approx(found.expected, abs=25)
        assert found.scale == pytest.approx(1, abs=0.15)
    else:
        assert found.inside < found.expected - 50
        assert found.scale > 1.5
        assert found.outside > 30


def test_unmeasured_rows_do_not_count() -> None:
    unknown = Estimate(4, Band(-100, 100), 0.9, 0.0, float("inf"), float("inf"), 1)
    found = calibration([((0, 8), unknown)])
    assert (found.rows, found.inside, found.scale) == (0, 0, None)
