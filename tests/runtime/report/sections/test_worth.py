"""Cost of sure points and what to try next: on numbers by hand, and in a whole report."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.report.sections.worth import confirmed_rows, next_rows, worth
from runtime.stats.prior.prior import of_range
from tests.runtime.synthetic_study import synthetic_study

FRAME = StudyFrame(
    id="s",
    baseline="base",
    locations=("a", "b"),
    tasks=("t",),
    seeds=(0, 1),
    approaches=("base", "proven", "measured", "refuted", "wished", "silent", "once", "foreign", "again"),
    trials={"twin": 10},
)
CELLS = [
    Cell(approach=a, location=x, task="t", seed=0, domain="twin")
    for a in ("base", "proven", "measured", "refuted", "wished", "again")
    for x in "ab"
]
ROLES: Any = {"base": "baseline", "again": "placebo"}


def joint(approach: str, belief: Any, alone: Any) -> dict[str, Any]:
    return {"approach": approach, "domain": "twin", "belief": belief, "alone": alone}


def belief(mean: float, weight: float = 0.8) -> dict[str, Any]:
    there = {"mean": mean, "sd": 2.0, "gain": max(mean, 0.3), "share": 0.6, "range_weight": weight}
    return {"posterior": {**there, "sd": 1.0}, "new_location": there}


def place(approach: str, location: str | None, band: list[float]) -> dict[str, Any]:
    return {"approach": approach, "domain": "twin", "location": location, "band": band, "prior": None}


EVIDENCE: Any = {
    "baseline": "base",
    "level": 0.95,
    "counts": {"domains": ["twin"]},
    "fleet": [],
    "priors": {
        "wished": {"world_model": [2, 6], "irl": None},
        "silent": {"world_model": None, "irl": [1, 2]},
        "foreign": {"world_model": [3, 9], "irl": None},
    },
    "together": [
        joint("proven", belief(6), {"mean": 6, "sd": 3}),
        joint("measured", None, {"mean": 1.0, "sd": 4.0}),
        joint("refuted", belief(-6.0, 0.02), {"mean": -6.0, "sd": 2.0}),
        joint("once", None, None),
        joint("again", None, {"mean": 50, "sd": 1}),
    ],
    "uplift": [
        place("proven", None, [3, 5]),
        place("proven", "a", [2, 9]),
        place("proven", "b", [-1, 30]),
        place("measured", "a", [-4, 6]),
    ],
}
COSTS: Any = [{"approach": a, "cpu_s": 7200.0, "gpu_s": 0.0} for a in ("proven", "measured", "refuted", "wished", "again")]


def test_candidates_are_ranked_by_what_is_believed_of_them() -> None:
    (found,) = worth(FRAME, CELLS, EVIDENCE, ROLES, COSTS)["next"]
    ranked = {row["approach"]: row for row in found["ranked"]}
    assert [row["approach"] for row in found["ranked"]] == ["proven", "wished", "measured", "refuted"]
    assert {row["hours"] for row in found["ranked"]} == {1.0}  # two CPU-hours over two locations
    assert ranked["wished"]["gain"] == pytest.approx(of_range((2, 6)).gain(), abs=1e-3)
    assert (ranked["wished"]["basis"], ranked["wished"]["share"]) == ("prior", 0.0)
    assert "never measured" in ranked["wished"]["why"]
    assert ranked["proven"]["why"] == ("expected range and measurement, 60 % of it measured; the range keeps a weight of 80 %")
    assert (ranked["refuted"]["mean"], ranked["refuted"]["range_weight"]) == (-6.0, 0.02)
    assert (ranked["measured"]["range_weight"], ranked["measured"]["share"]) == (None, 1.0)
    assert {row["approach"]: row["reason"] for row in found["unranked"]} == {
        "silent": "not measured here, and no range is expected of it",
        "once": "one training seed and no expected range: its uplift is not bounded",
        "foreign": "its cost is unknown: no artifact of it was built here",
    }


def test_hours_of_a_gpu_count_once_any_were_used() -> None:
    costs: Any = [{**row, "gpu_s": 3600.0 if row["approach"] == "measured" else 0.0} for row in COSTS]
    found = worth(FRAME, CELLS, EVIDENCE, ROLES, costs)
    assert found["unit"] == "gpu_h"
    ranked = found["next"][0]["ranked"]
    assert ranked[-1]["approach"] == "measured"  # the only one that costs any
    assert [row["per_hour"] for row in ranked[:-1]] == [None, None, None]
    assert ranked[-1]["hours"] == 0.5
    said: Any = {"worth": found}
    assert "gain_per_gpu_h" in next_rows(said)[0]


def test_sure_points_are_the_low_ends_of_every_location(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {row["approach"]: row for row in worth(FRAME, CELLS, EVIDENCE, ROLES, COSTS)["confirmed"]}
    assert found["proven"] == {
        "approach": "proven",
        "domain": "twin",
        "basis": "locations",
        "comparisons": 2,
        "confirmed": 1,
        "points": 2,
        "hours": 2.0,
        "per_point": 1.0,
    }
    assert (found["measured"]["confirmed"], found["measured"]["per_point"]) == (0, None)
    assert "again" not in found
    of_fleet = {
        "approach": "proven",
        "domain": "twin",
        "locations": [
            {"direction": "helps", "band": [4, 8]},
            {"direction": "undecided", "band": [1, 9]},
            {"direction": "helps", "band": [-1, 7]},
        ],
    }
    monkeypatch.setitem(EVIDENCE, "fleet", [of_fleet])
    (row,) = [r for r in worth(FRAME, CELLS, EVIDENCE, ROLES, COSTS)["confirmed"] if r["approach"] == "proven"]
    assert (row["basis"], row["comparisons"], row["confirmed"], row["points"]) == ("fleet", 3, 1, 4)


def test_a_report_says_what_to_try_next(tmp_path: Path) -> None:
    folder = synthetic_study(tmp_path / "store", trials=20, gates=()).report()
    said = json.loads((folder / "report.json").read_text())
    assert said["worth"]["unit"] == "cpu_h"
    assert {row["approach"] for group in said["worth"]["next"] for row in group["ranked"]} == {"enriched"}
    total = next(row for row in said["costs"] if row["approach"] == "enriched")["cpu_s"]
    assert said["worth"]["next"][0]["ranked"][0]["hours"] == pytest.approx(total / 3600 / 2, rel=1e-3)
    assert len(confirmed_rows(said)) == 2
    page = (folder / "report.html").read_text()
    assert '<section id="worth">' in page
    assert "Gain per CPU-hour" in page
