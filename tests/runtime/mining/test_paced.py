"""Policy-Paced Learning: what is admitted, how much of it, and that nothing is left of a world model that makes things up."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mining.paced import Pace, balanced, caps, learn, selected, share
from runtime.rl.sac import DEMO, REAL, SYNTHETIC, Recipe, Sac, Transitions

PACE = Pace("paced", "paced", 0.006, 0.2, 0.9, 8, 3.0, 0.5, 0.1)


def transitions(n: int, origin: int, rng: np.random.Generator, paid: float = 0.3, apart_m: float = 0.001) -> Transitions:
    seen = rng.normal(size=(n, 4)).astype(np.float32)
    won, nothing = (rng.uniform(size=n) < paid).astype(np.float32), np.zeros(n, np.float32)
    action = rng.uniform(-1, 1, (n, 2)).astype(np.float32)
    where = np.full(n, origin), np.ones(n, np.int64)
    return Transitions(seen, action, won, seen, won, *where, nothing, np.full(n, apart_m, np.float32), nothing)


@given(st.lists(st.floats(0, 5), min_size=2, max_size=8), st.floats(0.01, 2), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_the_synthetic_share_falls_as_values_grow_unsure(unsure: list[float], calm: float, most: float) -> None:
    pace = replace(PACE, calm=calm, most=most)
    shares = [share(u, pace) for u in sorted(unsure)]
    assert all(most >= a >= b >= 0 for a, b in pairwise(shares))
    assert {share(u, replace(pace, schedule="fixed")) for u in unsure} == {most}


def test_planted_over_estimates_are_refused() -> None:
    """Synthetic transitions that are worth far more than all real ones nearby, and others that members do not agree about."""
    rng = np.random.default_rng(0)
    real, made = transitions(300, REAL, rng), transitions(120, SYNTHETIC, rng, paid=0.5)
    worth = rng.uniform(0.2, 0.4, 120)
    known, planted, doubted = rng.uniform(0.2, 0.5, 300), np.arange(0, 30), np.arange(30, 60)
    worth[planted] = 0.9
    made.apart_m[doubted] = 0.02
    made.apart_done[doubted[:5]] = 0.5
    cap = caps(made.seen, real.seen, known, PACE.quantile, PACE.neighbours)
    assert np.all((cap > 0.3) & (cap < 0.5))
    kept, sure, modest = selected(made, worth, cap, PACE, rng)
    assert not kept[planted].any()
    assert not kept[doubted].any()
    assert not modest[planted].any()
    assert not sure[doubted].any()
    assert kept[60:].sum() > 30
    lot, *_ = selected(made, worth, cap, replace(PACE, admit="random"), rng)
    assert abs(int(lot.sum()) - int(kept.sum())) <= 3
    assert lot[planted].any()
    assert selected(made, worth, cap, replace(PACE, admit="all"), rng)[0].all()
    assert not selected(made, worth, cap, replace(PACE, admit="none"), rng)[0].any()


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60), st.floats(1, 5))
@settings(max_examples=50, deadline=None)
def test_successes_and_failures_are_balanced(rows: list[tuple[bool, bool]], balance: float) -> None:
    allowed, success = (np.array([row[i] for row in rows], bool) for i in (0, 1))
    kept = balanced(allowed, success, balance, np.random.default_rng(0))
    won, lost = int((kept & success).sum()), int((kept & ~success).sum())
    assert not (kept & ~allowed).any()
    assert won <= balance * lost
    assert lost <= balance * won


@pytest.mark.parametrize(("apart_m", "falls_back"), [(0.05, True), (0.001, False)])
def test_nothing_is_left_of_a_model_whose_members_are_apart(apart_m: float, falls_back: bool) -> None:
    """Then a paced run is a run on real rollouts alone, number for number."""
    found = []
    for admit in ("paced", "none"):
        torch.manual_seed(0)
        rng = np.random.default_rng(1)
        demos, real = transitions(60, DEMO, rng, 0.5), transitions(60, REAL, rng, 0.5)
        made = transitions(60, SYNTHETIC, rng, 0.5, apart_m)
        sac = Sac(4, 2, Recipe(batch=16))
        looks = learn(sac, demos, real, made, replace(PACE, admit=admit, calm=9.0), 12, 2, 4, 1, np.random.default_rng(2))
        found.append((looks, sac.best(real.seen)))
    (paced, ours), (none, theirs) = found
    assert [look.rho for look in none] == [0.0] * 3
    assert ([look.rho for look in paced] == [0.0] * 3) == falls_back
    assert np.array_equal(ours, theirs) == falls_back
    assert all(0 < look.admitted < 1 for look in paced) == (not falls_back)
