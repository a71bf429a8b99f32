"""Power at compile time against the bands that trials are really given."""

from dataclasses import replace

import numpy as np
import pytest

from compiler.laws.power.power import BASE_RATE, POWER, STATE_CORRELATION, Design, best_band, needed, power
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import rate_group, uplift_group

UPLIFT = Design("uplift", seeds=5, trials=40, groups=2, level=0.95)
RATE = replace(UPLIFT, quantity="success_rate")


def outcomes(values: np.ndarray) -> dict[int, dict[str, float]]:
    """[S, N] -> seed -> state -> outcome."""
    return {s: {str(i): float(x) for i, x in enumerate(run)} for s, run in enumerate(values)}


def constant(design: Design, value: float) -> dict[int, dict[str, float]]:
    """Every seed with the same share of successes, at the same states."""
    wins = round(value * design.trials)
    return outcomes(np.tile([1.0] * wins + [0.0] * (design.trials - wins), (design.seeds, 1)))


@pytest.mark.parametrize("design", [UPLIFT, replace(UPLIFT, groups=1), replace(UPLIFT, seeds=2, trials=10, level=0.8)])
def test_no_band_is_narrower_than_the_best_one(design: Design) -> None:
    def band(groups: list) -> tuple[float, float]:
        limits = (-100.0, 100.0) if design.quantity == "uplift" else (0.0, 100.0)
        found = estimate(groups, design.level, limits).band
        return found.low, found.high

    always, never = constant(design, 1), constant(design, 0)
    helped = band([uplift_group(always, never, design.groups)] * design.groups)
    assert best_band(design, 100) == pytest.approx(helped)
    equal = band([uplift_group(always, always, design.groups)] * design.groups)
    assert best_band(design, 0) == pytest.approx(equal)
    design = replace(design, quantity="success_rate")
    assert best_band(design, 100) == pytest.approx(band([rate_group(always, design.level, design.groups)] * design.groups))
    assert best_band(design, 0) == pytest.approx(band([rate_group(never, design.level, design.groups)] * design.groups))
    half = band([rate_group(constant(design, 0.5), design.level, design.groups)] * design.groups)
    low, high = best_band(design, 50)
    assert half[0] <= low + 1e-9
    assert half[1] >= high - 1e-9


def simulated(design: Design, shift: float, studies: int, rng: np.random.Generator) -> tuple[float, float]:
    """Mean half-width of the bands, and the share that lies above zero, when the assumptions hold."""
    widths, above = [], 0
    for _ in range(studies):
        groups = []
        for _ in range(design.groups):
            states = rng.random(design.trials)
            runs = []
            for extra in (shift, 0.0):
                chance = BASE_RATE + (extra - shift / 2 + design.spread * rng.standard_normal(design.seeds)) / 100
                own = rng.random((design.seeds, design.trials))
                shared = rng.random((design.seeds, design.trials)) < STATE_CORRELATION**0.5  # both of a pair
                runs.append((np.where(shared, states, own) < chance[:, None]).astype(float))
            groups.append(uplift_group(outcomes(runs[0]), outcomes(runs[1]), design.groups))
        found = estimate(groups, design.level, (-100.0, 100.0))
        widths.append(found.band.width / 2)
        above += found.band.low > 0
    return float(np.mean(widths)), above / studies


@pytest.mark.parametrize(("spread", "shift"), [(5, 10), (10, 14), (20, 24)])
def test_expected_width_and_power_are_those_of_simulated_studies(spread: float, shift: float) -> None:
    """150 studies know a share to 4 points."""
    design = replace(UPLIFT, spread=spread)
    width, decided = simulated(design, shift, 150, np.random.default_rng(3))
    assert width == pytest.approx(design.half_width, rel=0.1)
    assert decided == pytest.approx(power(design, shift), abs=0.1)


@pytest.mark.parametrize(("groups", "level"), [(3, 0.95), (6, 0.95), (2, 0.8)])
def test_expected_width_holds_with_two_seeds(groups: int, level: float) -> None:
    design = replace(UPLIFT, seeds=2, groups=groups, level=level)
    assert simulated(design, 0, 300, np.random.default_rng(4))[0] == pytest.approx(design.half_width, rel=0.15)


@pytest.mark.parametrize("design", [UPLIFT, RATE, replace(UPLIFT, level=0.8, seeds=2)])
@pytest.mark.parametrize("distance", [5, 12, 30])
def test_what_is_needed_is_the_least_that_decides(design: Design, distance: float) -> None:
    found = needed(design, distance)
    assert found.seeds is not None
    assert found.groups is not None
    assert power(replace(design, seeds=found.seeds), distance) >= POWER
    assert power(replace(design, groups=found.groups), distance) >= POWER
    if found.seeds > 2:
        assert power(replace(design, seeds=found.seeds - 1), distance) < POWER
    if found.trials is not None and found.trials > design.trials:
        assert power(replace(design, trials=found.trials - 1), distance) < POWER


def test_trials_do_not_make_up_for_luck_in_training() -> None:
    assert needed(replace(UPLIFT, seeds=3, groups=1), 10).trials is None
    assert needed(UPLIFT, 0).seeds is None
    assert power(replace(UPLIFT, seeds=1), 50) == 0
    assert replace(UPLIFT, seeds=1).half_width == float("inf")
