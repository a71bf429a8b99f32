"""Exact bounds and paired bands against published numbers and known truths."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from runtime.stats.inference.paired import PairedCounts, mcnemar_exact, paired_band
from tests.runtime.stats.inference.exact import draw_of, exact_lower, exact_upper, randomised_lower


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_bounds_are_those_of_clopper_and_pearson(counts: tuple[int, int]) -> None:
    k, n = counts
    assert exact_lower(k, n, 0.05) == pytest.approx(float(beta.ppf(0.05, k, n - k + 1)) if k else 0.0, abs=1e-9)
    assert exact_upper(k, n, 0.05) == pytest.approx(float(beta.ppf(0.95, k + 1, n - k)) if k < n else 1.0, abs=1e-9)


def test_the_randomised_bound_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for rate in (0.1, 0.7):
        wins, draws = rng.binomial(20, rate, 1000), rng.random(1000)
        covered = np.mean([randomised_lower(int(k), 20, 0.05, d) <= rate for k, d in zip(wins, draws, strict=True)])
        assert abs(covered - 0.95) < 0.02


def test_published_bounds_of_vincent_are_draws_of_the_randomised_bound(shared_data: Path) -> None:
    """docs/trials/published.md: the published bounds are one draw each; ours without a draw is a little lower."""
    path = shared_data / "published_tables" / "vincent_ral2024" / "vincent_counts.csv"
    if not path.is_file():
        pytest.skip("the published tables (published_tables/vincent_ral2024) are not among the real input")
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["published_lower"]]
    found = {}
    for row in rows:
        k, n, alpha, published = int(row["k"]), int(row["n"]), float(row["alpha"]), float(row["published_lower"])
        draw = draw_of(k, n, alpha, published)
        assert draw is not None
        assert randomised_lower(k, n, alpha, draw) == pytest.approx(published)
        found[k, n] = (round(exact_lower(k, n, alpha), 4), round(randomised_lower(k, n, alpha, 1.0), 4), round(draw, 2))
    assert found == {(38, 50): (0.6403, 0.6622, 0.56), (4, 50): (0.0278, 0.0402, 0.24)}


def test_the_level_of_vincents_comparisons_is_that_of_two_bounds_together(shared_data: Path) -> None:
    path = shared_data / "published_tables" / "vincent_ral2024" / "vincent_counts.csv"
    if not path.is_file():
        pytest.skip("the published tables (published_tables/vincent_ral2024) are not among the real input")
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if "comparison" in row["source"]]
    assert {round(1 - (1 - float(row["alpha"])) ** 2, 4) for row in rows} == {0.05}
    by_skill: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        policy, skill = row["source"].removeprefix("policy comparison ").split(" ", 1)
        by_skill.setdefault(skill, {})[policy] = row
    for pair in by_skill.values():
        rt2, vc1 = pair["RT-2"], pair["VC-1"]
        alpha = float(rt2["alpha"])
        assert exact_lower(int(rt2["k"]), int(rt2["n"]), alpha) > exact_upper(int(vc1["k"]), int(vc1["n"]), alpha)


def test_mcnemar_is_a_binomial_test_of_the_discordant_pairs() -> None:
    assert mcnemar_exact(0, 0) == 1
    assert mcnemar_exact(15, 5) == pytest.approx(binomtest(5, 20).pvalue)


@pytest.mark.parametrize(("gain", "loss"), [(0.2, 0.1), (0.02, 0.01), (0.0, 0.0)])
def test_paired_bands_cover(gain: float, loss: float) -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(1000):
        strata = [
            PairedCounts(int(n[0]), int(n[1]), int(n[2]), int(n[3]))
            for n in rng.multinomial(40, [0.5, gain, loss, 0.5 - gain - loss], 3)
        ]
        covered += paired_band(strata, 0.95).contains(100 * (gain - loss))
    assert covered / 1000 >= 0.935


def test_a_stratum_without_pairs_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        paired_band([PairedCounts(1, 1, 1, 1), PairedCounts(0, 0, 0, 0)], 0.95)
