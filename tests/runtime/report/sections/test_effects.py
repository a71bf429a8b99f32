"""Effect sizes, stacks of prior, measurement and belief, fleets and powered estimates, as the page shows them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report_fleet import measure
from runtime.report.drawing.words import of_ten
from runtime.report.page import FEW
from runtime.report.sections.beyond import beyond, stacks
from runtime.report.sections.effects import TALL, WIDE, area, steps
from runtime.report.sections.fleet import HEIGHT, MOST_FLAGGED, caterpillar, fleets
from tests.runtime.synthetic_study import CLAIMS, RATES, WAIVERS, synthetic_study, the_study


@pytest.fixture(scope="module")
def folder() -> Path:
    return the_study().report(CLAIMS, WAIVERS)


def section(folder: Path, name: str) -> str:
    found = re.search(rf'<(section|div) id="{name}">.*?</section>', (folder / "report.html").read_text(), re.S)
    assert found, name
    return found[0]


def test_uplift_is_told_of_ten_as_well(folder: Path) -> None:
    """P3: one number of points, and a tenth of it; 13 points are 1.3 of ten."""
    assert [of_ten(x) for x in (13, -5.04, 0.01, None)] == ["+1.30", "−0.50", "0.00", "–"]
    rows = json.loads((folder / "report.json").read_text())["evidence"]["uplift"]
    rows = [row for row in rows if row["location"] is None]
    table = section(folder, "uplift").partition("The same of ten")[2].partition("</table>")[0]
    assert table.count("<tr>") == len(rows) + 1 > 1
    for row in rows:
        low, high = row["band"]
        assert f'{of_ten(row["value"])}</td><td class="n">{of_ten(low)} to {of_ten(high)}<' in table


def test_profiles_are_drawn_where_they_lie() -> None:
    assert steps([0, 50, 100], [100, 40, 0]) == f"M0 0.0H150.0V{0.6 * TALL}H{WIDE}V{TALL}H{WIDE}"
    assert steps([0, 50, 100], [0, 0, 0]) == f"M0 {TALL}H{WIDE}"
    assert area([0, 100], None) is None
    assert area([0, 100], [[0, 0], [100, 50]]) == f"M0.0 0.0L{WIDE} {TALL / 2}L{WIDE} {TALL}L0.0 {TALL}Z"


def test_the_page_has_a_table_and_a_line_for_each_approach(folder: Path) -> None:
    text = section(folder, "effects")
    assert text.count('<svg class="profile"') == 2 * 2  # domains, success and score
    lines = re.findall(r'<path class="l(\d)" stroke-dasharray="([^"]+)"', text)
    assert len(lines) == 4 * 3
    # Nobody needs colour: each approach has a dash of its own.
    assert len({dash for _, dash in lines}) == len({colour for colour, _ in lines}) == 3
    assert "untrained" not in text
    assert "No bands of interquartile means" in text
    assert text.count("3 training runs a task, 5 are needed") == 2


def test_enough_runs_show_bands(tmp_path: Path) -> None:
    rates = {a: {"twin": RATES[a]["twin"]} for a in ("baseline", "enriched")}
    folder = synthetic_study(tmp_path / "s", rates=rates, trials=20, seeds=tuple(range(6)), gates=()).report()
    text = section(folder, "effects")
    assert text.count('class="area ') == 2 * 2
    assert "are needed" not in text


def test_a_belief_never_passes_for_a_measurement(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    text = section(folder, "beyond")
    assert text.count('<div class="stack">') == 2
    assert text.count("of the belief with the range is measured. The range had a weight of 80 % and keeps ") == 2
    assert "helps:" not in text
    for row in said["evidence"]["together"]:
        if row["belief"]:
            before, after = row["belief"]["prior"], row["belief"]["posterior"]
            assert (before["share"], before["range_weight"]) == (0, 0.8)
            assert 0 < after["share"] < 1
            assert after["range_weight"] != 0.8
    outside = [r for r in beyond(said) if r["joint"]["belief"] and r["prior"]["relation"] == "outside"]
    assert text.count("they contradict each other") == len(outside)
    assert "of the decision matrix landed inside the range" in text
    assert stacks([{"joint": {"belief": None}}])["groups"] == []


def rows(*values: float, directions: str = "") -> list[dict[str, Any]]:
    marks = {"h": "helps", "x": "hurts", "?": "undecided"}
    return [
        {
            "location": f"l{i}",
            "raw": v,
            "value": v / 2,
            "band": [v / 2 - 5, v / 2 + 5],
            "reason": None,
            "direction": marks[(directions or "?" * len(values))[i]],
            "adjusted": 0.5,
            "p_value": 0.5,
        }
        for i, v in enumerate(values)
    ]


def test_a_caterpillar_has_every_location_within_its_field() -> None:
    drawn = caterpillar(rows(-40, 0, 10, 60, directions="x??h"), 7.0)
    assert drawn["width"] == 40
    assert {kind: d.count("M") for kind, d in drawn["paths"].items()} == {
        "hurts-band": 1,
        "hurts-dot": 1,
        "undecided-band": 2,
        "undecided-dot": 2,
        "helps-band": 1,
        "helps-dot": 1,
        "raw": 4,
    }
    heights = [float(y) for d in drawn["paths"].values() for y in re.findall(r"M[\d.-]+ ([\d.-]+)", d)]
    assert min(heights) >= 0
    assert max(heights) <= HEIGHT
    assert drawn["zero"] > drawn["mean"] > 0


def test_flagged_locations_come_first_and_the_rest_is_folded() -> None:
    many = rows(*[float(i) for i in range(60)], directions="x" * 30 + "?" * 20 + "h" * 10)
    fleet = {
        "approach": "ours",
        "domain": "twin",
        "mean": 20.0,
        "spread": 5.0,
        "locations": many,
        "quarantine": [{"location": "l59", "reason": "odd"}],
    }
    said: Any = {"evidence": {"fleet": [fleet]}, "roles": {"ours": "treatment"}, "approaches": []}
    (found,) = fleets(said)
    assert found["flagged"][0]["location"] == "l59"
    assert (len(found["flagged"]), found["more_flagged"]) == (MOST_FLAGGED, 31 - MOST_FLAGGED)
    assert len(found["flagged"]) + len(found["rest"]) == 60
    assert found["counts"] == {"helps": 10, "undecided": 20, "hurts": 30}
    said["roles"]["ours"] = "placebo"
    assert fleets(said) == []


def test_many_places_are_folded_in_every_list(tmp_path: Path) -> None:
    names = tuple(f"place-{i}" for i in range(FEW + 2))
    rates = {a: {"twin": RATES[a]["twin"]} for a in ("baseline", "enriched")}
    page = synthetic_study(tmp_path / "s", locations=names, rates=rates, trials=6, seeds=(0, 1), gates=()).report()
    for name in ("uplift", "rates"):
        text = section(page, name)
        assert text.count('<details class="places">') == (1 if name == "uplift" else 2)
        assert text.count('<div class="row single">') == len(names) * (1 if name == "uplift" else 2)
    fleet = section(page, "fleet")
    assert fleet.count('<svg class="caterpillar"') == 1
    assert "<details>" in fleet
    few = synthetic_study(tmp_path / "few", locations=names[:3], rates=rates, trials=6, gates=()).report()
    assert '<details class="places">' not in section(few, "uplift")
    assert "<details open>" in section(few, "fleet")


def test_a_fleets_page_stays_small(tmp_path: Path) -> None:
    """The benchmark's study with a fifth of its locations; long tables are left to their files."""
    folder, took = measure(tmp_path, 24, 3, 6)
    assert took["cells"] == 24 * 3 * 3 * 2
    assert took["page_mb"] < 1.5
    said = json.loads((folder / "report.json").read_text())
    assert {len(fleet["locations"]) for fleet in said["evidence"]["fleet"]} == {24}
    assert section(folder, "fleet").count('<svg class="caterpillar"') == 4


