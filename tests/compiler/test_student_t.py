"""The compiler's own Student t against scipy's."""

import pytest
from scipy import stats

from compiler.student_t import cdf, quantile


@pytest.mark.parametrize("degrees", [0.5, 1, 1.7, 2, 3, 4.25, 8, 30, 118, 5_000, 400_000, 2e6])
@pytest.mark.parametrize("p", [0.5, 0.6, 0.8, 0.9, 0.975, 0.995, 0.99999])
def test_quantiles_are_those_of_scipy(p: float, degrees: float) -> None:
    wanted = stats.t.ppf(p, degrees)
    assert quantile(p, degrees) == pytest.approx(wanted, rel=4e-6)
    assert quantile(1 - p, degrees) == pytest.approx(-wanted, rel=4e-6)


@pytest.mark.parametrize("t", [-40, -3.2, -0.1, 0, 0.4, 2.1, 12])
@pytest.mark.parametrize("degrees", [1, 2.5, 7, 60, 10_000])
def test_the_distribution_is_scipy_s(t: float, degrees: float) -> None:
    assert cdf(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), rel=1e-9, abs=1e-15)


def test_without_degrees_of_freedom_there_is_no_quantile() -> None:
    assert quantile(0.975, 0) == float("inf")
    with pytest.raises(ValueError, match=r"0\.\.1"):
        quantile(1.2, 3)
