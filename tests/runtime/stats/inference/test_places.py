"""Many places, tasks and runs: what one of them says by itself is held against the others."""

import numpy as np
import pytest

from benchmarks.many import humps, mean, noisy, place, rows, told_apart
from runtime.stats.evidence import beside_places, places_json
from runtime.stats.inference.group import Group, Side
from runtime.stats.inference.humps import two_humps
from runtime.stats.inference.places import apart, places_apart
from runtime.stats.prior.fleet import fleet


def exact(ours: tuple[float, ...], theirs: tuple[float, ...]) -> Group:
    sides = tuple(Side(np.array(side), 1.0) for side in (ours, theirs))
    means = sides[0].means - sides[1].means
    return Group((0, 1, 2), means, 0.0, float(means.mean()), 1.0, 50.0, sides)


def test_places_are_told_apart_by_hand() -> None:
    """Uplifts 20 and 0 with a variance of 12 each (18 + 18 between runs, three a side): Q = 200 / 12, F(1, 8)."""
    base = (40 - 18**0.5, 40.0, 40 + 18**0.5)
    found = apart(rows([exact(tuple(x + 20 for x in base), base), exact(base, base)]), 0.95)
    assert found.p_value == pytest.approx(0.00352, abs=2e-5)
    assert found.told_apart
    lone = Group((0,), np.array([5.0]), 0.0, 5.0, 30.0, 50.0, (Side(np.array([45.0]), 15.0), Side(np.array([40.0]), 15.0)))
    assert apart(rows([lone, lone]), 0.95).p_value is None


def test_one_task_of_eleven_that_survives_by_luck_is_said_to() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):  # until luck makes one of eleven tasks look decided
        groups = [place(rng, 0, 3) for _ in range(11)]
        compared = rows(groups)
        if sum(row.direction != "undecided" for row in compared) == 1:
            break
    told = places_apart(compared, 0.95)
    (odd,) = [row for row in beside_places(compared, told) if row.notes]
    assert odd.notes[0].startswith(f"{odd.direction} by itself; undecided as one of 11 places (Holm's p")
    said = places_json(told["a", "twin"], compared, compared[0])
    assert said is not None
    assert (said["count"], said["helps"], said["hurts"]) == (11, 0, 0)
    _, alone, holm = mean(60, lambda: told_apart(rng, (0,) * 11, 3, (10,) * 11))
    assert alone > 0.25 > 0.12 >= holm


def test_noisy_places_of_a_fleet_are_not_judged_by_the_others_spread() -> None:
    rng = np.random.default_rng(4)
    one, _, ours, others = mean(40, lambda: noisy(rng, 10, 3, 0.2))
    assert one > 0.2
    assert ours < 0.1 > others
    steady = {str(i): [exact((60.0, 61, 62), (40.0, 41, 42))] for i in range(4)}
    assert all(row.p_value < 1e-6 for row in fleet(steady, 0.95).locations)


def test_runs_that_fall_in_two_groups() -> None:
    found = two_humps([0, 5, 2.5, 70, 72.5, 75, 67.5, 72.5], [40] * 8)
    assert found is not None
    assert (found.below, found.above, found.low, found.high) == (3, 5, 5, 67.5)
    assert two_humps([0, 70, 72, 75], [40] * 4) is None  # too few to tell
    assert two_humps([60] * 8, [40] * 8) is None
    assert two_humps([40, 45, 50, 52, 55, 58, 60, 70], [40] * 8) is None
    rng = np.random.default_rng(2)
    assert mean(300, lambda: humps(rng, 10, 0.5, 10))[0] <= 0.02
    assert mean(60, lambda: humps(rng, 10, 0.7, 5, 0.35))[0] > 0.8
