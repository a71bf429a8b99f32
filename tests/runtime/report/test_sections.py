"""Whatever a study holds (waivers, interim looks, a fleet): every table and figure can be saved, links lead somewhere.

And `report.json` fits the schema, and the browser prints nothing.
"""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from benchmarks.report_fleet import measure
from runtime.report.sections.order import SECTIONS
from tests import REPOSITORY
from tests.runtime.report.browser import browse, needs_browser
from tests.runtime.report.sections.test_looks import in_batches
from tests.runtime.synthetic_history import history
from tests.runtime.synthetic_study import CLAIMS, WAIVERS, the_study

SCHEMA = json.loads((REPOSITORY / "schema" / "report.schema.json").read_text())
CHARTS = ("strip", "share", "scatter", "profile", "curve", "weeks", "caterpillar")


def report_of(shape: str, store: Path) -> Path:
    if shape == "synthetic":
        return the_study().report(CLAIMS, WAIVERS)
    if shape == "looks":
        return in_batches(store)[1]
    return measure(store, 14, 2, 6)[0] if shape == "fleet" else history(store, 3, 2, 8).report()


@pytest.fixture(scope="module", params=["synthetic", "looks", "fleet", "history"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_of(request.param, tmp_path_factory.mktemp(request.param) / "store")


def sections(page: str) -> dict[str, str]:
    """Id of a section -> its markup; the verdict has none."""
    parts = [part.partition("</section>")[0] for part in page.split("<section")[1:]]
    return {found[1] if (found := re.match(r' id="([^"]+)"', part)) else "": part for part in parts}


def saved(part: str) -> set[str]:
    return {name.partition("-")[2] for name in re.findall(r'<a download="([^"]+)"', part)}


def test_every_table_and_figure_has_its_file_in_its_section(folder: Path) -> None:
    found = sections((folder / "report.html").read_text())
    assert "" in found
    assert len(found) >= 10
    for name, part in found.items():
        files = saved(part)
        if "<table" in part:
            assert any(file.endswith(".csv") for file in files), name
        if re.search(rf'<svg class="({"|".join(CHARTS)})[ "]', part):
            assert any(file.endswith(".svg") for file in files), name


def test_every_table_with_rows_is_saved_where_its_name_says(folder: Path) -> None:
    found = sections((folder / "report.html").read_text())
    said = json.loads((folder / "report.json").read_text())
    for section in SECTIONS:
        for name, rows in section.rows.items():
            if rows(said):
                assert f"{name}.csv" in saved(found[section.within or section.name]), name


def test_links_lead_somewhere_and_each_section_is_in_the_navigation(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    inner = re.findall(r'href="#([^"]+)"', page.partition("<nav")[2].partition("</nav>")[0])
    there = [section.name for section in SECTIONS if section.heading and not section.holds and section.name in sections(page)]
    assert inner == [*there[:-1], "more", there[-1]]


def test_a_section_has_one_name_in_every_room() -> None:
    names = sorted(section.name for section in SECTIONS)
    said = {path.stem for path in (REPOSITORY / "runtime" / "report" / "sections").glob("*.py")}
    templates = {path.name.removesuffix(".html.j2") for path in (REPOSITORY / "rules" / "report").glob("*.html.j2")}
    assert names == sorted(said - {"__init__", "order"}) == sorted(templates - {"macros"})


def test_the_json_fits_the_schema(folder: Path) -> None:
    said = json.loads((folder / "report.json").read_text())
    assert [f"{e.json_path}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(said)] == []


@needs_browser
def test_the_browser_prints_nothing(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes((folder / "report.html").read_bytes())
    done = browse(page, "--dump-dom", "--virtual-time-budget=3000")
    assert "CONSOLE" not in done.stderr, done.stderr
