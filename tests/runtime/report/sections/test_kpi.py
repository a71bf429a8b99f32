"""Key figures in the report: fed from manifests and trials, by week and location, drawn, the same when made again."""

import csv
import io
import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from compiler.cli import main
from compiler.report.brief import render_brief
from runtime.build.testing import run_stage
from runtime.report.recompute import recompute
from runtime.report.sections.kpi import drawn, newest
from runtime.store.store import SEAL, Store
from runtime.trials.listing import read_manifest
from tests.runtime.report.browser import found_in, needs_browser
from tests.runtime.report.test_in_browser import LAYOUT
from tests.runtime.synthetic_files import BUILT
from tests.runtime.synthetic_history import history
from tests.runtime.synthetic_study import LOCATIONS, RATES, Synthetic, synthetic_study, the_study

WEEK_S = 7 * 86400


def said(report: Path) -> Any:
    return json.loads((report / "report.json").read_text())


def rewrite(manifest: Path, built: float | None) -> None:
    """Another time of building, or none; without a seal, as manifests of old are."""
    facts = {k: v for k, v in json.loads(manifest.read_text()).items() if k not in (SEAL, "built")}
    manifest.write_text(json.dumps(facts if built is None else facts | {"built": built}))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over five weeks of three new locations each."""
    return history(tmp_path_factory.mktemp("long") / "store", 5, 3).report()


@pytest.fixture(scope="module")
def short() -> Path:
    """A report of one week."""
    return the_study().report()


def test_every_week_has_the_locations_that_were_measured_then(long: Path) -> None:
    kpi = said(long)["kpi"]
    assert kpi["weeks"] == [f"2026-W{w}" for w in range(10, 15)]
    assert kpi["not_run"] == ["irl"]
    for row in kpi["rows"]:
        if row["location"] is not None:
            assert row["week"] == f"2026-W{10 + int(row['location'][5:7])}"
        else:
            assert row["locations"] == 3
    assert not [r for r in kpi["rows"] if r["approach"] == "baseline" and r["kpi"] == "artifact_pass_rate"]
    assert len([r for r in kpi["rows"] if r["kpi"] == "artifact_pass_rate"]) == 5 * (3 + 1)


def test_figures_of_trials_are_those_of_the_other_tables(short: Path) -> None:
    content = said(short)
    assert {r["approach"] for r in content["kpi"]["rows"]} == {"baseline", "enriched"}  # controls have no key figures
    rates = {(r["approach"], r["domain"], r["location"]): r for r in content["evidence"]["rates"]}
    found = [r for r in content["kpi"]["rows"] if r["kpi"] in ("policy_in_world_model", "irl_proxy")]
    assert len(found) == 2 * 2 * 3
    for row in found:
        expected = rates[row["approach"], row["domain"], row["location"]]
        assert (row["value"], row["band"], row["n"]) == (expected["value"], expected["band"], expected["trials"])
    gap = {r["approach"]: r for r in content["sim_real"][0]["gap"] if r["location"] is None}
    for row in (r for r in content["kpi"]["rows"] if r["kpi"] == "gap" and r["location"] is None):
        assert (row["value"], row["band"]) == (gap[row["approach"]]["value"], gap[row["approach"]]["band"])


def test_one_week_is_a_table_and_says_that_trends_need_three(short: Path) -> None:
    page = re.sub(r"\s+", " ", (short / "report.html").read_text())
    section = page[page.index('<section id="kpi">') :].partition("</section>")[0]
    assert "One week so far: a trend needs three." in section
    assert "<polygon" not in section
    assert "<circle" not in section
    assert said(short)["kpi"]["trends"][0]["advice"] == "a trend needs three weeks: so far there is 1"


def test_the_study_has_a_recommendation_with_its_numbers(long: Path) -> None:
    trend = said(long)["kpi"]["trends"][0]
    assert trend["approach"] == "baseline"
    assert [b["kpi"] for b in trend["because"]] == ["policy_in_world_model", "irl_proxy"]
    words = re.sub(r"<[^>]*>", "", (long / "report.html").read_text())
    words = re.sub(r"\s+", " ", words)
    start = words.index("The study, by how baseline moved over 5 weeks:")
    assert trend["advice"] in words[start : start + 400]
    assert f"{trend['because'][0]['first']['value']:.1f} to {trend['because'][0]['last']['value']:.1f}" in words


def test_charts_show_every_week_and_bands_in_the_frame(long: Path) -> None:
    pack = drawn(said(long))
    frame = pack["frame"]
    assert [(c["kpi"], c["domain"], c["real"]) for c in pack["charts"]] == pack["columns"]
    for chart in pack["charts"]:
        assert [w["n"] for w in chart["weeks"]] == [3] * 5
        for line in chart["lines"]:
            assert len(line["points"]) == 5
            for point in line["points"]:
                assert frame["left"] < point["x"] < frame["right"]
                assert frame["top"] <= point["high"] <= point["y"] <= point["low"] <= frame["bottom"]


def test_the_table_is_of_the_newest_week_and_says_what_did_not_run(long: Path) -> None:
    rows = newest(said(long)["kpi"])
    assert [(r["location"], r["approach"]) for r in rows] == [
        (f"site-04-0{k}", a) for k in range(3) for a in ("baseline", "enriched")
    ]
    assert [r["values"][0] is None for r in rows] == [True, False] * 3


def test_many_locations_are_folded(tmp_path: Path) -> None:
    page = (history(tmp_path / "store", 1, 16, 6).report() / "report.html").read_text()
    table = page[page.index("Each location") :]
    assert table[table.index("<details") :].startswith("<details>")
    assert "16 locations" in table


def test_downloads_hold_every_figure(long: Path) -> None:
    page = (long / "report.html").read_text()
    files = dict(re.findall(r'download="study-kpi\.(csv|svg)" href="([^"]+)"', page))
    rows = list(csv.DictReader(io.StringIO(urllib.request.urlopen(files["csv"]).read().decode())))
    assert len(rows) == len(said(long)["kpi"]["rows"])
    assert {row["location"] for row in rows} >= {"all", "site-00-00"}
    svg = urllib.request.urlopen(files["svg"]).read().decode()
    assert svg.count("<polyline") == 9
    assert "gap, twin minus hidden site" in svg


def test_the_brief_has_one_line(long: Path, short: Path) -> None:
    text = render_brief(said(long))
    (line,) = [x for x in text.splitlines() if x.startswith("**Key figures, 2026-W14**")]
    assert "(3 locations), `baseline`: scripted expert, twin" in line
    assert f"Over 5 weeks: `{said(long)['kpi']['trends'][0]['advice']}`" in line
    assert "a trend needs three weeks" in render_brief(said(short))


def test_recompute_gives_the_same(long: Path) -> None:
    found = recompute(Store(long.parent.parent), long.name)
    assert found.differences == ()


@needs_browser
@pytest.mark.parametrize("width_px", [400, 1280])
def test_charts_and_table_fit(long: Path, tmp_path: Path, width_px: int) -> None:
    facts = found_in((long / "report.html").read_text(), tmp_path, width_px, LAYOUT)
    assert (facts["wide"], facts["scroll"]) == ([], width_px)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], tuple[Synthetic, Path]]:
    """A report with trials of a robot, made on the days given, and the same start states on each."""
    monkeypatch.chdir(tmp_path)
    study = synthetic_study(tmp_path / "store", LOCATIONS, {a: RATES[a] for a in ("baseline", "enriched")}, 8, gates=())

    def run(days: list[str]) -> tuple[Synthetic, Path]:
        rows = [
            f"{a},{x},{s},{i},{int((i + k) % 4 > 0)},{day}"
            for k, day in enumerate(days)
            for a in ("baseline", "enriched")
            for x in LOCATIONS
            for s in (0, 1)
            for i in range(8)
        ]
        Path("log.csv").write_text("\n".join(["approach,location,seed,start,ok,day", *rows]))
        Path("map.yaml").write_text(
            "columns: {approach: approach, location: location, seed: seed, initial_state: [day, start], success: ok, "
            "day: day}\nfixed: {task: press-button, domain: irl}\n"
        )
        words = ["import", "log.csv", "--mapping", "map.yaml", "--name", "lab", "--same-outcomes-because", "made up"]
        assert main(["trials", *words]) == 0
        manifest = read_manifest(tmp_path, "lab")
        imported = [{"name": "lab", "sha256": manifest["sha256"], "day": manifest["imported"]}]
        frame = study.frame.model_dump(mode="json")
        params = {"cells": study.dumped_cells(), "study": frame, "imported": imported}
        uplift = run_stage("uplift", params, {"trials": study.trials}, study.store)
        inputs: dict[str, Any] = {
            "uplift": uplift,
            "captures": study.captures,
            "splats": study.splats,
            "twins": study.twins,
            "clips": study.clips,
            "trials": study.trials,
            "gates": [],
            "claims": [],
        }
        made = {"study": frame, "cells": study.dumped_cells(), "claims": []}
        return study, run_stage("report", made, inputs, study.store)

    return run


def test_a_location_measured_again_by_a_robot_has_a_point_for_each_week(log: Callable[..., Any]) -> None:
    study, report = log(["2026-03-10", "2026-03-17", "2026-03-26", "2026-04-02"])
    kpi = said(report)["kpi"]
    mine = [r for r in kpi["rows"] if r["location"] == LOCATIONS[0] and r["approach"] == "baseline"]
    assert [r["week"] for r in mine if r["kpi"] == "irl"] == [f"2026-W{w}" for w in (11, 12, 13, 14)]
    assert all(r["n"] == 16 for r in mine if r["kpi"] == "irl")
    gap = [(r["real"], r["week"]) for r in mine if r["kpi"] == "gap"]
    assert gap == [*(("irl", f"2026-W{w}") for w in range(11, 15)), ("irl_proxy", "2026-W10")]
    assert [r["week"] for r in mine if r["kpi"] == "irl_proxy"] == ["2026-W10"]
    assert kpi["not_run"] == []
    (reality,) = [m for m in kpi["trends"][0]["moved"] if m["kpi"] == "irl"]
    assert reality["weeks"] == 4
    days = pq.read_table(
        study.store / json.loads((report / "manifest.json").read_text())["parents"]["uplift"][0] / "trials.parquet"
    )["day"].to_pylist()
    assert days.count(None) == len(study.cells) * 8
    assert recompute(Store(study.store), report.name).differences == ()


def test_a_build_over_midnight_on_sunday_does_not_split_a_location(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", ("one",), {"baseline": RATES["baseline"]}, 8, gates=(), built={"one": BUILT})
    manifest = study.trials[0] / "manifest.json"
    rewrite(manifest, built=BUILT + WEEK_S)
    rows = said(study.report())["kpi"]["rows"]
    weeks = {r["domain"]: r["week"] for r in rows if r["kpi"] in ("policy_in_world_model", "irl_proxy")}
    later = study.cells[0].domain
    assert weeks == {later: "2026-W11", ({"twin", "irl_proxy"} - {later}).pop(): "2026-W10"}
    assert all(r["n"] == 24 for r in rows if r["kpi"] in ("policy_in_world_model", "irl_proxy"))


def test_artifacts_of_no_known_day_are_in_no_week(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", ("one",), {"baseline": RATES["baseline"]}, 8, gates=())
    for manifest in (study.store).glob("*/*/manifest.json"):
        rewrite(manifest, built=None)
    report = study.report()
    kpi = said(report)["kpi"]
    assert (kpi["rows"], kpi["weeks"], kpi["undated"]) == ([], [], len(study.cells) * 8 + 1)
    assert 'id="kpi"' not in (report / "report.html").read_text()
