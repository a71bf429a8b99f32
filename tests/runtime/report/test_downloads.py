"""Figures and tables can be saved from the page itself, and say what the page says."""

import base64
import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from runtime.report.drawing.csv import table_csv
from tests.runtime.report.browser import POLICY, browse, needs_browser
from tests.runtime.synthetic_study import CLAIMS, RATES, WAIVERS, synthetic_study, the_study

LINK = re.compile(r'<a download="([^"]+)" href="data:([^;]+);charset=utf-8;base64,([^"]+)"')


def saved(folder: Path) -> dict[str, str]:
    found = {}
    for name, kind, data in LINK.findall((folder / "report.html").read_text()):
        assert kind == {"csv": "text/csv", "svg": "image/svg+xml"}[name.rpartition(".")[2]]
        found[name] = base64.b64decode(data).decode()
    return found


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def cells_of(folder: Path) -> list[dict]:
    return json.loads((folder / "report.json").read_text())["evidence"]["cells"]


def _uplift(folder: Path) -> Path:
    return folder.parent.parent / json.loads((folder / "manifest.json").read_text())["parents"]["uplift"][0]


@pytest.fixture(scope="module")
def folder() -> Path:
    return the_study().report(CLAIMS, WAIVERS)


def test_every_figure_and_table_has_its_file(folder: Path) -> None:
    assert set(saved(folder)) == {
        *(f"study-{n}.csv" for n in ("uplift", "open", "places", "beyond", "gates", "claims", "rates", "cells")),
        *(f"study-{n}.csv" for n in ("failures", "reality", "costs", "films", "determinism", "stages")),
        *(f"study-{n}.csv" for n in ("learning", "areas", "training", "kpi", "inventory", "protocols", "artifacts")),
        *(f"study-{n}.svg" for n in ("uplift", "places", "rates", "failures", "reality", "learning", "training", "kpi")),
        *(f"study-{n}.csv" for n in ("effects", "profiles", "made_of", "next", "worth", "quality", "ranking", "pairs")),
        *(f"study-{n}.csv" for n in ("drivers", "shifts", "work-area", "covered", "times", "reached")),
        *(f"study-{n}.svg" for n in ("profiles", "beyond", "work-area", "times")),
    }


def test_the_tables_say_what_the_report_says(folder: Path) -> None:
    said, files = json.loads((folder / "report.json").read_text()), saved(folder)
    uplift = rows(files["study-uplift.csv"])
    assert [(r["approach"], r["location"], float(r["uplift"]), float(r["low"])) for r in uplift] == [
        (r["approach"], r["location"] or "all", r["value"], r["band"][0]) for r in said["evidence"]["uplift"]
    ]
    by_place = [r for r in uplift if r["location"] != "all"]
    places = rows(files["study-places.csv"])
    key = ("domain", "location", "task", "approach", "uplift", "low", "high", "direction")
    assert sorted(tuple(r[k] for k in key) for r in places) == sorted(tuple(r[k] for k in key) for r in by_place)
    assert [r["reason"] for r in rows(files["study-gates.csv"])] == [g["reason"] for g in said["gates"]]
    assert sum(int(r["trials"]) for r in rows(files["study-cells.csv"])) == said["evidence"]["counts"]["trials"]


def test_claims_are_saved_link_by_link_and_waivers_with_them(folder: Path) -> None:
    said, files = json.loads((folder / "report.json").read_text()), saved(folder)
    found = [(r["claim"], r["approach"], r["over"], r["outcome"]) for r in rows(files["study-claims.csv"])]
    assert found == [(c["id"], k["approach"], k["over"], k["verdict"]) for c in said["claims"] for k in c["links"]]
    waived = [v for kind in ("gates", "claims") for v in said[kind] if v["waived"]]
    assert waived
    assert all(v["waived"]["owner"] in files["study-gates.csv"] + files["study-claims.csv"] for v in waived)


