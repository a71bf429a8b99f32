"""Trials run twice: disagreement with an exact bound, and the refusal to pair where a domain does not reproduce."""

import pyarrow as pa
import pytest
from scipy.stats import beta

from runtime.problem import InputError
from runtime.stats.status import Status
from runtime.stats.table.reproducible import disagreement, disagreements, refuse_unreproducible
from runtime.stats.table.table import KEY


def trials(successes: list[bool], domain: str) -> pa.Table:
    n = len(successes)
    columns = {name: ["x"] * n for name in KEY} | {"seed": [0] * n, "domain": [domain] * n}
    return pa.table(columns | {"initial_state": [str(i) for i in range(n)], "success": successes})


def test_disagreement_by_domain_with_the_exact_band() -> None:
    first = pa.concat_tables([trials([True] * 50, "twin"), trials([True] * 40 + [False] * 10, "world_model")])
    second = pa.concat_tables([trials([True] * 50, "twin"), trials([False] * 10 + [True] * 39, "world_model")])
    twin, world_model = disagreements(first, second)
    assert (twin.trials, twin.differing, twin.band.low) == (50, 0, 0.0)
    assert twin.band.high == pytest.approx(100 * (1 - 0.025 ** (1 / 50)))
    assert (world_model.trials, world_model.differing) == (49, 19)
    assert world_model.band.low == pytest.approx(100 * beta.ppf(0.025, 19, 31))


def test_only_what_is_shown_not_to_reproduce_is_refused() -> None:
    clean, unknown, bad = (disagreement("twin", 200, 0), disagreement("irl_proxy", 5, 1), disagreement("world_model", 60, 30))
    assert [d.reproduces(5) for d in (clean, unknown, bad)] == [Status.PASSED, Status.UNDECIDED, Status.FAILED]
    assert disagreement("twin", 5, 0).reproduces(5) is Status.UNDECIDED, "five trials cannot show it"
    (note,) = refuse_unreproducible([clean, unknown], 5)
    assert "`irl_proxy` reproduces is undecided: 1 of 5" in note
    with pytest.raises(InputError, match="X428: `world_model` does not reproduce: 30 of 60") as caught:
        refuse_unreproducible([clean, unknown, bad], 5)
    assert len(caught.value.problems) == 1
    assert refuse_unreproducible([bad], {"twin": 5}) == []


def test_a_trial_twice_in_one_table_is_refused() -> None:
    once = trials([True, False], "twin")
    with pytest.raises(ValueError, match="come twice"):
        disagreements(pa.concat_tables([once, once]), once)
