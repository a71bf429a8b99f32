"""Baseline and placebo as one reference, and more seeds of a baseline."""

import numpy as np
import pytest

from benchmarks.shapes import reference
from runtime.bound.domain import Domain
from runtime.stats.inference.uplift import uplifts
from runtime.stats.table.outcomes import Runs, Trials


def trials(placebo: int, **wins: int) -> Trials:
    """Approaches that win so many of 40 states at one place, two more with each of three seeds."""

    def runs(won: int) -> Runs:
        return {("lab", "pick"): {s: {str(i): float(i < won + 2 * s) for i in range(40)} for s in range(3)}}

    outcomes: dict[tuple[str, Domain], Runs] = {(name, "twin"): runs(won) for name, won in {**wins, "placebo": placebo}.items()}
    return Trials(outcomes, placebos={"base": ["placebo"]})


def test_runs_of_a_placebo_count_as_the_baseline_s() -> None:
    bold, placebo = uplifts(trials(12, base=10, bold=20), "base", 0.95)
    assert bold.estimate.value == pytest.approx(100 * (22 - 13) / 40)
    assert [len(side.means) for side in bold.groups[0].sides] == [3, 6]
    assert bold.notes == ("the baseline and `placebo` are one reference: its recipe, trained again",)
    # The placebo stays a check of its own: three runs against the baseline's three.
    assert (placebo.estimate.value, [len(s.means) for s in placebo.groups[0].sides]) == (pytest.approx(5), [3, 3])


def test_a_placebo_that_came_out_apart_is_no_reference() -> None:
    bold, placebo = uplifts(trials(26, base=10, bold=30), "base", 0.95)
    assert placebo.direction == "helps"
    assert bold.estimate.value == pytest.approx(50)
    assert bold.estimate.band.low < 100 * (32 - 20) / 40 < 50 < bold.estimate.band.high  # the value against both is inside
    assert bold.notes[-1].startswith("`placebo` came out apart from the baseline")


def test_a_study_sees_smaller_uplifts_with_it() -> None:
    alone, both = (reference(np.random.default_rng(5), 10.0, sides, 60) for sides in ((3, 0), (3, 3)))
    assert both[:, 1].mean() < 0.9 * alone[:, 1].mean()
    assert both[:, 0].mean() >= 0.88