def test_priors_beliefs_and_fleets_are_saved(folder: Path, tmp_path: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    found = {(r["approach"], r["domain"]): r for r in rows(saved(folder)["study-beyond.csv"])}
    joint = {(r["approach"], r["domain"]): r for r in said["evidence"]["together"]}
    assert set(found) == {key for key in joint if key[0] != "untrained"}
    enriched, theirs = found["enriched", "irl_proxy"], joint["enriched", "irl_proxy"]
    assert [float(enriched[k]) for k in ("expected_low", "expected_high")] == [1, 3]
    assert float(enriched["believed"]) == theirs["belief"]["posterior"]["mean"]
    assert float(enriched["new_location_low"]) == theirs["new_location"]["band"][0]
    assert found["placebo", "twin"]["believed"] == ""
    many = synthetic_study(tmp_path, locations=("one", "two", "three", "four"), trials=8, gates=()).report()
    fleet = [r for r in rows(saved(many)["study-fleet.csv"]) if (r["approach"], r["domain"]) == ("enriched", "twin")]
    assert sorted(r["location"] for r in fleet) == ["four", "one", "three", "two"]
    assert "study-fleet.svg" in saved(many)


def test_rankings_are_saved(folder: Path) -> None:
    said, files = json.loads((folder / "report.json").read_text()), saved(folder)
    assert [one["domain"] for one in said["ranking"]] == ["irl_proxy", "twin"]
    assert len(rows(files["study-pairs.csv"])) == 2 * 6
    ranks = {(r["domain"], r["approach"]): r for r in rows(files["study-ranking.csv"])}
    worst = ranks["irl_proxy", "untrained"]
    assert (worst["best_rank"], worst["worst_rank"], worst["may_be_best"]) == ("4", "4", "False")
    assert not set(worst["letters"]) & set(ranks["irl_proxy", "enriched"]["letters"])
    shown = (folder / "report.html").read_text()
    assert "cannot be told from the best at a level of 95 %" in shown


def test_what_varied_is_saved(folder: Path) -> None:
    said, files = json.loads((folder / "report.json").read_text())["drivers"], saved(folder)
    ended = {(c["approach"], c["domain"]): [] for c in cells_of(folder)}
    for cell in cells_of(folder):
        ended[cell["approach"], cell["domain"]] += [cell["successes"], cell["trials"] - cell["successes"]]
    # Where every trial ends alike nothing drives it, as for `untrained` at the hidden sites.
    assert len(rows(files["study-drivers.csv"])) == 3 * sum(sum(n[::2]) > 0 < sum(n[1::2]) for n in ended.values())
    cells = rows(files["study-work-area.csv"])
    assert sum(int(r["trials"]) for r in cells) == 2 * 4 * 2 * 3 * 40
    failed = sum(not r["success"] for r in pq.read_table(_uplift(folder) / "trials.parquet").to_pylist())
    assert sum(int(r["failures"]) for r in cells) == failed
    dim = next(r for r in said["shifts"] if (r["approach"], r["domain"], r["word"]) == ("enriched", "twin", "dim"))
    assert (dim["trials"], dim["uplift"] is not None) == (2 * 3 * 20, True)
    assert [r["emptiest"] for r in rows(files["study-covered.csv"]) if r["factor"] == "light"] == ["40", "40"]


def test_times_to_success_are_saved(folder: Path) -> None:
    files = saved(folder)
    table = pq.read_table(_uplift(folder) / "trials.parquet").to_pylist()
    found = {(r["domain"], r["approach"]): r for r in rows(files["study-times.csv"])}
    own = [r for r in table if (r["domain"], r["approach"]) == ("twin", "enriched")]
    horizon = max(r["steps"] for r in table if r["domain"] == "twin")
    mean = sum(r["steps"] if r["success"] else horizon for r in own) / len(own)
    assert float(found["twin", "enriched"]["mean_time"]) == pytest.approx(mean, abs=1e-3)
    assert found["twin", "baseline"]["direction"] == ""
    last = [r for r in rows(files["study-reached.csv"]) if (r["domain"], r["approach"]) == ("twin", "enriched")][-1]
    assert float(last["succeeded"]) == pytest.approx(100 * sum(r["success"] for r in own) / len(own), abs=1e-3)


def test_effect_sizes_and_ranks_are_saved(folder: Path) -> None:
    said, files = json.loads((folder / "report.json").read_text()), saved(folder)
    found = said["evidence"]["effects"]
    own = rows(files["study-effects.csv"])
    assert [(r["approach"], r["measure"], float(r["mean"])) for r in own] == [
        (r["approach"], r["measure"], r["mean"]) for r in found["rows"]
    ]
    assert [r["cohens_d"] == "" for r in own] == [not r["against"] or r["against"]["cohens_d"] is None for r in found["rows"]]
    profiles = rows(files["study-profiles.csv"])
    assert len(profiles) == len(found["rows"]) * len(found["thresholds"])
    assert [float(r["share_above"]) for r in profiles[: len(found["thresholds"])]] == found["rows"][0]["profile"]
    ranked = [(g["domain"], r["approach"], r["gain"]) for g in said["worth"]["next"] for r in g["ranked"]]
    assert [(r["domain"], r["approach"], float(r["expected_gain"])) for r in rows(files["study-next.csv"])] == ranked


def test_an_approach_costs_what_the_baseline_was_not_made_from(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    costs = {row["approach"]: row for row in said["costs"]}
    assert set(costs) == {"enriched", "placebo", "untrained"}
    # six policies at 24 s, twelve sets of trials at 9 s; enriched demos of two places at 5 s besides
    assert (costs["placebo"]["artifacts"], costs["placebo"]["cpu_s"]) == (18, 6 * 24 + 12 * 9)
    assert (costs["enriched"]["artifacts"], costs["enriched"]["cpu_s"]) == (20, 6 * 24 + 12 * 9 + 2 * 5)
    (point,) = costs["enriched"]["per_point"]
    row = next(r for r in said["approaches"][0]["domains"] if r["domain"] == "irl_proxy")["row"]
    assert point["value"] == round(262 / row["value"], 1)
    assert point["band"] == [round(262 / row["band"][1], 1), round(262 / row["band"][0], 1)]
    assert costs["placebo"]["per_point"] == []
    # Twice the seeds train and try six policies of each side anew in a domain, twice the trials only try them.
    row = next(r for r in said["made_of"] if (r["approach"], r["domain"]) == ("enriched", "irl_proxy"))
    seeds, trials = row["twice_the_seeds"], row["twice_the_trials"]
    assert (seeds["cpu_s"], trials["cpu_s"], seeds["unit"]) == (2 * 6 * (24 + 9), 2 * 6 * 9, "cpu_s")
    assert trials["per_hour"] == round((row["reach"] - trials["reach"]) / (108 / 3600), 2)


def test_every_policy_is_a_point_of_simulated_against_real(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    (pair,) = said["sim_real"]
    assert (pair["simulated"], pair["real"]) == ("twin", "irl_proxy")
    found = rows(saved(folder)["study-reality.csv"])
    assert len(found) == 4 * 3
    own = [c for c in said["evidence"]["cells"] if (c["approach"], c["seed"], c["domain"]) == ("enriched", 1, "irl_proxy")]
    row = next(r for r in found if r["policy"] == "enriched, seed 1")
    assert abs(float(row["real_success"]) - 100 * sum(c["successes"] for c in own) / sum(c["trials"] for c in own)) < 1e-3
    page = (folder / "report.html").read_text()
    assert page.count('<circle class="point') == len(found)
    assert {"pearson", "mmrv"} <= set(pair["agreement"])


def test_a_spreadsheet_runs_nothing() -> None:
    text = table_csv([{"reason": '=HYPERLINK("x")', "value": -1.5}, {"reason": "plain", "value": None}])
    assert rows(text) == [{"reason": '\'=HYPERLINK("x")', "value": "-1.5"}, {"reason": "plain", "value": ""}]


def test_failure_shares_have_bands_and_changes_against_the_baseline(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    plain = {(r["approach"], r["domain"]): r for r in said["evidence"]["failure_modes"]}
    for row in said["failures"]:
        counts = plain[row["approach"], row["domain"]]["counts"]
        assert {m["mode"]: m["count"] for m in row["modes"] if m["count"]} == counts
        for mode in row["modes"]:
            assert mode["band"][0] <= mode["share"] <= mode["band"][1]
            assert (mode["change"] is None) == (row["approach"] == "baseline")
    enriched = next(r for r in said["failures"] if (r["approach"], r["domain"]) == ("enriched", "irl_proxy"))
    missed = next(m for m in enriched["modes"] if m["mode"] == "missed")
    assert missed["change"]["direction"] == "less often"
    assert missed["change"]["level"] > said["evidence"]["level"]  # all modes hold together


def test_the_figures_are_svg_that_stands_alone(folder: Path) -> None:
    for name, text in saved(folder).items():
        if name.endswith(".svg"):
            root = ElementTree.fromstring(text)
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert not re.search(r"<script|href=|url\(|\bon\w+=", text)
            width, height = (float(x) for x in root.attrib["viewBox"].split()[2:])
            for element in root.iter():
                box = [float(element.get(k) or 0) for k in ("x", "y", "width", "height")]
                assert 0 <= box[0] <= box[0] + box[2] <= width + 0.1, (name, element.attrib)
                assert 0 <= box[1] <= box[1] + box[3] <= height, (name, element.attrib)


def test_one_place_has_no_map_and_a_study_without_failures_none_of_them(tmp_path: Path) -> None:
    perfect: Mapping[str, Mapping[str, float]] = {a: {"twin": 5.0} for a in ("baseline", "enriched")}
    found = saved(synthetic_study(tmp_path / "a", locations=("one",), rates=perfect, gates=()).report())
    assert "study-places.csv" not in found
    assert "study-failures.csv" not in found
    assert "study-gates.csv" not in found
    several = {f"place-{i}": None for i in range(5)}
    rates = {a: RATES[a] for a in ("baseline", "enriched")}
    found = saved(synthetic_study(tmp_path / "b", locations=tuple(several), rates=rates, trials=6, gates=()).report())
    assert [r["location"] for r in rows(found["study-places.csv"])][:5] == list(several)


@needs_browser
def test_the_strict_policy_lets_files_be_saved(folder: Path, tmp_path: Path) -> None:
    """A click on each link, by a script that only this copy's policy admits: nothing is blocked, nothing navigates."""
    text = (folder / "report.html").read_text()
    page = tmp_path / "click.html"
    script = """<script nonce="test">
        const blocked = []; addEventListener('securitypolicyviolation', e => blocked.push(e.violatedDirective));
        addEventListener('load', () => { const links = [...document.querySelectorAll('a[download]')];
            links.forEach(a => a.click());
            setTimeout(() => document.body.setAttribute('data-found', links.length + ' ' + blocked.join()), 300); });
        </script></body>"""
    before = "default-src 'none';"
    assert before in text.partition(POLICY)[2][:120]
    page.write_text(text.replace(before, f"{before} script-src 'nonce-test';", 1).replace("</body>", script))
    done = browse(page, "--dump-dom", "--virtual-time-budget=4000")
    assert f'data-found="{len(saved(folder))} "' in done.stdout
    assert "CONSOLE" not in done.stderr, done.stderr
