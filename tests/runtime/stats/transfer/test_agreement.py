"""Simulation against reality: published figures, bands that cover, the gap, and few real trials made more of."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from benchmarks.sim_real_bands import true_rates
from runtime.stats.inference.gap import gaps
from runtime.stats.table.outcomes import Trials
from runtime.stats.transfer.agreement import MEASURES, Rates, agreement, kendall, mmrv, pearson, spearman
from runtime.stats.transfer.powered import powered_mean


@pytest.fixture
def simpler(shared_data: Path) -> Path:
    folder = shared_data / "published_tables" / "simpler"
    if not folder.is_dir():
        pytest.skip("the published tables (published_tables/simpler) are not among the real input")
    return folder


def tables(folder: Path) -> dict[str, list[Rates]]:
    found = defaultdict(list)
    with (folder / "simpler_real_vs_sim.csv").open() as file:
        for row in csv.DictReader(file):
            real_trials = int(row["real_n"])
            found[row["task"]].append(Rates(row["policy"], float(row["sim_rate"]), float(row["real_rate"]), None, real_trials))
    return dict(found)


def test_published_figures_of_simpler(simpler: Path) -> None:
    found = tables(simpler)
    with (simpler / "simpler_mmrv_pearson.csv").open() as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == len(found) == 9
    for want in expected:
        rates = found[want["task"]]
        simulated, real = np.array([r.simulated for r in rates]), np.array([r.real for r in rates])
        assert len(rates) == int(want["n_policies"])
        assert round(float(pearson(simulated, real)), 4) == float(want["pearson"])
        assert round(float(mmrv(simulated, real)), 4) == float(want["mmrv_as_called_in_repo"])


def test_mmrv_with_its_arguments_swapped_is_another_number_in_five_of_nine_tasks(simpler: Path) -> None:
    ours = {}
    for task, rates in tables(simpler).items():
        simulated, real = np.array([r.simulated for r in rates]), np.array([r.real for r in rates])
        ours[task.removeprefix("google_robot_")] = (
            round(float(mmrv(simulated, real)), 4),
            round(float(mmrv(real, simulated)), 4),
        )
    assert {task: pair for task, pair in ours.items() if pair[0] != pair[1]} == {
        "pick_coke_can": (0.0313, 0.0618),
        "move_near": (0.111, 0.0027),
        "close_drawer": (0.1233, 0.1133),
        "place_apple_in_closed_top_drawer": (0.0, 0.0108),
        "widowx_carrot_on_plate": (0.1113, 0.0093),
    }


def test_bands_of_a_published_task_are_wide(simpler: Path) -> None:
    """Six policies with 75 real trials each leave the ranking open; three leave nothing to say about further ones."""
    coke = agreement(tables(simpler)["google_robot_pick_coke_can"])["pearson"]
    assert coke.band is not None
    assert coke.new_policies is not None
    assert coke.band.low <= coke.value <= 1
    assert coke.new_policies.width > coke.band.width
    for rates in tables(simpler).values():
        for found in agreement(rates, draws=200).values():
            assert found.band is not None
            assert found.band.contains(found.value)
    spoon = agreement(tables(simpler)["widowx_spoon_on_towel"])["pearson"]
    assert spoon.new_policies is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=8))
def test_ranks_agree_with_scipy(pairs: list[tuple[int, int]]) -> None:
    simulated, real = np.array(pairs, float).T / 20
    if len(set(simulated)) > 1 and len(set(real)) > 1:
        assert spearman(simulated, real) == pytest.approx(spearmanr(simulated, real).statistic)
        assert kendall(simulated, real) == pytest.approx(kendalltau(simulated, real).statistic)
    assert mmrv(simulated, simulated) == 0
    assert 0 <= mmrv(simulated, real) <= 1


@pytest.mark.parametrize(
    ("policies", "trials", "correlation"), [(6, (200, 20), 0.99), (9, (100, 50), 0.95), (8, (100, 20), 0.77)]
)
def test_bands_cover_what_the_rates_are(policies: int, trials: tuple[int, int], correlation: float) -> None:
    """Also where simulation is good: luck in few real trials, counted twice, once hid that in 86 to 96 of 100 studies."""
    rng = np.random.default_rng(3)
    covered, studies = dict.fromkeys(MEASURES, 0), 60
    for _ in range(studies):
        truth = true_rates(rng, policies, correlation, 0.2)
        wins = rng.binomial(np.array(trials)[:, None], truth)
        rates = [Rates(str(i), wins[0, i] / trials[0], wins[1, i] / trials[1], *trials) for i in range(policies)]
        for name, found in agreement(rates, draws=500).items():
            assert found.band is not None
            covered[name] += bool(found.band.low - 1e-9 <= MEASURES[name](*truth) <= found.band.high + 1e-9)
    assert min(covered.values()) >= 0.9 * studies


def test_exact_rates_have_no_band_and_one_exact_side_has_its_own() -> None:
    rates = [(0.2, 0.3), (0.5, 0.6), (0.8, 0.7), (0.9, 0.95), (0.4, 0.4)]
    found = agreement([Rates(str(i), *rate) for i, rate in enumerate(rates)])["pearson"]
    assert (found.band, found.new_policies is None) == (None, False)
    half = agreement([Rates(str(i), *rate, None, 40) for i, rate in enumerate(rates)])["pearson"]
    assert half.band is not None
    assert 0 < half.band.low < found.value < half.band.high <= 1


def test_one_policy_or_one_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two policies"):
        agreement([Rates("a", 0.5, 0.5, 10, 10)])
    with pytest.raises(ValueError, match="`a` comes twice"):
        agreement([Rates("a", 0.5, 0.5, 10, 10)] * 2)
    with pytest.raises(ValueError, match="share from 0 to 1"):
        Rates("a", 50, 0.5)


def table(rows: list[tuple]) -> pa.Table:
    names = ("approach", "domain", "location", "task", "seed", "initial_state", "success", "failure_mode")
    return pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


def test_the_gap_is_simulated_minus_real_success_paired() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for seed in range(4):
        for state in range(40):
            real = rng.random() < 0.5
            simulated = real or rng.random() < 0.4
            rows += [
                ("act", "world_model", "lab", "pick", seed, str(state), simulated, "" if simulated else "x"),
                ("act", "irl", "lab", "pick", seed, str(state), real, "" if real else "x"),
            ]
    (gap,) = gaps(Trials.of(table(rows)), "world_model", "irl", 0.95)
    assert gap.found.paired
    assert gap.found.estimate.band.contains(20.0)
    assert gap.found.estimate.band.low > 0
    with pytest.raises(ValueError, match="two domains"):
        gaps(Trials.of(table(rows)), "irl", "irl", 0.95)


REAL = [int(c) for c in "000110100111111100001101111001"]
PAIRED = [int(c) for c in "000110101110101100011101110011"]
MORE = [1] * 251 + [0] * 149


def test_powered_mean_is_that_of_the_reference_implementation() -> None:
    """Values of ppi-python 0.2.3 (`ppi_mean_pointestimate`, MIT) on the same outcomes: tuned, and with weight 1."""
    assert powered_mean(REAL, PAIRED, MORE).value == pytest.approx(60.166424)
    assert powered_mean(REAL, PAIRED, MORE, weight=1.0).value == pytest.approx(62.75)
    found = powered_mean(REAL, PAIRED, MORE)
    # theirs is a normal band without added counts, [45.62, 74.71]; ours is Student's about a smoothed centre
    assert 26 < found.band.width < 36
    assert found.band.width < found.classical_band.width
    assert found.saved > 0.1
    # n / (1 - saved) real trials alone would have given as narrow a band.
    assert found.trials_saved + found.real_trials == pytest.approx(found.real_trials / (1 - found.saved))


def test_bad_simulation_does_no_harm() -> None:
    rng = np.random.default_rng(0)
    real = (rng.random(40) < 0.6).astype(float)
    found = powered_mean(real.tolist(), (1 - real).tolist(), (rng.random(500) < 0.4).tolist())
    assert found.weight == 0
    assert found.value == pytest.approx(found.classical)


@pytest.mark.parametrize(("rate", "agree"), [(0.5, 0.9), (0.9, 0.8), (0.2, 0.6)])
def test_powered_bands_cover(rate: float, agree: float) -> None:
    """Simulation that is off by a lot (it succeeds too often), 25 real trials: 95 % bands hold the truth."""
    rng = np.random.default_rng(5)
    covered, width, plain = 0, 0.0, 0.0
    studies = 400
    for _ in range(studies):
        y = rng.random(325) < rate
        f = np.where(rng.random(325) < agree, y, True)
        found = powered_mean(y[:25].tolist(), f[:25].tolist(), f[25:].tolist())
        covered += found.band.contains(100 * rate)
        width, plain = width + found.band.width, plain + found.classical_band.width
    assert covered / studies >= 0.935
    assert width <= plain * 1.03


def test_lists_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="do not pair"):
        powered_mean([1, 0], [1], [1, 0])
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        powered_mean([1, 0], [1, 2], [1, 0])
    with pytest.raises(ValueError, match="at least two"):
        powered_mean([1], [1], [1, 0])
