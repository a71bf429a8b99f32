"""The compiler's own quantiles against scipy's, and its share of luck against the runtime's."""

import numpy as np
import pytest
from scipy import stats

from compiler.laws.power.power import floor_share
from compiler.laws.power.quantiles import chi_square_quantile, t_cdf, t_quantile
from runtime.stats.inference import interval


@pytest.mark.parametrize("degrees", [0.5, 1, 1.7, 2, 3, 4.25, 8, 30, 118, 5_000, 400_000, 2e6])
@pytest.mark.parametrize("p", [0.5, 0.6, 0.8, 0.9, 0.975, 0.995, 0.99999])
def test_t_is_that_of_scipy(p: float, degrees: float) -> None:
    wanted = stats.t.ppf(p, degrees)
    assert t_quantile(p, degrees) == pytest.approx(wanted, rel=4e-6)
    assert t_quantile(1 - p, degrees) == pytest.approx(-wanted, rel=4e-6)


@pytest.mark.parametrize("t", [-40, -3.2, -0.1, 0, 0.4, 2.1, 12])
@pytest.mark.parametrize("degrees", [1, 2.5, 7, 60, 10_000])
def test_the_distribution_is_scipy_s(t: float, degrees: float) -> None:
    assert t_cdf(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), rel=1e-9, abs=1e-15)


def test_without_degrees_of_freedom_there_is_no_quantile() -> None:
    assert t_quantile(0.975, 0) == float("inf")
    with pytest.raises(ValueError, match=r"0\.\.1"):
        t_quantile(1.2, 3)


@pytest.mark.parametrize("degrees", [0.5, 1, 2, 3, 4.25, 9, 38, 190, 1_999, 2_000, 1e6])
@pytest.mark.parametrize("p", [1e-9, 0.001, 0.01, 0.05, 0.2, 0.5])
def test_chi_square_is_that_of_scipy(p: float, degrees: float) -> None:
    assert chi_square_quantile(p, degrees) == pytest.approx(stats.chi2.ppf(p, degrees), rel=1e-4)


def test_upper_quantiles_are_refused() -> None:
    assert chi_square_quantile(0, 3) == 0
    with pytest.raises(ValueError, match=r"0\.\.0\.5"):
        chi_square_quantile(0.9, 3)


@pytest.mark.parametrize("degrees", [1, 2, 9, 190])
@pytest.mark.parametrize("events", [0.0, 5.0, 12.0, 400.0])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
def test_compiler_and_runtime_agree_on_the_floor(degrees: int, events: float, level: float) -> None:
    theirs = float(interval.floor_share(degrees, np.array(events), level))
    assert floor_share(degrees, events, level) == pytest.approx(theirs, rel=1e-4)
