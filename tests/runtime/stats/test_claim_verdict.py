"""Claims judged from trials: the verdict, and the link that decides it."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from runtime.spec.cell import Cell
from runtime.spec.claim import Claim
from runtime.spec.frame import StudyFrame
from runtime.stats.claim_verdict import of_claim
from runtime.stats.table import join
from runtime.stats.trials import Trials
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
        id="study", baseline="baseline", locations=locations, tasks=("press",), approaches=approaches,
        seeds=(0, 1, 2, 3, 4), trials={"twin": 200},
    )  # fmt: skip


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
)  # fmt: skip
def test_verdicts(claim: dict[str, Any], verdict: str) -> None:
    assert judged(claim, trials(RATES))["verdict"] == verdict


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
    assert judged(claim, trials(RATES, seeds=1))["verdict"] == "undecided"


def test_undecided_says_what_would_decide() -> None:
    claim = {"kind": "superior", "approach": "treatment", "domain": "twin", "margin": 33}
    found = judged(claim, trials(RATES))
    links = found["links"]
    assert isinstance(links, list)
    assert found["verdict"] == "undecided"
    assert links[0]["seeds_needed"] > 5
    assert "seeds would decide" in str(found["reason"])
