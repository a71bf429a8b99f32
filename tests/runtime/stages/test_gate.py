"""The gate stage: four statuses, each from real artifacts."""

import json
from typing import Any

import pytest

from tests.runtime.synthetic_study import GATES, Synthetic, the_study


@pytest.fixture(scope="module")
def study() -> Synthetic:
    return the_study()


def judged(study: Synthetic, **rule: Any) -> dict[str, Any]:
    return json.loads((study.gate(rule, study.uplift()) / "gate.json").read_text())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("untrained-fails", "passed"),
        ("baseline-has-room", "passed"),
        ("placebo-null", "passed"),
        ("enriched-helps", "undecided"),
        ("splat-sharp", "passed"),
        ("world-model-drift", "not run"),
    ],
)
def test_gates_of_the_study(study: Synthetic, name: str, status: str) -> None:
    assert judged(study, **GATES[name])["status"] == status


def test_a_failed_gate_is_a_result_not_an_error(study: Synthetic) -> None:
    found = judged(study, metric="success_rate", approach="baseline", domain="twin", comparator="at_most", threshold=10)
    assert found["status"] == "failed"
    assert found["band"][0] > 10


def test_by_location_every_place_must_clear(study: Synthetic) -> None:
    found = judged(study, metric="psnr_db", stage="splat", scope="location", comparator="at_least", threshold=26)
    assert found["status"] == "failed"
    assert {p["label"]: p["status"] for p in found["parts"]} == {"cellar-workbench": "passed", "atrium-counter": "failed"}


def test_a_rule_may_speak_of_one_approach_s_artifacts(study: Synthetic) -> None:
    found = judged(
        study,
        metric="success",
        stage="evaluate",
        approach="untrained",
        domain="twin",
        scope="artifact",
        comparator="at_most",
        threshold=0.2,
    )
    assert found["status"] == "passed"
    assert len(found["parts"]) == 6
