"""The report stage: what the page says, that it stands alone, and that input cannot become markup."""

import json
import re
from pathlib import Path

import pytest

from runtime.build.testing import run_stage
from runtime.report.labels import apply_labels
from runtime.report.sections.provenance import STEPS
from runtime.stage import load_stages
from tests.runtime.synthetic_study import RATES, Synthetic, synthetic_study, the_study


@pytest.fixture(scope="module")
def study() -> Synthetic:
    return the_study()


@pytest.fixture(scope="module")
def folder(study: Synthetic) -> Path:
    return study.report()


def visible(page: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", body))


def test_verdict_comes_first_and_claims_no_more_than_its_band(folder: Path) -> None:
    words = visible((folder / "report.html").read_text())
    assert "At the hidden site, enriched helps by " in words
    assert words.index("enriched helps by") < words.index("Uplift over")
    said = json.loads((folder / "report.json").read_text())
    twin = next(
        r for r in said["evidence"]["uplift"] if (r["approach"], r["domain"], r["location"]) == ("enriched", "twin", None)
    )
    assert twin["direction"] == "undecided"
    assert twin["band"][0] < 0 < twin["band"][1]


def test_a_study_that_tries_nothing_has_a_page_with_pictures_figures_and_gates(study: Synthetic) -> None:
    rule = {"metric": "psnr_db", "stage": "splat", "scope": "location", "comparator": "at_least", "threshold": 99}
    frame = {"id": "place", "locations": study.frame.locations, "gates": ["sharp"]}
    judged = {"judged": study.splats}
    gate = run_stage("gate", {"rule": rule, "study": frame, "labels": list(study.frame.locations)}, judged, study.store)
    ports = {"gates": [gate], "captures": study.captures, "splats": study.splats, "clips": study.clips}
    folder = run_stage("report", {"study": frame, "cells": []}, ports, study.store)
    said, page = json.loads((folder / "report.json").read_text()), (folder / "report.html").read_text()
    assert said["status"] == said["gates"][0]["status"] == "failed"
    assert {row["stage"] for row in said["quality"]} >= {"splat"}
    words = visible(page)
    assert ": 0 of 1 gate passed; nothing was to be tried." in words
    assert "no trials" in words
    assert "Quality of places" in words
    assert "Success rates" not in words
    assert "<img" in page


def test_words_for_hidden_sites_never_say_real(folder: Path) -> None:
    """Robots that may have tried something are called real; nothing else is."""
    words = visible((folder / "report.html").read_text()).replace("on the real robot", "")
    near = [words[max(0, found.start() - 40) : found.end() + 40] for found in re.finditer(r"(?i)\breal(?:ity|ly)?\b", words)]
    assert near == []


def test_roles_are_read_off_artifacts(folder: Path) -> None:
    assert json.loads((folder / "report.json").read_text())["roles"] == {
        "untrained": "untrained",
        "baseline": "baseline",
        "placebo": "placebo",
        "enriched": "treatment",
    }


def test_nothing_is_success_when_a_gate_did_not_run(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    assert said["status"] == "not run"
    assert any("drift" in token.get("text", "") for line in said["not_run"] for token in line)


def test_the_page_stands_alone(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(a.startswith(("data:", "#")) for a in addresses)
    assert "<script" not in page
    assert "url(" not in page
    assert sum(a.startswith("data:image/webp") for a in addresses) >= 2 * (3 + 1 + 1 + 1 + 7)
    assert len(page) < 1_500_000


def test_provenance_counts_each_artifact_once(study: Synthetic, folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())["provenance"]
    stages = {row["stage"]: row for row in said["stages"]}
    assert stages["evaluate"]["artifacts"] == 48
    assert stages["policy"]["artifacts"] == 24
    assert stages["policy"]["cpu_s"] == 24 * 24.0
    assert stages["enrichment"]["artifacts"] == 2
    steps = {"splat": "", "coverage": "1", "enrichment": "2", "policy": "4", "evaluate": "4e", "gate": ""}
    assert {stage: stages[stage]["step"] for stage in steps} == steps
    assert set(STEPS) <= load_stages().keys()
    assert said["commands"][1] == "snakemake --cores all"


def test_pictures_name_their_place_in_the_store(study: Synthetic, folder: Path) -> None:
    text = (folder / "report.json").read_text()
    assert "base64" not in text
    for room in json.loads(text)["pictures"]:
        for group in room["groups"]:
            assert all((study.store / figure["source"]).is_file() for figure in group["figures"])


def test_what_photos_saw_of_clips_is_said_at_each_place(folder: Path) -> None:
    first, second = (room["groups"][-1] for room in json.loads((folder / "report.json").read_text())["pictures"])
    assert first["heading"] == "Coverage: photos saw 83 % of it (5 % as the paths were asked for)"
    assert [Path(figure["source"]).name for figure in first["figures"]] == ["orbit.mp4", "seen.png"]
    assert "red is what no photo saw" in first["figures"][-1]["caption"]
    assert (second["heading"], len(second["figures"])) == ("Coverage", 1)
    assert first["heading"] in (folder / "report.html").read_text()


HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def test_titles_are_filled_in_and_escaped(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    labels = {
        "approach:enriched": {"title": HOSTILE, "file": 'specs/approaches/"enriched".yaml', "line": 3},
        "approach:placebo": {
            "title": "A null",
            "file": "specs/approaches/placebo.yaml",
            "line": 2,
            "href": "javascript:alert(1)",
        },
        "approach:never-used": {"title": "Never shown"},
    }
    named = apply_labels(page, labels)
    assert "<img src=x" not in named
    assert "&lt;img src=x onerror=alert(1)&gt;" in named
    assert "javascript:" not in named
    assert "specs/approaches/placebo.yaml:2" in named
    assert "Never shown" not in named
    assert HOSTILE not in named
    assert apply_labels(page, {}) == page
    failed = page.replace("</main>", '<span class="advice" data-ref="gate:g"></span></main>')
    assert ">What to do: more &lt;photos&gt;</span>" in apply_labels(
        failed, {"gate:g": {"title": "G", "advice": "more <photos>"}}
    )


def test_ids_and_failure_modes_cannot_become_markup(tmp_path: Path) -> None:
    name = "<b>x</b>"
    study = synthetic_study(
        tmp_path / "store",
        locations=("shed<script>alert(1)</script>",),
        rates={"baseline": {"twin": 0.5}, name: {"twin": 0.6}},
        trials=6,
        gates=(),
    )
    page = (study.report() / "report.html").read_text()
    assert "<b>x</b>" not in page
    assert "<script" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    named = apply_labels(page, {f"approach:{name}": {"title": "Sober title"}})
    assert "Sober title" in named


def test_a_study_with_a_single_approach_still_reports(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", locations=("shed",), rates={"alone": {"twin": 0.5}}, trials=6, gates=())
    words = visible((study.report() / "report.html").read_text())
    assert "alone was tried alone: there is nothing to compare it with." in words
    assert "no baseline" in words


def test_a_domain_that_does_not_reproduce_is_said_first(tmp_path: Path, folder: Path) -> None:
    study = synthetic_study(tmp_path / "store", unsteady={"irl_proxy": 0.3})
    words = visible((study.report() / "report.html").read_text())
    assert "Hidden site: trials do not reproduce. 24 of 96 trials run twice ended differently, 25.0 in 100" in words
    assert words.index("do not reproduce") < words.index("Uplift over")
    assert "3 seeds, unpaired" in words
    steady = visible((folder / "report.html").read_text())
    assert "do not reproduce" not in steady
    assert re.search(r"hidden site ?passed ?0\.0 \[0\.0, 3\.8\] ?5 ?96 ?0 ?in pairs", steady)


def test_the_same_input_gives_the_same_page(tmp_path: Path, folder: Path) -> None:
    again = synthetic_study(tmp_path / "store", rates=RATES).report()
    one, other = ((f / "report.html").read_text() for f in (folder, again))

    def steady(page: str) -> str:  # processor time and memory of the stages that just ran do differ
        plain = re.sub(r'href="[^"]+" aria-label="save (?:stages|artifacts) as CSV"', "", page)
        return re.sub(r"[\d.]+ (?:s|min|MB|GB)\b", "", plain)

    assert steady(one) == steady(other)
