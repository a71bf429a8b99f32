"""Claims judged from trials: the verdict, and the link that decides it."""

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from runtime.bound.cell import Cell
from runtime.bound.claim import Claim
from runtime.bound.frame import StudyFrame
from runtime.stats.table.factors import packed
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.table import SCHEMA, join
from runtime.stats.verdict.claim_verdict import of_claim
from tests.runtime.synthetic_study import trial_table

RATES = {"oracle": 0.95, "treatment": 0.75, "capacity": 0.4, "baseline": 0.4, "corrupted": 0.1}
CAUSE = {
    "kind": "composed",
    "parts": {
        "beats-baseline": {"kind": "superior", "approach": "treatment", "domain": "twin", "margin": 5},
        "not-by-capacity": {"kind": "equivalent", "approach": "capacity", "domain": "twin", "margin": 15},
        "needs-its-input": {"kind": "superior", "approach": "treatment", "over": "corrupted", "domain": "twin"},
    },
}


def frame(*approaches: str, locations: tuple[str, ...] = ("cellar", "atrium")) -> StudyFrame:
    return StudyFrame(
        id="study",
        baseline="baseline",
        locations=locations,
        tasks=("press",),
        approaches=approaches,
        seeds=(0, 1, 2, 3, 4),
        trials={"twin": 200},
    )


def trials(rates: dict[str, float], without: tuple[str, str] | None = None, seeds: int = 5) -> Trials:
    rng = np.random.default_rng(3)
    tables: list[pa.Table] = []
    cells = []
    for location in ("cellar", "atrium"):
        for approach, rate in rates.items():
            for seed in range(seeds):
                if (approach, location) != without:
                    cell = Cell(approach=approach, location=location, task="press", seed=seed, domain="twin")
                    tables.append(trial_table(cell, rng.random(200) < rate + 0.01 * (seed - 2), rng))
                    cells.append(cell)
    return Trials.of(join(tables, cells))


def judged(claim: dict[str, Any], found: Trials, *approaches: str) -> dict[str, Any]:
    return of_claim(TypeAdapter(Claim).validate_python(claim), found, frame(*(approaches or tuple(RATES))))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ({"kind": "superior", "approach": "treatment", "domain": "twin"}, "supported"),
        ({"kind": "superior", "approach": "treatment", "domain": "twin", "margin": 60}, "refuted"),
        ({"kind": "superior", "approach": "treatment", "domain": "twin", "margin": 35}, "undecided"),
        ({"kind": "superior", "approach": "treatment", "domain": "irl_proxy"}, "not run"),
        ({"kind": "equivalent", "approach": "capacity", "domain": "twin", "margin": 15}, "supported"),
        ({"kind": "equivalent", "approach": "treatment", "domain": "twin", "margin": 15}, "refuted"),
        ({"kind": "non_inferior", "approach": "capacity", "domain": "twin", "margin": 15}, "supported"),
        ({"kind": "non_inferior", "approach": "corrupted", "domain": "twin", "margin": 15}, "refuted"),
        ({"kind": "ordered", "order": ["oracle", "treatment", "baseline"], "domain": "twin"}, "supported"),
        ({"kind": "ordered", "order": ["oracle", "baseline", "treatment"], "domain": "twin"}, "refuted"),
        (CAUSE, "supported"),
    ],
)
def test_verdicts(claim: dict[str, Any], verdict: str) -> None:
    assert judged(claim, trials(RATES))["verdict"] == verdict


@pytest.mark.parametrize(("apart", "verdict"), [(0.0, "supported"), (0.12, "undecided"), (0.3, "refuted")])
def test_a_policy_that_scores_alike_in_two_domains(apart: float, verdict: str) -> None:
    rng, tables, cells = np.random.default_rng(5), list[pa.Table](), []
    for domain, rate in (("twin", 0.6 + apart), ("irl_proxy", 0.6)):
        for seed in range(5):
            cell = Cell(approach="baseline", location="cellar", task="press", seed=seed, domain=domain)
            cells.append(cell)
            tables.append(trial_table(cell, rng.random(200) < rate + 0.01 * (seed - 2), rng))
    claim = {"kind": "alike", "approach": "baseline", "domain": "twin", "against": "irl_proxy", "margin": 12}
    found, at = Trials.of(join(tables, cells)), frame("baseline", locations=("cellar",))
    said = of_claim(TypeAdapter(Claim).validate_python(claim), found, at)
    assert said["verdict"] == verdict
    link = said["links"][0]
    assert (link["against"], link["level"]) == ("irl_proxy", 0.9)  # two one-sided tests
    assert link["value"] == pytest.approx(100 * apart, abs=6)
    assert of_claim(TypeAdapter(Claim).validate_python(claim), found, frame("baseline"))["verdict"] == "not run"  # atrium was not


def test_the_weakest_link_is_named() -> None:
    spoilt = judged(CAUSE, trials({**RATES, "corrupted": 0.75}))
    assert spoilt["verdict"] == "undecided"
    assert spoilt["weakest"] == "needs-its-input: treatment over corrupted"
    assert str(spoilt["reason"]).startswith("needs-its-input: treatment over corrupted: ")
    bigger = judged(CAUSE, trials({**RATES, "capacity": 0.7}))
    assert (bigger["verdict"], bigger["weakest"]) == ("refuted", "not-by-capacity: capacity over baseline")


