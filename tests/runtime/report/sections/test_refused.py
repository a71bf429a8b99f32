"""Uplift that a gate found to be exploited is shown, but neither called help nor recommended."""

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from compiler.report.brief import render_brief
from runtime.bound.frame import StudyFrame
from runtime.report.sections.verdict import headline
from tests.runtime.report.sections.test_where import row
from tests.runtime.synthetic_study import GATES, LOCATIONS, synthetic_study

GATE: dict[str, Any] = {
    "metric": "exploitation",
    "approach": "enriched",
    "domain": "twin",
    "against": "irl_proxy",
    "comparator": "at_most",
    "threshold": 10,
}
RATES = {
    "baseline": {"twin": 0.4, "irl_proxy": 0.5},
    "enriched": {"twin": 0.95, "irl_proxy": 0.5},
    "other": {"twin": 0.4, "irl_proxy": 0.5},
}
WAIVED = {"gates": {"not-exploited": {"reason": "looked into", "owner": "Ada", "until": "2999-12-31"}}}


@pytest.mark.parametrize("waived", [False, True])
def test_a_gain_that_a_gate_refuses_is_not_recommended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waived: bool) -> None:
    monkeypatch.setitem(GATES, "not-exploited", GATE)
    study = synthetic_study(tmp_path / "store", LOCATIONS, RATES, gates=("not-exploited",), curves=False)
    report = study.report(waivers=WAIVED if waived else {})
    said = json.loads((report / "report.json").read_text())
    first = (report / "report.html").read_text().partition('id="uplift"')[0]
    page, brief = re.sub(r"<style>.*?</style>", "", first, flags=re.DOTALL), render_brief(said)
    assert (said["gates"][0]["status"], bool(said["gates"][0]["waived"])) == ("failed", waived)
    cells = next(one["domains"] for one in said["approaches"] if one["approach"] == "enriched")
    twin = next(cell for cell in cells if cell["domain"] == "twin")
    assert twin["row"]["direction"] == "helps"  # the measurement stands as it is
    advice = next(one for one in said["decisions"] if one["approach"] == "enriched")
    ranked = {group["domain"]: [one["approach"] for one in group["ranked"]] for group in said["worth"]["next"]}
    sure = [one["domain"] for one in said["worth"]["confirmed"] if one["approach"] == "enriched"]
    if waived:  # somebody answers for it
        assert (twin["refused"], "refuse" in page + brief + advice["advice"]) == (None, False)
        assert "enriched" in ranked["twin"]
        assert "twin" in sure
        return
    assert twin["refused"] == "not-exploited"
    assert advice["advice"].startswith("build nothing on what it gains in the twin, which gate `not-exploited` refuses; ")
    assert all(one["domain"] != "twin" for one in advice["because"])
    assert all("enriched" not in approaches for approaches in ranked.values())  # nor for the site, where it does not help
    assert "twin" not in sure
    shown = page[page.index('<dl class="answers">') : page.index("How sure")]
    assert re.findall(r'class="chip (helps|failed)">(\w+)', shown) == [("failed", "refused")]
    assert "helps" not in re.sub(r'"[^"]*"|Which helps', "", shown)
    assert "refused by gate `not-exploited`" in brief
    assert "] helps" not in brief
    whole = (report / "report.html").read_text()
    own = [
        line
        for line in re.findall(r'<svg class="strip (\w+)" role="img" aria-label="([^"]+)"', whole)
        if "refused by gate" in line[1]
    ]
    assert {tone for tone, _ in own} == {"refused"}
    assert len(own) == 3  # pooled, and at two places
    cells = re.findall(r'<td class="cell (\w+) ?(\w*)"', whole.partition('id="places"')[2].partition("</section>")[0])
    assert sum(tone == "refused" for tone, _ in cells) == 2
    assert ("refused", "helps") not in cells
    ranked = whole.partition('id="ranking"')[2].partition("</section>")[0].partition("In the twin")[2] or whole
    assert 'class="refused"' in ranked
    for name in ("times", "failures", "effects"):
        section = whole.partition(f'<section id="{name}">')[2].partition("</section>")[0]
        assert section.count('class="chip failed">refused<') == (2 if name == "effects" else 1), name  # by success and by score
    table = next(
        base64.b64decode(data).decode() for data in re.findall(r'download="study-uplift.csv" href="data:[^,]*,([^"]*)"', whole)
    )
    assert {r["refused"] for r in csv.DictReader(io.StringIO(table)) if (r["approach"], r["domain"]) == ("enriched", "twin")} == {
        "not-exploited"
    }


def test_the_first_line_says_which_gate_refuses() -> None:
    frame = StudyFrame(
        id="s", baseline="b", locations=("x",), tasks=("t",), approaches=("b", "a", "c"), seeds=(0,), trials={"twin": 5}
    )
    rows = [row("helps"), row("undecided", approach="c", band=(-1.0, 2.0))]
    tokens = headline(frame, rows, {"a": "treatment", "c": "treatment"}, {("a", "twin"): "g"})
    said = "".join(token.get("text", token.get("id", "")) for token in tokens)
    assert said == "In the twin, c is undecided (−1.0 to +2.0 points); a is refused by gate g."
