"""Trials run twice: what is counted, what is decided, and that every comparison of a table follows the decision."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from runtime.bound.cell import Cell
from runtime.bound.frame import Reproducible
from runtime.problem import InputError
from runtime.stats.curves.curve import difference, lead
from runtime.stats.effects.failure_modes import shifts
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.gap import gaps
from runtime.stats.inference.group import uplift_group
from runtime.stats.inference.uplift import POINTS, uplifts
from runtime.stats.status import Status
from runtime.stats.table.determinism import Determinism, determinism, second_runs
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import Pairing, pairing_of, weakest, with_pairing
from runtime.stats.table.table import SCHEMA, join

PLACES = ("attic", "shed")


def cells(domains: tuple[str, ...] = ("twin", "irl_proxy"), approaches: tuple[str, ...] = ("a", "b")) -> list[Cell]:
    return [
        Cell.model_validate({"approach": a, "location": x, "task": "t", "seed": s, "domain": d})
        for d in domains
        for a in approaches
        for x in PLACES
        for s in (0, 1, 2)
    ]


def of_cell(cell: Cell, n: int = 20) -> pa.Table:
    rng = np.random.default_rng([ord(cell.approach), len(cell.domain), cell.seed])
    won = [bool(x) for x in rng.random(n) < 0.6]
    return pa.table(
        {
            "location": [""] * n,
            "task": [""] * n,
            "approach": [""] * n,
            "seed": pa.nulls(n, pa.int64()),
            "domain": [cell.domain] * n,
            "initial_state": [str(i) for i in range(n)],
            "success": won,
            "score": [float(w) for w in won],
            "failure_mode": ["" if w else "missed" for w in won],
            "steps": [9] * n,
            "protocol": ["p"] * n,
        }
    )


def joined() -> pa.Table:
    return join([of_cell(c) for c in cells()], cells())


def again(table: pa.Table, share: dict[str, float], of: int = 20) -> pa.Table:
    """The first `of` trials of every cell, of which the first `share` of each domain end differently."""
    state = pc.cast(table["initial_state"], pa.int64())
    table = table.append_column("number", state).filter(pc.less(state, of))  # ty: ignore[missing-attribute]
    flipped = [
        success != (number < share.get(domain, 0.0) * of)
        for success, number, domain in zip(*(table[c].to_pylist() for c in ("success", "number", "domain")), strict=True)
    ]
    return table.set_column(table.column_names.index("success"), "success", pa.array(flipped))


def found(share: dict[str, float], of: int = 20, limits: Reproducible | None = None) -> Determinism:
    table = joined()
    return determinism(table, again(table, share, of), limits or Reproducible(), 0.95)


def test_each_domain_is_judged_by_its_whole_exact_band() -> None:
    seen = found({"irl_proxy": 0.25})
    bad, good = seen.domains["irl_proxy"], seen.domains["twin"]
    assert bad
    assert good
    assert (bad.trials, bad.differing, good.trials, good.differing) == (240, 60, 240, 0)
    exact = binomtest(60, 240).proportion_ci(0.95, method="exact")
    assert (bad.band.low, bad.band.high) == pytest.approx((100 * exact.low, 100 * exact.high))
    assert (seen.status("irl_proxy"), seen.status("twin"), seen.status("irl")) == ("failed", "passed", "not run")
    assert {d: p.pair for d, p in seen.pairing().items()} == {"irl_proxy": False}
    assert "60 of 240 trials run twice ended differently: 25.0 points" in seen.pairing()["irl_proxy"].note
    assert [(r["domain"], r["status"], r["paired"]) for r in seen.rows()] == [
        ("irl_proxy", "failed", False),
        ("twin", "passed", True),
    ]


def test_a_stated_rate_of_its_own_is_what_a_domain_is_held_to() -> None:
    patient = found({"irl_proxy": 0.25}, limits=Reproducible(domains={"irl_proxy": 40}))
    assert patient.status("irl_proxy") is Status.PASSED
    assert patient.pairing() == {}


def test_too_few_to_tell_stay_paired_and_say_so() -> None:
    seen = found({}, of=2)
    assert seen.status("twin") is Status.UNDECIDED
    assert seen.pairing()["twin"].pair
    assert "undecided: 0 of 24" in seen.pairing()["twin"].note


def test_nothing_run_twice_is_not_run() -> None:
    table = joined()
    seen = determinism(table, second_runs([], []), Reproducible(), 0.95)
    assert [(r["status"], r["trials"], r["rate"], r["paired"]) for r in seen.rows()] == [("not run", 0, None, True)] * 2
    assert seen.pairing() == {}


@given(st.integers(1, 300), st.data())
def test_what_is_refused_was_shown(trials: int, data: st.DataObject) -> None:
    """Pairing is refused only where the rate that is put up with would itself give so many at most once in forty."""
    differing, limit = data.draw(st.integers(0, trials)), data.draw(st.floats(0.5, 50))
    table = pa.table(
        {
            "approach": ["a"] * trials,
            "location": ["l"] * trials,
            "task": ["t"] * trials,
            "seed": [0] * trials,
            "domain": ["twin"] * trials,
            "initial_state": [str(i) for i in range(trials)],
            "success": [True] * trials,
        }
    )
    second = table.set_column(6, "success", pa.array([i >= differing for i in range(trials)]))
    seen = determinism(table, second, Reproducible(at_most=limit), 0.95)
    chance = binomtest(differing, trials, limit / 100, alternative="greater").pvalue
    assert (seen.status("twin") is Status.FAILED) == (chance < 0.025)


def test_an_evaluation_that_two_approaches_share_counts_once(tmp_path: Path) -> None:
    pair = cells(("twin",))[:2]
    for name in "pq":
        (tmp_path / name).mkdir()
        pq.write_table(of_cell(pair[0]).select(["initial_state", "success", "score", "steps"]), tmp_path / name / "twice.parquet")
    one = second_runs([tmp_path / "p", tmp_path / "p"], [pair[0], pair[0].model_copy(update={"approach": "z"})])
    assert (one.num_rows, set(one["approach"].to_pylist())) == (20, {"a"})
    assert second_runs([tmp_path / "p", tmp_path / "q"], pair).num_rows == 40
    (tmp_path / "q" / "twice.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match="X427"):
        second_runs([tmp_path / "q"], pair[:1])


def test_what_a_table_knows_travels_with_it(tmp_path: Path) -> None:
    known = {"twin": Pairing(False, "odd; compared unpaired")}
    table = with_pairing(joined(), known)
    assert table.schema == SCHEMA
    pq.write_table(table, tmp_path / "t.parquet")
    read = pq.read_table(tmp_path / "t.parquet")
    derived = [
        read,
        read.filter(pc.field("seed") == 0),
        read.sort_by("seed"),
        read.select(["domain", "success"]),
        read.set_column(6, "success", pa.array([True] * read.num_rows)),
        pa.concat_tables([read, joined()]),
    ]
    assert [pairing_of(t) for t in derived] == [known] * len(derived)
    assert pairing_of(joined()) == {}


def test_every_comparison_of_the_table_is_unpaired() -> None:
    table = joined()
    odd = with_pairing(table, {"irl_proxy": Pairing(False, "odd")})
    before, after = (uplifts(Trials.of(t), "a", 0.95) for t in (table, odd))
    for one, other in zip(before, after, strict=True):
        assert other.estimate.value == pytest.approx(one.estimate.value)
        assert one.paired
        assert other.paired is (other.domain == "twin")
        assert other.notes == (() if other.paired else ("odd",))
    assert {s.domain: s.paired for s in shifts(odd, "a", 0.95)} == {"irl_proxy": False, "twin": True}
    assert all(g.found.paired for g in gaps(Trials.of(table), "twin", "irl_proxy", 0.95))
    assert not any(g.found.paired for g in gaps(Trials.of(odd), "twin", "irl_proxy", 0.95))


def test_learning_curves_follow_too() -> None:
    place, states = ("shed", "t"), [str(i) for i in range(20)]
    rng = np.random.default_rng(0)
    easy = rng.random(20) < 0.5

    def curves(shift: float) -> dict:
        won = {s: {k: easy & (rng.random(20) < k / 10 + shift) for k in (5, 10)} for s in range(3)}
        return {place: {s: {k: dict(zip(states, map(float, w), strict=True)) for k, w in run.items()} for s, run in won.items()}}

    ours, theirs = curves(0.2), curves(0.0)
    paired, unpaired = (difference(ours, theirs, 0.95, pair=pair) for pair in (True, False))
    assert paired
    assert unpaired
    assert unpaired[0].value == pytest.approx(paired[0].value)
    assert unpaired[0].band != paired[0].band
    first, other = (lead(ours, theirs, 10, 10, 0.95, pair=pair) for pair in (True, False))
    assert first.value == pytest.approx(other.value)
    assert first.band != other.band


def test_of_two_domains_the_one_that_does_not_pair_decides() -> None:
    yes, no = Pairing(True, "unsure"), Pairing(False, "odd")
    assert (weakest(None, None), weakest(yes, None), weakest(yes, no), weakest(no, yes)) == (None, yes, no, no)


def test_a_location_that_does_not_reproduce_is_named() -> None:
    table = joined()
    second = again(table, {"twin": 0.5})
    kept = second.filter(pc.field("location") == "shed")
    steady = again(table, {}).filter(pc.field("location") == "attic")
    seen = determinism(table, pa.concat_tables([kept, steady]), Reproducible(), 0.95)
    assert seen.odd_locations("twin") == {"shed": 0.5}
    assert seen.odd_locations("irl_proxy") == {}


outcomes = st.lists(st.booleans(), min_size=6, max_size=6)


@given(st.lists(st.tuples(outcomes, outcomes), min_size=2, max_size=4))
def test_unpaired_moves_the_band_and_not_the_estimate(runs: list[tuple[list[bool], list[bool]]]) -> None:
    treated, base = ({s: {str(i): float(x) for i, x in enumerate(sides[k])} for s, sides in enumerate(runs)} for k in (0, 1))
    paired, unpaired = (uplift_group(treated, base, pair=pair) for pair in (True, False))
    swapped = uplift_group(base, treated, pair=False)
    assert np.array_equal(paired.unit_means, unpaired.unit_means)
    assert (unpaired.paired, unpaired.pairs, unpaired.gained) == (False, 0, 0)
    one, other = (estimate([g], 0.95, POINTS).band for g in (unpaired, swapped))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-6)


def test_luck_of_states_that_pairs_share_is_each_sides_own_without_pairs() -> None:
    """All runs of both sides win at the same ten of twenty states: in pairs the states cancel, unpaired they do not."""
    run = {str(i): float(i < 10) for i in range(20)}
    side = {s: run for s in range(3)}
    paired, unpaired = (uplift_group(side, side, pair=pair) for pair in (True, False))
    assert paired.state_variance == pytest.approx(0)
    assert unpaired.state_variance == pytest.approx(2 * 1e4 * 0.25 / 19)
    wide, narrow = (estimate([g], 0.95, POINTS).band for g in (unpaired, paired))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
