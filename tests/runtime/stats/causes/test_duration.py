"""Time to success: closed forms without censoring and with it, and which way a faster policy lies."""

import numpy as np
import pyarrow as pa
import pytest

from runtime.stats.causes.duration import CUT_SHORT, times
from runtime.stats.inference.uplift import uplifts
from runtime.stats.table.outcomes import Trials


def table(approach: str, steps: np.ndarray, won: np.ndarray, mode: str = "missed") -> list[dict]:
    """Trials [seeds, states]."""
    return [
        {
            **dict.fromkeys(("location", "task", "protocol"), "here"),
            "approach": approach,
            "seed": s,
            "domain": "twin",
            "initial_state": str(i),
            "success": bool(won[s, i]),
            "score": float(won[s, i]),
            "failure_mode": "" if won[s, i] else mode,
            "steps": int(steps[s, i]),
        }
        for s, i in np.ndindex(won.shape)
    ]


def test_a_failure_counts_as_the_horizon() -> None:
    rng = np.random.default_rng(0)
    steps, won = rng.integers(20, 80, (4, 30)), rng.random((4, 30)) < 0.7
    rows = table("baseline", steps, won) + table("quick", np.maximum(steps - 10, 1), won)
    (found,) = times(pa.Table.from_pylist(rows), ["baseline", "quick"], "baseline", 0.95, {("twin", "here"): (10.0, 100.0)})
    base, quick = found["rows"]
    assert (found["unit"], found["horizon"]) == ("s", 10.0)
    assert quick["saved"]
    assert base["mean"] == pytest.approx(np.where(won, steps, 100).mean() / 10, abs=1e-3)
    assert quick["saved"]["value"] == pytest.approx(won.mean(), abs=1e-3)
    # The band is that of an uplift of the number itself, run by run and state by state.
    scored = [{**r, "score": 1 - r["steps"] / 100 if r["success"] else 0.0} for r in rows]
    (row,) = uplifts(Trials.of(pa.Table.from_pylist(scored), "score"), "baseline", 0.95)
    assert quick["saved"]["band"] == pytest.approx([row.estimate.band.low / 10, row.estimate.band.high / 10], abs=1e-3)
    assert [p["value"] for p in base["curve"]][-1] == pytest.approx(100 * won.mean(), abs=1e-3)
    middle = np.sort(np.where(won, steps, 1e9).ravel())[won.size // 2 - 1]
    assert base["median"] == pytest.approx(middle / 10)


def test_trials_that_were_cut_short_are_censored() -> None:
    """Kaplan and Meier by hand: 2 of 4 at step 10, one censored at 20, the last at 30 takes all that was left."""
    steps, won = np.array([[10, 10, 20, 30]] * 2), np.array([[True, True, False, True]] * 2)
    (found,) = times(pa.Table.from_pylist(table("mine", steps, won, CUT_SHORT)), ["mine"], None, 0.95, {})
    (row,) = found["rows"]
    assert (row["cut_short"], row["trials"], found["unit"]) == (2, 8, "steps")
    assert [p["value"] for p in row["curve"]] == pytest.approx([0.0] * 3 + [50.0] * 8 + [100.0], abs=0.1)
    assert row["mean"] == pytest.approx(10 / 2 + 30 / 2, abs=0.1)


def test_much_censoring_moves_no_mean() -> None:
    """Pseudo-observations beyond 0 and 1 count in full: the mean is Kaplan and Meier's, reckoned here step by step."""
    rng = np.random.default_rng(0)
    late, cut = rng.integers(1, 150, (2, 60))
    won, censored = (late <= cut) & (late <= 100), (cut < late) & (cut < 100)
    steps = np.minimum(np.minimum(late, cut), 100)
    rows = table("mine", steps[None], won[None])
    rows = [{**r, "failure_mode": CUT_SHORT} if censored[i] else r for i, r in enumerate(rows)]
    (found,) = times(pa.Table.from_pylist(rows), ["mine"], None, 0.95, {("twin", "here"): (1.0, 100.0)})
    alive, area = 1.0, 0.0
    for step in range(100):
        area += alive
        alive *= 1 - (won & (steps == step + 1)).sum() / (steps >= step + 1).sum()
    (row,) = found["rows"]
    assert (row["mean"], row["curve"][-1]["value"]) == (pytest.approx(area, abs=0.01), pytest.approx(100 * (1 - alive), abs=0.01))


def test_the_level_holds_with_censoring() -> None:
    """Of 8 studies without a difference, a fifth of trials cut short, at most 2 say one (`benchmarks.causes` has the level)."""
    rng, wrong = np.random.default_rng(5), 0
    for _ in range(8):
        rows = []
        for approach in ("baseline", "mine"):
            speed = rng.normal(40, 6, (3, 1)) + rng.normal(0, 12, (3, 25))
            cut = rng.random((3, 25)) < 0.2
            won = (speed < 60) & ~cut
            steps = np.where(cut, np.minimum(rng.integers(1, 60, (3, 25)), 60), np.where(won, speed.clip(1), 60))
            rows += [
                dict(r, failure_mode=CUT_SHORT if cut[r["seed"], int(r["initial_state"])] else r["failure_mode"])
                for r in table(approach, steps, won)
            ]
        (found,) = times(pa.Table.from_pylist(rows), ["baseline", "mine"], "baseline", 0.95, {})
        saved = found["rows"][1]["saved"]
        assert saved
        wrong += saved["direction"] != "undecided"
    assert wrong <= 2
