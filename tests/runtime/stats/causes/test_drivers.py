"""What drives success: the plain F-test where there is one place, false discoveries held, places no effects, maps that count."""

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from runtime.stats.causes.area import areas, covered
from runtime.stats.causes.drivers import drivers, shifts


def table(won: np.ndarray, factors: list[dict], location: list[str] | None = None, approach: str = "mine") -> pa.Table:
    """Trials [seeds, states] of one approach."""
    seeds, states = won.shape
    rows = [
        {
            "location": location[i] if location else "here",
            "task": "press",
            "approach": approach,
            "seed": s,
            "domain": "twin",
            "initial_state": str(i),
            "success": bool(won[s, i]),
            "score": float(won[s, i]),
            "failure_mode": "" if won[s, i] else "missed",
            "steps": 10,
            "protocol": "",
            "factors": json.dumps(factors[i]),
        }
        for s in range(seeds)
        for i in range(states)
    ]
    return pa.Table.from_pylist(rows)


def test_words_at_one_place_have_the_textbooks_f_test() -> None:
    rng = np.random.default_rng(1)
    words = rng.choice(["dim", "bright", "red"], 60)
    won = rng.random((4, 60)) < np.where(words == "dim", 0.3, 0.8)
    (found,), untested = drivers(table(won, [{"light": w} for w in words]), 0.95)
    groups = [won.mean(0)[words == w] for w in ("bright", "dim", "red")]
    assert found["p_value"] == pytest.approx(stats.f_oneway(*groups).pvalue, rel=1e-6)
    assert {x["label"]: x["value"] for x in found["levels"]} == pytest.approx(
        {w: 100 * g.mean() for w, g in zip(("bright", "dim", "red"), groups, strict=True)}, abs=0.01
    )
    assert (found["worst"], found["drives"], untested) == ("dim", True, [])
    rest = sum(((g - g.mean()) ** 2).sum() for g in groups) / 57
    ends = {w: g for w, g in zip(("bright", "dim", "red"), groups, strict=True)}
    error = (rest * (1 / len(ends[found["best"]]) + 1 / len(ends["dim"]))) ** 0.5
    assert found["band"][0] == pytest.approx(found["effect"] - 100 * error * (2 * stats.f.ppf(0.95, 2, 57)) ** 0.5, abs=0.01)


def test_places_and_seeds_are_no_evidence() -> None:
    """A hard place where the light is dim; and 20 policies from few states, of which nothing but the state tells."""
    rng = np.random.default_rng(2)
    hard = np.arange(40) < 20
    won = rng.random((3, 40)) < np.where(hard, 0.2, 0.8)
    where = ["attic" if h else "cellar" for h in hard]
    tested, untested = drivers(table(won, [{"light_deg": 10.0 if h else 50.0} for h in hard], where), 0.95)
    assert tested == []
    assert "only between places" in untested[0]["why"]
    few, _ = drivers(table(rng.random((3, 8)) < 0.5, [{"x_m": float(i)} for i in range(8)]), 0.95)
    assert few == []


def test_false_discoveries_are_held_and_a_strong_factor_is_found() -> None:
    rng, false, found = np.random.default_rng(3), 0, 0
    for _ in range(15):
        x = rng.random((12, 50))
        state = (rng.random(50) < 0.5) * 0.6 + 0.2  # states differ: repetitions of one are no further evidence
        named = [{f"f{k}_m": float(v) for k, v in enumerate(col)} for col in x.T]
        false += any(row["drives"] for row in drivers(table(rng.random((5, 50)) < state, named), 0.95)[0])
        chance = 0.15 + 0.7 * x[0]
        found += drivers(table(rng.random((5, 50)) < chance, named), 0.95)[0][0]["factor"] == "f0_m"
    assert false <= 3  # 0.75 expected of 15
    assert found == 15


def test_maps_and_tables_count() -> None:
    factors = [
        {"object_x_m": 0.2 + 0.1 * (i // 12), "object_y_m": 0.1 * (i % 12), "shift": "object" if i % 3 else "none"}
        for i in range(144)
    ]
    won = np.array([[i // 12 < 6 or i % 12 < 6 for i in range(144)]] * 2)
    mine, base = table(won, factors), table(~won, factors, approach="baseline")
    (_, one) = areas(pa.concat_tables([base, mine]))
    assert np.array(one["trials"]).sum() == 288
    failed = np.array(one["failures"])
    assert failed.sum() == 2 * 36
    assert failed[:2].sum() == 0
    assert failed[:, :2].sum() == 0
    (whole,) = [
        s for s in shifts(pa.concat_tables([base, mine]), "baseline", 0.95) if s["word"] is None and s["approach"] == "mine"
    ]
    assert (whole["trials"], whole["value"], whole["uplift"]) == (288, 75.0, 50.0)
    rows = {row["factor"]: row for row in covered(mine)}
    assert (rows["shift"]["emptiest"], rows["shift"]["values"], rows["object_x_m"]["emptiest"]) == (48, 2, 12)


@pytest.mark.parametrize(("origin", "step"), [(1.7e9, 1.0), (1.0, 1e-5), (1e6, 0.1)])
def test_numbers_far_from_zero_keep_levels_of_their_own(origin: float, step: float) -> None:
    """Three digits would call all thirds the same, and a factor that decides everything would be said not to vary."""
    won = np.tile(np.arange(60) < 30, (3, 1))
    (found,), _ = drivers(table(won, [{"clock_s": origin + step * i} for i in range(60)]), 0.95)
    assert [level["value"] for level in found["levels"]] == [100, 50, 0]
    (found,), _ = drivers(table(won, [{"clock_s": 1e6 + i // 10} for i in range(60)]), 0.95)
    assert [level["label"] for level in found["levels"]] == [str(1_000_000 + i) for i in range(6)]
