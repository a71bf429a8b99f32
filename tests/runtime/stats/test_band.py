import pytest

from runtime.stats.band import Band


@pytest.mark.parametrize(
    ("band", "relation"),
    [(Band(2, 4), "inside"), (Band(0, 4), "overlapping"), (Band(-3, 0.5), "outside"), (Band(1, 6), "inside")],
)
def test_relation_to_a_prior_range(band: Band, relation: str) -> None:
    assert band.relation((1, 6)) == relation


def test_clip_and_hull() -> None:
    assert Band(-150, 20).clip(-100, 100) == Band(-100, 20)
    assert Band(120, 130).clip(-100, 100) == Band(100, 100)
    assert Band(1, 2).hull(Band(5, 6)) == Band(1, 6)


def test_a_band_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="low <= high"):
        Band(2, 1)
    with pytest.raises(ValueError, match="low <= high"):
        Band(float("nan"), 1)
