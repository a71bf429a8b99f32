"""Parts of a gap: a factor that alone breaks the policy has all of it, two that break it only together share it."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.bound.hidden_gap import GAP_FACTORS
from runtime.sim.trials.factors import combinations, draw_orders, walk
from runtime.stats.transfer.factors import Explained, factors_evidence

STATES = range(12)


def explained(breaks: list[frozenset[str]], orders: int = 6, seeds: int = 3, luck: int = 0) -> list[Explained]:
    """Policies that master the twin, and fail at odd states where all factors of one set of `breaks` are in."""
    found = []
    for location in ("cellar", "attic"):
        for seed in range(seeds):
            rng = np.random.default_rng((luck, seed, len(location)))
            good = rng.random(len(STATES)) < 0.9

            def at_site(inside: frozenset[str], good: np.ndarray = good) -> dict[int, bool]:
                broken = any(one <= inside for one in breaks)
                return {s: bool(good[s]) and not (broken and s % 2) for s in STATES}

            twin = {s: bool(good[s]) for s in STATES}
            changes = [c._asdict() for c in walk(twin, draw_orders(orders, (seed,)), at_site)]
            found.append(Explained("baseline", location, "press", seed, pa.Table.from_pylist(changes)))
    return found


def parts(found: list[Explained]) -> tuple[dict[str, float], float]:
    said = factors_evidence(found, 0.95)
    assert said is not None
    assert [(row["location"], row["locations"]) for row in said["rows"]] == [(None, 2), ("cellar", 1), ("attic", 1)]
    row = said["rows"][0]
    return {part["factor"]: part["value"] for part in row["parts"]}, row["whole"]["value"]


def test_who_breaks_it_alone_has_it_all() -> None:
    values, whole = parts(explained([frozenset({"light"})]))
    assert whole < -30
    assert values.pop("light") == whole
    assert set(values.values()) == {0.0}


def test_who_break_it_together_share_it() -> None:
    values, whole = parts(explained([frozenset({"light", "latency"})]))
    assert values["light"] == pytest.approx(values["latency"]) == pytest.approx(whole / 2, abs=1e-3)


def test_no_policy_has_no_gap() -> None:
    assert factors_evidence([], 0.95) is None


@settings(max_examples=20)
@given(st.lists(st.frozensets(st.sampled_from(sorted(GAP_FACTORS)), min_size=1, max_size=4), max_size=4), st.integers(2, 7))
def test_parts_sum_to_the_whole(breaks: list[frozenset[str]], orders: int) -> None:
    values, whole = parts(explained(breaks, orders, 2))
    assert sum(values.values()) == pytest.approx(whole, abs=2e-3)
    assert len(values) == 1 + len(GAP_FACTORS)


def test_nothing_is_tried_for_what_does_not_deviate() -> None:
    asked: list[frozenset[str]] = []

    def at_site(inside: frozenset[str]) -> dict[int, bool]:
        asked.append(inside)
        return {0: "light" not in inside}

    orders = draw_orders(4, (0,))
    changes = list(walk({0: True}, orders, at_site, ["light", "latency"]))
    assert set(asked) <= {frozenset(), frozenset({"light"}), frozenset({"latency"}), frozenset({"light", "latency"})}
    assert len(asked) == len(set(asked)) == combinations(orders, ["light", "latency"])
    assert {c.factor for c in changes} == {"reconstruction", *GAP_FACTORS}
    assert [c.factor for c in changes if c.before != c.after] == ["light"] * 4
