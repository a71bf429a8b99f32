"""Which question a comparison answers: what training again would give, or these very policies; and that every run counts."""

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.shapes import fixed, unequal
from runtime.stats.inference.gap import gaps
from runtime.stats.inference.group import uplift_group
from runtime.stats.inference.rate import rates
from runtime.stats.inference.uplift import Uplift, uplifts
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import fixed_of, with_fixed

Won = dict[int, list[bool]]


def table(**approaches: Won) -> pa.Table:
    rows = [
        (approach, "lab", "pick", seed, "irl", str(i), won, "" if won else "slipped")
        for approach, runs in approaches.items()
        for seed, outcomes in runs.items()
        for i, won in enumerate(outcomes)
    ]
    names = ("approach", "location", "task", "seed", "domain", "initial_state", "success", "failure_mode")
    return pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


def compared(found: pa.Table, *policies: str) -> Uplift:
    (row,) = uplifts(Trials.of(with_fixed(found, [(name, "irl") for name in policies])), "base", 0.95)
    return row


def first(won: int, of: int = 50) -> list[bool]:
    return [i < won for i in range(of)]


def test_two_checkpoints_are_judged_over_trials() -> None:
    """40 of 50 against 14 of 50: once `undecided [-100, 100]`."""
    row = compared(table(better={0: first(40)}, base={0: first(14)}), "better", "base")
    assert (row.direction, row.question) == ("helps", "these policies")
    assert row.estimate.value == pytest.approx(52)
    assert 30 < row.estimate.band.low < 40
    assert 60 < row.estimate.band.high < 70
    assert "speaks of these very policies" in row.notes[0]
    undeclared = compared(table(better={0: first(40)}, base={0: first(14)}))
    assert undeclared.estimate.band.to_json() == (-100, 100)
    assert undeclared.question == "training runs"


def test_copies_for_several_seeds_are_no_further_trials() -> None:
    once = compared(table(better={0: first(30)}, base={0: first(14)}), "better", "base")
    thrice = compared(table(better=dict.fromkeys(range(3), first(30)), base=dict.fromkeys(range(3), first(14))), "better", "base")
    assert once.estimate.band == thrice.estimate.band
    (rate,) = rates(Trials.of(with_fixed(table(base={0: first(14)}), [("base", "irl")])), 0.95)
    assert rate.estimate.band.width < 30


def test_one_policy_against_training_runs_keeps_their_spread() -> None:
    base = {0: first(10), 1: first(25), 2: first(18)}
    mixed = compared(table(better=dict.fromkeys(range(3), first(40)), base=base), "better")
    assert mixed.question == "this policy against training runs"
    assert mixed.estimate.degrees == pytest.approx(2)
    assert mixed.estimate.band.width > 2 * 4.3 * 100 * np.std([0.2, 0.5, 0.36], ddof=1) / 3**0.5
    turned = compared(table(better=base, base=dict.fromkeys(range(3), first(40))), "base")
    assert (turned.estimate.band.low, turned.estimate.band.high) == pytest.approx(
        (-mixed.estimate.band.high, -mixed.estimate.band.low)
    )


def test_repetitions_of_a_state_are_a_cluster() -> None:
    """All repetitions alike: ten of them are worth one."""
    ten = {s: first(30) for s in range(10)}
    assert fixed_of(with_fixed(table(a=ten), [("a", "irl")])) == {("a", "irl")}
    rng = np.random.default_rng(2)
    found = fixed(rng, (0.5, 0.65), 4, 60)
    assert found.coverage >= 0.9
    assert found.width > 1.2 * found.other_width


def test_a_gap_of_one_policy_is_over_its_states() -> None:
    both = table(base={0: first(14)})
    simulated = both.set_column(4, "domain", pa.array(["twin"] * 50)).set_column(6, "success", pa.array(first(40)))
    trials = Trials.of(with_fixed(pa.concat_tables([both, simulated]), [("base", "irl"), ("base", "twin")]))
    (gap,) = gaps(trials, "twin", "irl", 0.95)
    assert gap.found.estimate.band.low > 30


def test_no_run_is_thrown_away() -> None:
    """A baseline with ten seeds beside three: seven of them were dropped."""
    rng = np.random.default_rng(4)
    found = unequal(rng, (0.5, 0.65), (3, 10), 60)
    assert found.coverage >= 0.9
    assert 0.7 < found.width / found.other_width < 0.86
    runs = {s: {str(i): float(i < 20 + s) for i in range(40)} for s in range(10)}
    group = uplift_group({s: runs[s + 3] for s in range(3)}, runs)
    assert group.unit_means.mean() == pytest.approx(100 * (24 - 24.5) / 40)
    assert (group.more_runs, [len(side.means) for side in group.sides], group.trials) == (7, [3, 10], (120, 400))


def test_collapses_that_were_not_seen_may_come() -> None:
    """None of six: up to 39 % may. A run near zero among runs that succeed has collapsed; where all are poor none has."""
    for wins, collapsed, most in (([30] * 6, 0, 39.3), ([30, 31, 29, 1, 30, 30], 1, 58.2), ([1, 2, 0, 1, 3, 1], 0, 39.3)):
        (rate,) = rates(Trials.of(table(base={s: first(won) for s, won in enumerate(wins)})), 0.95)
        assert (rate.runs, rate.collapsed) == (6, collapsed)
        assert rate.collapse_at_most == pytest.approx(most, abs=0.1)
    (rate,) = rates(Trials.of(with_fixed(table(base={0: first(14)}), [("base", "irl")])), 0.95)
    assert rate.collapse_at_most is None
