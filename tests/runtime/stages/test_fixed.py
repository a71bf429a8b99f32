"""Policies that are one whatever the seed, through a whole study: every section says which question it answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.stages.test_report import visible
from tests.runtime.synthetic_study import Synthetic, synthetic_study

RATES = {"baseline": {"irl_proxy": 0.3}, "enriched": {"irl_proxy": 0.75}, "again": {"irl_proxy": 0.3}}
GATES = ("ours-works", "ours-helps")
RULES: dict[str, dict[str, Any]] = {
    "ours-works": {"metric": "success_rate", "approach": "enriched", "comparator": "at_least", "threshold": 40},
    "ours-helps": {"metric": "uplift", "approach": "enriched", "comparator": "above", "threshold": 0},
}


def judged(study: Synthetic) -> dict[str, Any]:
    """What a study's report says, and its page."""
    uplift = study.uplift()
    gates = [study.gate({**RULES[name], "domain": "irl_proxy"}, uplift) for name in GATES]
    claim = study.claim({"kind": "superior", "approach": "enriched", "domain": "irl_proxy"}, uplift)
    folder = study.report({"ours-is-better": {"kind": "superior", "approach": "enriched", "domain": "irl_proxy"}})
    said = json.loads((folder / "report.json").read_text())
    verdicts = [json.loads((f / f"{f.parent.name}.json").read_text()) for f in (*gates, claim)]
    return said | {"verdicts": verdicts, "page": visible((folder / "report.html").read_text())}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    where: Path = tmp_path_factory.mktemp("fixed") / "store"
    return judged(synthetic_study(where, ("shed",), RATES, 40, (0, 1, 2), (), curves=False, fixed=("baseline", "enriched")))


def test_every_verdict_names_its_question(said: dict[str, Any]) -> None:
    asked = {row["approach"]: row["question"] for row in said["evidence"]["uplift"]}
    assert asked == {"enriched": "these policies", "again": "training runs against this policy"}
    works, helps, better = said["verdicts"]
    assert "this very policy" in works["reason"]
    assert (works["status"], helps["status"], better["status"]) == ("passed",) * 3
    assert all("speaks of these very policies" in verdict["reason"] for verdict in (helps, better))
    assert "these policies, 40 pairs" in said["page"]


def test_the_same_trials_count_once(said: dict[str, Any]) -> None:
    """Three seeds stood for one policy: 40 trials came as 120, with bands as narrow as that."""
    evidence = said["evidence"]
    counted = {row["approach"]: row["trials"] for row in said["failures"]}
    assert counted == {"baseline": 40, "enriched": 40, "again": 120}
    assert counted == {row["approach"]: row["trials"] for row in evidence["rates"]}
    assert (evidence["counts"]["trials"], {row["trials"] for row in evidence["failure_modes"]}) == (200, {40, 120})
    effects = {row["approach"]: row for row in evidence["effects"]["rows"] if row["measure"] == "success"}
    assert (effects["enriched"]["runs"], effects["enriched"]["error"], effects["again"]["runs"]) == (1, None, 3)
    for name in ("enriched", "again"):
        beside = effects[name]["against"]
        assert (beside["cohens_d"], beside["improvement"]) == (None, None)
        assert "a side is one policy" in beside["notes"][0]
    (mode, *_) = (m for row in said["failures"] if row["approach"] == "enriched" for m in row["modes"] if m["count"] > 1)
    assert mode["band"][1] - mode["band"][0] > 8


def test_where_nothing_is_trained_no_seeds_are_promised(tmp_path: Path) -> None:
    rates = {"baseline": {"irl_proxy": 0.5}, "enriched": {"irl_proxy": 0.56}}
    found = judged(synthetic_study(tmp_path / "store", ("shed",), rates, 40, (0,), (), curves=False, fixed=tuple(rates)))
    assert "this speaks of these very policies, not of training again" in found["page"]
    assert "these very policies, no training runs" in found["page"]
    (row,) = found["evidence"]["uplift"]
    assert (row["direction"], row["seeds_needed"]) == ("undecided", None)
    assert row["detectable"] > 10