def test_where_all_hold_the_weakest_clears_by_least() -> None:
    found = judged(CAUSE, trials(RATES))
    links = found["links"]
    assert isinstance(links, list)
    assert found["weakest"] == min(links, key=lambda link: link["clearance"])["link"]


def test_equivalence_is_two_one_sided_tests() -> None:
    claim = {"kind": "equivalent", "approach": "capacity", "domain": "twin", "margin": 15}
    links = judged(claim, trials(RATES))["links"]
    assert isinstance(links, list)
    assert links[0]["level"] == pytest.approx(0.9)


def test_a_place_that_was_not_tried_is_not_run_whatever_the_others_say() -> None:
    found = judged(CAUSE, trials(RATES, without=("treatment", "atrium")))
    assert found["verdict"] == found["status"] == "not run"
    assert found["weakest"] == "beats-baseline: treatment over baseline"
    assert "at 1 of the planned places" in str(found["reason"])


def test_one_seed_decides_nothing() -> None:
    claim = {"kind": "superior", "approach": "oracle", "domain": "twin"}
    found = judged(claim, trials(RATES, seeds=1))
    assert found["verdict"] == "undecided"
    assert "one training seed" in found["reason"]
    assert "too near" not in found["reason"]


def stopped(found: Trials, upto: dict[str, int]) -> Trials:
    """The trials of a study whose comparisons stopped after so many initial states."""
    return Trials(
        {
            (approach, domain): {
                place: {seed: {state: v for state, v in run.items() if int(state) < upto[approach]} for seed, run in runs.items()}
                for place, runs in places.items()
            }
            for (approach, domain), places in found.outcomes.items()
        },
        {},
    )


def test_trials_of_unequal_length_are_compared_over_common_states_and_it_says_so() -> None:
    """Link by link: each over the states of the shorter of its two, and of neither more."""
    everything = trials(RATES)
    upto = {"oracle": 50, "treatment": 100, "capacity": 200, "baseline": 200, "corrupted": 50}
    early = stopped(everything, upto)
    ordered = {"kind": "ordered", "order": ["oracle", "treatment", "baseline"], "domain": "twin"}
    alike = {"kind": "equivalent", "approach": "treatment", "over": "oracle", "domain": "twin", "margin": 60}
    for claim in (ordered, alike, CAUSE):
        for link in judged(claim, early)["links"]:
            pair = (link["approach"], link["over"])
            states = min(upto[name] for name in pair)
            cut = stopped(everything, dict.fromkeys(RATES, states))
            same = {(one["approach"], one["over"]): one for one in judged(claim, cut)["links"]}[pair]
            assert {k: link[k] for k in ("value", "band", "verdict", "n")} == {
                k: same[k] for k in ("value", "band", "verdict", "n")
            }
            assert link["n"] == 2 * 5 * states
            unequal = upto[pair[0]] != upto[pair[1]]
            assert ("over the initial states that both ran" in link["reason"]) == unequal


def test_undecided_says_what_would_decide() -> None:
    claim = {"kind": "superior", "approach": "treatment", "domain": "twin", "margin": 33}
    found = judged(claim, trials(RATES))
    links = found["links"]
    assert isinstance(links, list)
    assert found["verdict"] == "undecided"
    assert 2 < links[0]["detectable"] < 10
    assert "a study like this sees" in str(found["reason"])


def test_an_uplift_that_falls_along_a_factor_and_one_where_it_is_asked_for() -> None:
    """The treatment helps by 50 points with 5 demos and by nothing with 500; another task knows nothing of demos."""
    rng, rows = np.random.default_rng(3), []
    for task, approach, seed, i in product(("press", "tell"), ("treatment", "baseline"), range(5), range(200)):
        demos = (5, 500)[i % 2] if task == "press" else None
        rate = 0.3 if (approach, demos) == ("baseline", 5) else 0.8
        said = {"task": task, "approach": approach, "seed": seed, "initial_state": str(i), "success": bool(rng.random() < rate)}
        rest = {"location": "cellar", "domain": "lab", "score": 0.0, "failure_mode": "missed", "steps": 1, "protocol": task}
        rows.append(said | rest | {"factors": packed({"demos": demos}) if demos else None})
    trials = Trials.of(pa.Table.from_pylist(rows, SCHEMA))
    asked = frame("treatment", "baseline", locations=("cellar",)).model_copy(update={"tasks": ("press", "tell")})

    def found(**claim: Any) -> dict[str, Any]:
        said = {"approach": "treatment", "domain": "lab"} | claim
        return of_claim(TypeAdapter(Claim).validate_python(said), trials, asked)

    falls = found(kind="falling", along="demos", between=[5, 500])
    assert falls["verdict"] == "supported"
    assert falls["links"][0]["value"] == pytest.approx(50, abs=8)
    assert found(kind="falling", along="demos", between=[500, 5])["verdict"] == "refuted"
    assert found(kind="superior", margin=25, where={"demos": 5})["verdict"] == "supported"
    many = found(kind="equivalent", margin=10, where={"demos": 500})
    assert (many["verdict"], many["links"][0]["value"]) == ("supported", pytest.approx(0, abs=6))
    assert found(kind="superior", where={"demos": 7})["verdict"] == "not run"
    assert found(kind="falling", along="light", between=[0, 1])["verdict"] == "not run"