def test_real_success_stands_beside_what_simulation_makes_of_it(tmp_path: Path) -> None:
    """Few real trials, many in the twin: both estimates, and what the second was worth."""
    rates = {a: {"twin": 0.6, "irl_proxy": 0.6} for a in ("baseline", "enriched")}
    folder = synthetic_study(tmp_path / "s", rates=rates, trials={"twin": 60, "irl_proxy": 12}, gates=()).report()
    said = json.loads((folder / "report.json").read_text())
    (pair,) = said["sim_real"]
    assert [row["approach"] for row in pair["powered"]] == ["baseline", "enriched"]
    for row in pair["powered"]:
        assert (row["real_trials"], row["simulated_trials"]) == (2 * 3 * 12, 2 * 3 * 48)
        assert row["trials_saved"] == pytest.approx(row["real_trials"] * row["saved"] / (1 - row["saved"]), abs=0.06)
    text = section(folder, "reality")
    assert "Trials there alone" in text
    assert "72 + 288" in text
    assert pair["unpowered"] == []


def test_why_simulation_cannot_help_is_said(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    assert said["sim_real"][0]["powered"] == []
    assert {row["reason"] for row in said["sim_real"][0]["unpowered"]} == {
        "there are no simulated trials beyond the shared initial states"
    }
    assert "No help from simulation for" in section(folder, "reality")
