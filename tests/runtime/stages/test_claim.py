"""The claim stage, and what the report makes of claims, waivers and recommendations."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.synthetic_study import CLAIMS, WAIVERS, Synthetic, synthetic_study, the_study


@pytest.fixture(scope="module")
def study() -> Synthetic:
    return the_study()


@pytest.fixture(scope="module")
def folder(study: Synthetic) -> Path:
    return study.report(CLAIMS, WAIVERS)


def said(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text())


def visible(folder: Path) -> str:
    page = re.sub(r"<style>.*?</style>", "", (folder / "report.html").read_text(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("enriched-helps-at-the-sites", "supported"),
        ("no-harm-in-the-twin", "supported"),
        ("cause", "refuted"),
        ("on-a-robot", "not run"),
    ],
)
def test_claims_of_the_study(study: Synthetic, name: str, verdict: str) -> None:
    found = json.loads((study.claim(CLAIMS[name], study.uplift()) / "claim.json").read_text())
    assert found["verdict"] == verdict


def test_a_claim_over_the_baseline_has_the_band_of_the_uplift_table(study: Synthetic) -> None:
    uplift = study.uplift()
    link = json.loads((study.claim(CLAIMS["enriched-helps-at-the-sites"], uplift) / "claim.json").read_text())["links"][0]
    rows = json.loads((uplift / "uplift.json").read_text())["uplift"]
    row = next(r for r in rows if (r["approach"], r["domain"], r["location"]) == ("enriched", "irl_proxy", None))
    assert (link["value"], link["band"], link["n"]) == (row["value"], row["band"], row["trials"])


def test_the_report_lists_every_claim_with_its_weakest_link(folder: Path) -> None:
    assert [(c["id"], c["verdict"]) for c in said(folder)["claims"]] == [
        ("enriched-helps-at-the-sites", "supported"),
        ("no-harm-in-the-twin", "supported"),
        ("cause", "refuted"),
        ("on-a-robot", "not run"),
    ]
    words = visible(folder)
    assert "by-a-lot: enriched over baseline weakest link" in words
    assert "2 supported 1 not run 1 waived" in words


def test_a_waived_failure_is_shown_as_waived_never_as_passed(folder: Path) -> None:
    by_id = {v["id"]: v for v in [*said(folder)["gates"], *said(folder)["claims"]]}
    assert by_id["cause"]["status"] == "failed"
    assert by_id["cause"]["waived"]["owner"] == "Grace"
    assert by_id["enriched-helps"]["waived"]["until"] == "2999-12-31"
    words = visible(folder)
    assert "Failed, waived by Grace until 2999-12-31: a wish, not a finding" in words
    assert "Undecided, waived by Ada until 2999-12-31" in words


def test_a_waiver_takes_a_failure_from_the_study_but_does_not_pass_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = tmp_path_factory.mktemp("small") / "store"
    small = synthetic_study(store, gates=("untrained-fails",))
    claims = {name: CLAIMS[name] for name in ("enriched-helps-at-the-sites", "cause")}
    assert said(small.report(claims))["status"] == "failed"
    assert said(small.report(claims, {"claims": WAIVERS["claims"]}))["status"] == "undecided"
    del claims["cause"]
    assert said(small.report(claims))["status"] == "passed"


def test_a_waiver_of_what_passed_or_did_not_run_says_nothing(study: Synthetic) -> None:
    waiver = WAIVERS["claims"]["cause"]
    names = ("enriched-helps-at-the-sites", "on-a-robot")
    found = said(study.report({n: CLAIMS[n] for n in names}, {"claims": dict.fromkeys(names, waiver)}))
    assert [c["waived"] for c in found["claims"]] == [None, None]
    assert found["status"] == "not run"


def test_recommendations_name_their_numbers(folder: Path) -> None:
    found = said(folder)["decisions"]
    assert [d["approach"] for d in found] == ["enriched"]
    assert [n["domain"] for n in found[0]["because"]] == ["twin", "irl_proxy"]
    assert re.search(r"What next .*twin \w+, hidden site \w+", visible(folder))


def test_a_study_without_claims_has_no_table_of_them(study: Synthetic) -> None:
    page = (study.report() / "report.html").read_text()
    assert 'id="claims"' not in page
    assert "#claims" not in page
