"""The decision matrix as priors: ranges, updates, and whether ranges hold what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate
from runtime.stats.prior.prior import GRID, RANGE_LEVEL, TRUST, WIDE, at_new_location, calibration, of_range, update


def measured(value: float, error: float, degrees: float = 1e6, level: float = 0.9) -> Estimate:
    return Estimate(value, Band(value - 2 * error, value + 2 * error), level, degrees, error, error, 6)


UNKNOWN = Estimate(-40, Band(-100, 100), 0.9, 0.0, float("inf"), float("inf"), 1)


def on_grid(mean: float, sd: float) -> np.ndarray:
    mass = stats.norm.pdf(GRID, mean, sd)
    return mass / mass.sum()


def test_a_range_is_the_central_band_of_one_part_and_the_rest_is_wide() -> None:
    prior = of_range((4, 12))
    sd = 4 / stats.norm.ppf((1 + RANGE_LEVEL) / 2)
    wanted = TRUST * on_grid(8, sd) + (1 - TRUST) * on_grid(0, WIDE)
    assert prior.mass == pytest.approx(wanted, abs=1e-9)
    assert (prior.on_range, prior.share, prior.mean) == (TRUST, 0, pytest.approx(8 * TRUST))
    above = TRUST * (1 - RANGE_LEVEL) / 2 + (1 - TRUST) * stats.norm.sf(12, 0, WIDE)
    assert prior.exceeds(12) == pytest.approx(above, abs=1e-3)
    with pytest.raises(ValueError, match="low <= high"):
        of_range((5, 4))
    with pytest.raises(ValueError, match="low <= high"):
        update((5, 4), measured(0, 1))


def test_with_many_seeds_it_is_the_conjugate_update_of_a_mixture() -> None:
    """Weights and parts as in closed form: each part's evidence is normal in the measured value."""
    error, value = 2.0, 3.0
    parts = [(8.0, 4 / stats.norm.ppf((1 + RANGE_LEVEL) / 2), TRUST), (0.0, WIDE, 1 - TRUST)]
    evidence = [w * stats.norm.pdf(value, m, (s**2 + error**2) ** 0.5) for m, s, w in parts]
    weights = np.array(evidence) / sum(evidence)
    means = [(m / s**2 + value / error**2) / (s**-2 + error**-2) for m, s, _ in parts]
    spreads = [(s**-2 + error**-2) ** -0.5 for _, s, _ in parts]
    found = update((4, 12), measured(value, error))
    assert found.on_range == pytest.approx(weights[0], abs=2e-3)
    assert found.mean == pytest.approx(weights @ means, abs=0.01)
    assert found.share == pytest.approx(
        weights @ [1 - n**2 / s**2 for n, (_, s, _) in zip(spreads, parts, strict=True)], abs=2e-3
    )
    ends = [
        sum(w * stats.norm.cdf(end, m, s) for w, m, s in zip(weights, means, spreads, strict=True))
        for end in (found.band.low, found.band.high)
    ]
    assert ends == pytest.approx([0.05, 0.95], abs=2e-3)
    drawn = np.random.default_rng(0).choice(GRID, 400_000, p=found.mass)
    assert found.gain(2.0) == pytest.approx(np.maximum(drawn - 2, 0).mean(), abs=0.02)


def test_a_measurement_that_agrees_leaves_the_range_in_charge() -> None:
    """As the range's own normal update, near enough."""
    alone = (4 / stats.norm.ppf((1 + RANGE_LEVEL) / 2)) ** -2
    found = update((4, 12), measured(8, 2))
    assert found.on_range is not None
    assert found.on_range > 0.95
    assert found.mean == pytest.approx(8, abs=0.05)
    assert found.sd == pytest.approx((alone + 2**-2) ** -0.5, rel=0.06)


@given(st.floats(-50, 50), st.floats(1, 30), st.floats(45, 90), st.floats(0.5, 3))
@settings(max_examples=60, deadline=None)
def test_a_range_that_is_contradicted_gives_way(low: float, span: float, away: float, error: float) -> None:
    """With many seeds, wherever the range lies and to whichever side of it the measurement falls."""
    value = low - away if low > 0 else low + span + away
    if abs(value) > 80 or span > away / 2:
        return
    found = update((low, low + span), measured(value, error))
    assert found.on_range is not None
    assert found.on_range < 0.02
    assert found.mean == pytest.approx(value, abs=1.0 + 0.03 * abs(value))
    assert found.share > 0.95


def test_few_seeds_far_from_the_range_do_not_overrule_it_and_one_says_nothing() -> None:
    many, few = update((4, 12), measured(-40, 2)), update((4, 12), measured(-40, 2, degrees=1))
    assert many.mean < -35
    assert few.mean > many.mean + 10
    assert few.on_range is not None
    assert 0.1 < few.on_range < TRUST
    one = update((4, 12), UNKNOWN)
    assert (one.mean, one.sd, one.on_range, one.share) == (of_range((4, 12)).mean, of_range((4, 12)).sd, TRUST, 0)
    # The further off, the less is left of the range.
    left = [update((4, 12), measured(8 - away, 3, degrees=4)).on_range or 0.0 for away in (0, 10, 20, 30, 40)]
    assert left == sorted(left, reverse=True)


@given(st.floats(-50, 50), st.floats(0.5, 20), st.floats(1, 60), st.floats(-30, 30), st.floats(0, 30))
@settings(max_examples=60, deadline=None)
def test_mirrored_worlds_have_mirrored_beliefs(value: float, error: float, freedom: float, low: float, span: float) -> None:
    one = update((low, low + span), measured(value, error, freedom))
    other = update((-low - span, -low), measured(-value, error, freedom))
    assert other.mean == pytest.approx(-one.mean, abs=1e-6)
    assert other.sd == pytest.approx(one.sd, abs=1e-6)
    assert (other.band.low, other.band.high) == pytest.approx((-one.band.high, -one.band.low), abs=1e-6)
    assert other.on_range == pytest.approx(one.on_range, abs=1e-9)
    # Between what was believed, of either part, and what was seen, grid apart.
    ends = sorted((low + span / 2, 0.0, value))
    assert ends[0] - 0.06 <= one.mean <= ends[2] + 0.06
    assert 0 <= one.share <= 1


def test_a_new_location_is_less_certain() -> None:
    belief = update((4, 12), measured(9, 1))
    wider = at_new_location(belief, 6.0, 0.9)
    assert wider.mean == pytest.approx(belief.mean, abs=1e-6)
    assert wider.sd == pytest.approx((belief.sd**2 + 36) ** 0.5, abs=1e-3)
    assert (wider.on_range, wider.share) == (belief.on_range, belief.share)
    assert at_new_location(belief, 0.0, 0.9).sd == pytest.approx(belief.sd)
    # No uplift lies beyond 100 points, however far locations are apart.
    far = at_new_location(update((80, 95), measured(90, 2)), 60.0, 0.9)
    assert far.band.high < 100
    assert far.mass.sum() == pytest.approx(1)


@pytest.mark.parametrize(("shift", "stretch"), [(0.0, 1.0), (6.0, 1.0), (0.0, 3.0)])
def test_calibration_tells_right_matrices_from_wrong_ones(shift: float, stretch: float) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(400):
        middle, half = rng.uniform(-5, 15), rng.uniform(2, 6)
        sd = half / stats.norm.ppf((1 + RANGE_LEVEL) / 2)
        truth = middle - shift + stretch * sd * rng.standard_normal()
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
    found = calibration([((0, 8), UNKNOWN)])
    assert (found.rows, found.inside, found.scale) == (0, 0, None)
