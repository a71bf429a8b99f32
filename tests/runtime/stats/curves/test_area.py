"""Areas and crossings by hand."""

import pytest

from runtime.stats.curves.area import area, needed_for


def test_areas_and_crossings() -> None:
    assert area([0, 10, 30], [0, 50, 50]) == pytest.approx((250 + 1000) / 30)
    assert needed_for([10, 20, 40], [10, 30, 70], 50) == pytest.approx(30)
    assert needed_for([10, 20], [60, 70], 50) == 10
    assert needed_for([10, 20], [10, 20], 50) is None
    with pytest.raises(ValueError, match="rising"):
        area([3, 3], [1, 1])
