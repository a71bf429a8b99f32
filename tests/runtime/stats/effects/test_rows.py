"""`effects` in `uplift.json`: what it says of small tables, what it refuses, and that it does not depend on order."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from runtime.stats.effects.rows import effects

Runs = Mapping[tuple[str, str, int], list[float]]
"""(approach, location, seed) -> outcomes."""


def table(runs: Runs, score: float | None = 0.5) -> pa.Table:
    """Trials in the twin; a failed one has this score."""
    rows = [
        {
            "approach": a,
            "location": x,
            "task": "press",
            "seed": s,
            "domain": "twin",
            "success": bool(v),
            "score": 1.0 if v else score,
        }
        for (a, x, s), outcomes in runs.items()
        for v in outcomes
    ]
    return pa.Table.from_pylist(rows)


def wins(n: int, of: int = 10) -> list[float]:
    return [1.0] * n + [0.0] * (of - n)


SMALL: Runs = {
    **{("base", x, s): wins(n) for x, ns in (("a", (2, 4, 6)), ("b", (5, 7, 9))) for s, n in enumerate(ns)},
    **{("ours", x, s): wins(n) for x, ns in (("a", (6, 8, 10)), ("b", (5, 7, 9))) for s, n in enumerate(ns)},
}


def row(found: Mapping[str, Any], approach: str, measure: str = "success") -> dict[str, Any]:
    return next(r for r in found["rows"] if (r["approach"], r["measure"]) == (approach, measure))


def test_a_small_table_by_hand() -> None:
    found = effects(table(SMALL), "base", 0.95)
    ours, base = row(found, "ours"), row(found, "base")
    assert (base["mean"], base["tasks"], base["runs"], base["against"]) == (55, 2, 6, None)
    # 20 points between runs of a task, three runs each, two tasks
    assert base["error"] == pytest.approx((2 * 400 / 3) ** 0.5 / 2, abs=1e-4)
    assert ours["iqm"] == pytest.approx(np.mean([60, 70, 80, 90]))
    assert ours["optimality_gap"] == pytest.approx(25)
    assert ours["against"]["cohens_d"] == pytest.approx(1.0)
    assert ours["against"]["degrees"] == 8
    # of the nine pairs at `a` all but (6, 6) are won; at `b` the runs are the same
    assert ours["against"]["improvement"] == pytest.approx(100 * (8.5 / 9 + 0.5) / 2, abs=1e-4)
    at = dict(zip(found["thresholds"], ours["profile"], strict=True))
    assert (at[0], at[50], at[60], at[90], at[100]) == (
        100,
        pytest.approx(83.3333),
        pytest.approx(66.6667),
        pytest.approx(16.6667),
        0,
    )


def test_few_runs_have_no_bootstrap_and_say_so() -> None:
    ours = row(effects(table(SMALL), "base", 0.95), "ours")
    assert (ours["iqm_band"], ours["profile_band"], ours["against"]["improvement_band"]) == (None, None, None)
    assert any("3 training runs a task, 5 are needed" in note for note in ours["notes"])
    single = effects(table({k: v for k, v in SMALL.items() if k[2] == 0}), "base", 0.95)
    assert row(single, "ours")["error"] is None
    assert row(single, "ours")["against"]["cohens_d"] is None
    assert any("no standardised difference" in note for note in row(single, "ours")["against"]["notes"])


def many(seed: int = 0) -> Runs:
    rng = np.random.default_rng(seed)
    return {
        (a, x, s): (rng.random(20) < chance + rng.normal(0, 0.1)).astype(float).tolist()
        for a, chance in (("base", 0.4), ("ours", 0.6))
        for x in "abc"
        for s in range(6)
    }


def test_enough_runs_have_bands_round_what_they_bound() -> None:
    ours = row(effects(table(many()), "base", 0.95), "ours")
    assert ours["iqm_band"][0] < ours["iqm"] < ours["iqm_band"][1]
    low, high = ours["profile_band"]
    assert all(a <= v <= b for a, v, b in zip(low, ours["profile"], high, strict=True))
    beside = ours["against"]
    assert 50 < beside["improvement_band"][0] < beside["improvement"] < beside["improvement_band"][1] <= 100
    assert ours["notes"] == beside["notes"] == []


def test_runs_that_lie_apart_give_no_band_of_improvement() -> None:
    runs = {(a, "a", s): wins(n + s % 2) for a, n in (("base", 1), ("ours", 8)) for s in range(5)}
    beside = row(effects(table(runs), "base", 0.95), "ours")["against"]
    assert (beside["improvement"], beside["improvement_band"]) == (100, None)
    assert any("every resample gives the same" in note for note in beside["notes"])


def test_the_order_of_trials_does_not_matter() -> None:
    trials = table(many())
    mixed = trials.take(pa.array(np.random.default_rng(1).permutation(trials.num_rows)))
    assert effects(trials, "base", 0.95) == effects(mixed, "base", 0.95)


def test_a_score_counts_where_every_trial_has_one_and_it_says_more() -> None:
    measures = {r["measure"] for r in effects(table(SMALL), "base", 0.95)["rows"]}
    assert measures == {"success", "score"}
    assert row(effects(table(SMALL), "base", 0.95), "base", "score")["mean"] == pytest.approx(77.5)
    assert {r["measure"] for r in effects(table(SMALL, None), "base", 0.95)["rows"]} == {"success"}
    assert {r["measure"] for r in effects(table(SMALL, 0.0), "base", 0.95)["rows"]} == {"success"}


def test_one_training_for_all_locations_is_one_run() -> None:
    apart, shared = (row(effects(table(SMALL), "base", 0.95, shared), "ours") for shared in (False, True))
    assert (apart["runs"], shared["runs"]) == (6, 3)
    assert shared["error"] > apart["error"]
    assert shared["against"]["degrees"] == 4
    uneven = {k: v for k, v in many().items() if k != ("ours", "a", 5)}
    lacking = row(effects(table(uneven), "base", 0.95, True), "ours")
    assert (lacking["error"], lacking["iqm_band"]) == (None, None)
    assert any("lack a seed" in note for note in lacking["notes"])


def test_only_tasks_that_both_ran_are_compared() -> None:
    runs = {**SMALL, **{("ours", "c", s): wins(0) for s in range(3)}}
    ours = row(effects(table(runs), "base", 0.95), "ours")
    assert (ours["tasks"], ours["against"]["tasks"]) == (3, 2)
    assert ours["against"]["cohens_d"] == pytest.approx(1.0)
    apart = {k: v for k, v in runs.items() if k[0] == "base" or k[1] == "c"}
    assert row(effects(table(apart), "base", 0.95), "ours")["against"] is None
    assert row(effects(table(SMALL), None, 0.95), "ours")["against"] is None


def test_the_level_of_the_bootstrap_is_the_studys() -> None:
    wide, narrow = (row(effects(table(many()), "base", level), "ours")["iqm_band"] for level in (0.95, 0.8))
    ratio = (wide[1] - wide[0]) / (narrow[1] - narrow[0])
    assert ratio == pytest.approx(stats.t.ppf(0.975, 15) / stats.t.ppf(0.9, 15), abs=0.25)
