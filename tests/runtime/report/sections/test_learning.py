"""Learning curves in the report: there when asked for, absent otherwise, and their files."""

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from runtime.report.drawing.words import saving, saving_band
from runtime.report.sections.learning import charts
from tests.runtime.synthetic_study import synthetic_study, the_study

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def folder() -> Path:
    return the_study().report()


def saved(page: str, name: str) -> str:
    found = re.search(rf'download="study-{re.escape(name)}" href="data:[^,]*,([^"]*)"', page)
    assert found is not None, name
    return base64.b64decode(found[1]).decode()


def test_every_curve_is_drawn_and_told(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    rows = {(r["approach"], r["location"]): r for r in said["learning"]["rows"]}
    assert len(rows) == 4 * 3
    assert rows["enriched", None]["difference"]["value"] > 0
    page = (folder / "report.html").read_text()
    assert said["factors"] is None
    assert '<section id="factors">' not in page, "nobody asked what explains the gap"
    section = page[page.index('<section id="learning">') :].partition("</section>")[0]
    assert "<h2>Learning curves</h2>" in page
    assert section.count('class="curve"') == 12
    assert section.count('class="behind"') == 3 * 3, "the baseline stands behind the other three, at each place and pooled"
    assert "success of enriched: 63 after 100 steps" in section


def test_its_files_hold_what_the_page_shows(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    points = list(csv.DictReader(io.StringIO(saved(page, "learning.csv"))))
    assert len(points) == 3 * (3 + 3 + 3 + 1)
    assert (points[0]["approach"], points[0]["step"]) == ("untrained", "0")
    first = next(point for point in points if point["approach"] == "baseline")
    assert (first["location"], first["step"]) == ("all", "100")
    assert float(first["low"]) < float(first["success"]) < float(first["high"])
    areas = list(csv.DictReader(io.StringIO(saved(page, "areas.csv"))))
    assert len(areas) == 12
    drawn = ElementTree.fromstring(saved(page, "learning.svg"))
    assert len([e for e in drawn.iter(f"{SVG}polyline") if e.get("class") == "own"]) == 12


def test_charts_lie_in_their_field(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    for group in charts(said):
        for panel in group["panels"]:
            for dot in panel["own"]["dots"]:
                assert 34 <= dot["x"] <= 252
                assert 12 <= dot["high"] <= dot["y"] <= dot["low"] <= 132
    wide = [group for group in charts(said) if group["wide"]]
    assert [(group["location"], group["only"]) for group in wide] == [(None, False)]


def test_one_place_needs_no_pooling(tmp_path: Path) -> None:
    folder = synthetic_study(tmp_path / "store", locations=("shed",), gates=()).report()
    section = (folder / "report.html").read_text().partition('<section id="learning">')[2].partition("</section>")[0]
    assert "By location" not in section
    assert section.count('class="curve"') == 4


def test_without_curves_there_is_no_section(tmp_path: Path) -> None:
    folder = synthetic_study(tmp_path / "store", trials=8, gates=(), curves=False).report()
    assert json.loads((folder / "report.json").read_text())["learning"] is None
    page = (folder / "report.html").read_text()
    assert 'id="learning"' not in page
    assert 'href="#learning"' not in page
    assert "study-learning" not in page


def savings(**changed: Any) -> Any:
    return {"value": 4.0, "kind": "at least", "band": [3.0, None], "reason": "", **changed}


def test_savings_in_words() -> None:
    one = savings(value=2.5, kind="exact", band=[1.2, 12.3])
    assert (saving(one), saving_band(one)) == ("2.50×", "[1.20×, 12×]")
    assert (saving(savings()), saving_band(savings())) == ("at least 4.00×", "3.00× or more")
    assert saving_band(savings(band=[None, 2.0])) == "2.00× or less"
    assert saving_band(savings(band=[None, None])) == "not bounded"
    assert saving_band(savings(reason="one training run")) == "one training run"
    assert (saving(None), saving_band(None)) == ("–", "")
