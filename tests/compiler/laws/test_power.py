"""Power at compile time against the bands that trials are really given."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.power import outcomes, simulated
from compiler.laws.power.power import POWER, Design, best_band, common_variance, needed, needed_distance, power
from compiler.laws.power.spreads import measured
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import rate_group, uplift_group

UPLIFT = Design("uplift", seeds=5, trials=40, groups=2, level=0.95)
RATE = replace(UPLIFT, quantity="success_rate")


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


def test_promised_power_is_what_studies_have() -> None:
    """One cell within 5 points (500 studies know a share to 2); `python -m benchmarks.power` has 46."""
    design = replace(UPLIFT, spread=5, seeds=10, groups=1)
    shift = needed_distance(design, 0.5)
    width, decided = simulated(design, shift, 500, np.random.default_rng(3))
    assert width == pytest.approx(design.half_width, rel=0.08)
    assert decided == pytest.approx(power(design, shift), abs=0.05)
    assert power(design, shift) == pytest.approx(0.5, abs=1e-6)
    assert common_variance(design, 0) == pytest.approx(0, abs=1e-9)


def test_power_reads_the_committed_table_by_task_and_domain() -> None:
    table = measured()
    spread, low, high = table["press_button", "irl_proxy", "seed_spread"]
    assert low < spread < high
    assert ("press_button", "irl", "seed_spread") not in table  # nothing was measured on a robot


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
    scarce = replace(UPLIFT, trials=10, groups=1, spread=3, uplift=6)
    found = needed(scarce, 4)
    assert (found.seeds, found.trials) == (None, None)
    assert power(replace(scarce, seeds=10_000), 4) < POWER, "ten initial states limit it, not seeds"
    assert found.together is not None
    seeds, trials = found.together
    assert (
        power(replace(scarce, seeds=seeds, trials=trials), 4) >= POWER > power(replace(scarce, seeds=seeds - 1, trials=trials), 4)
    )
    assert power(replace(UPLIFT, seeds=1), 50) == 0
    assert replace(UPLIFT, seeds=1).half_width == float("inf")
