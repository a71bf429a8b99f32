"""The compiler's own chi-square against scipy's, and its share of luck against the runtime's."""

import numpy as np
import pytest
from scipy import stats

from compiler.chi_square import quantile
from compiler.power import floor_share
from runtime.stats import interval


@pytest.mark.parametrize("degrees", [0.5, 1, 2, 3, 4.25, 9, 38, 190, 1_999, 2_000, 1e6])
@pytest.mark.parametrize("p", [1e-9, 0.001, 0.01, 0.05, 0.2, 0.5])
def test_quantiles_are_those_of_scipy(p: float, degrees: float) -> None:
    assert quantile(p, degrees) == pytest.approx(stats.chi2.ppf(p, degrees), rel=1e-4)


def test_upper_quantiles_are_refused() -> None:
    assert quantile(0, 3) == 0
    with pytest.raises(ValueError, match=r"0\.\.0\.5"):
        quantile(0.9, 3)


@pytest.mark.parametrize("degrees", [1, 2, 9, 190])
@pytest.mark.parametrize("events", [0.0, 5.0, 12.0, 400.0])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
def test_compiler_and_runtime_agree_on_the_floor(degrees: int, events: float, level: float) -> None:
    theirs = float(interval.floor_share(degrees, np.array(events), level))
    assert floor_share(degrees, events, level) == pytest.approx(theirs, rel=1e-4)
