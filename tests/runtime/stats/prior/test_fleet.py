"""Many locations: pooling helps, false discoveries stay rare, the odd ones are found."""

from dataclasses import replace

import numpy as np
import pytest

from runtime.stats.inference.group import Group
from runtime.stats.prior.fleet import fleet, pooled_partly, quarantine


def groups(rng: np.random.Generator, truth: np.ndarray, seeds: int = 2, noise: float = 8.0) -> dict[str, list[Group]]:
    runs = truth[:, None] + noise * rng.standard_normal((len(truth), seeds))
    return {
        f"l{i}": [Group(tuple(range(seeds)), r, 0.0, float(r.mean()), noise**2 / seeds / 4, 50.0, ())] for i, r in enumerate(runs)
    }


def test_shrunk_values_are_nearer_the_truth_and_their_bands_hold() -> None:
    rng = np.random.default_rng(0)
    raw, shrunk, covered, narrower = [], [], [], []
    for _ in range(40):
        truth = 5 + 4 * rng.standard_normal(60)
        found = fleet(groups(rng, truth), 0.9)
        raw += [(r.raw - t) ** 2 for r, t in zip(found.locations, truth, strict=True)]
        shrunk += [(r.value - t) ** 2 for r, t in zip(found.locations, truth, strict=True)]
        covered += [r.band.contains(t) for r, t in zip(found.locations, truth, strict=True)]
        narrower.append(found.locations[0].band.width < 2 * 1.645 * 8 / 2**0.5)
    assert np.mean(shrunk) < 0.6 * np.mean(raw)
    assert 0.86 <= np.mean(covered) <= 0.94
    assert all(narrower)


def test_false_discoveries_stay_rare() -> None:
    rng = np.random.default_rng(1)
    shares, found_true = [], 0
    for _ in range(80):
        truth = np.where(np.arange(100) < 20, 25.0, 0.0)
        rows = fleet(groups(rng, truth), 0.9).locations
        said = [i for i, r in enumerate(rows) if r.direction(0.1) != "undecided"]
        shares.append(sum(i >= 20 for i in said) / max(len(said), 1))
        found_true += sum(i < 20 for i in said)
    assert np.mean(shares) <= 0.1 + 0.02
    assert found_true / 80 > 12


def test_locations_that_are_alike_become_one() -> None:
    found = fleet(groups(np.random.default_rng(2), np.full(100, 7.0)), 0.9)
    assert found.spread < 3
    assert max(abs(r.value - found.mean) for r in found.locations) < 6
    assert found.mean == pytest.approx(7, abs=1.5)


def test_order_and_mirror() -> None:
    rng = np.random.default_rng(3)
    made = groups(rng, 10 * rng.standard_normal(12), seeds=3)
    found = {r.location: r for r in fleet(made, 0.9).locations}
    turned = {r.location: r for r in fleet(dict(reversed(made.items())), 0.9).locations}
    mirrored = {
        name: [replace(g, unit_means=-g.unit_means, state_variance=0.0, floor_centre=-g.floor_centre) for g in own]
        for name, own in made.items()
    }
    other = {r.location: r for r in fleet(mirrored, 0.9).locations}
    for name, row in found.items():
        assert (turned[name].value, turned[name].adjusted) == pytest.approx((row.value, row.adjusted))
        assert (other[name].band.low, other[name].band.high) == pytest.approx((-row.band.high, -row.band.low))


def test_pulling_by_hand() -> None:
    """With a spread that many locations make known, each is drawn by the share of its own variance."""
    rng = np.random.default_rng(6)
    values = 5 * rng.standard_normal(4000) + 3 * rng.standard_normal(4000)
    mean, error, spread, shrunk, errors, pulls = pooled_partly(values, np.full(4000, 9.0))
    assert spread == pytest.approx(5, abs=0.3)
    assert pulls == pytest.approx(np.full(4000, 9 / 34), abs=0.03)
    assert shrunk == pytest.approx(mean + (1 - pulls) * (values - mean), abs=0.01)
    assert errors == pytest.approx(np.full(4000, (9 * 25 / 34) ** 0.5), abs=0.15)
    assert error == pytest.approx((34 / 4000) ** 0.5, rel=0.05)
    assert pooled_partly(np.array([7.0]), np.array([4.0]))[3] == pytest.approx([7])


def test_quarantine_says_why() -> None:
    rng = np.random.default_rng(4)
    truth = np.full(40, 10.0)
    truth[3], truth[7] = -60.0, 90.0
    listed = {q["location"]: q["reason"] for q in quarantine(fleet(groups(rng, truth), 0.9), disagreement={"l5": 0.4})}
    assert set(listed) >= {"l3", "l5", "l7"}
    assert len(listed) <= 5
    assert "hurts" in listed["l3"]
    assert "40%" in listed["l5"]
    assert "the fleet's is" in listed["l7"]


def test_without_repeated_seeds_there_is_no_fleet() -> None:
    with pytest.raises(ValueError, match="one training seed"):
        fleet(groups(np.random.default_rng(5), np.zeros(4), seeds=1), 0.9)
    with pytest.raises(ValueError, match="at least one location"):
        fleet({}, 0.9)
