"""`simkiln kpi`: what the built report holds, as text, JSON and CSV; nothing built is not run."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.project.load import load_project
from compiler.render.kpi import kpi_lines
from runtime.store.store import Store
from tests.compiler.built import Built
from tests.runtime.synthetic_history import history


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The content of a report over four weeks."""
    report = history(tmp_path_factory.mktemp("history") / "store", 4, 2).report()
    return json.loads((report / "report.json").read_text())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any]) -> Path:
    """A project whose report says that content; returns its file."""
    built = Built(tmp_path)
    built.publish()
    monkeypatch.chdir(tmp_path)
    project = load_project(tmp_path)
    node = next(n for n in expand(project, "study").nodes.values() if n.stage.name == "report")
    target = Store(project.store).path(*node.address) / "report.json"
    target.write_text(json.dumps(content))
    return target


def test_a_report_that_is_not_built_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Built(tmp_path).root)
    assert main(["kpi"]) == 4
    assert "is not built: run `simkiln run study`" in capsys.readouterr().err


def test_weeks_places_and_what_follows_are_printed(
    place: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kpi"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    at = lines.index("`baseline`, in use, by week")
    assert lines[at + 1].split()[:2] == ["week", "locations"]
    assert [line.split()[0] for line in lines[at + 2 : at + 6]] == [f"2026-W{w}" for w in range(10, 14)]
    row = next(r for r in content["kpi"]["rows"] if r["kpi"] == "irl_proxy" and r["location"] is None)
    assert f"{row['value']:.1f} [{row['band'][0]:.1f}, {row['band'][1]:.1f}]" in lines[at + 2]
    assert sum(line.startswith("  site-03-") for line in lines) == 2 * 2
    assert "not run: success of the policy on the real robot" in lines
    assert f"`baseline` over 4 weeks: {content['kpi']['trends'][0]['advice']}" in lines


def test_json_and_csv_hold_every_row(place: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kpi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == content["kpi"]
    assert main(["kpi", "--csv", "-"]) == 0
    shown = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert [float(r["value"]) for r in rows] == [r["value"] for r in content["kpi"]["rows"]]
    assert main(["kpi", "--csv", "kpi.csv"]) == 0
    assert Path("kpi.csv").read_bytes().decode() == shown
    assert main(["kpi", "--csv", "absent/kpi.csv"]) == 2
    assert "cannot be written: no such file" in capsys.readouterr().err


def test_a_damaged_report_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place.write_text("{")
    assert main(["kpi"]) == 1
    assert "error[X443]: the report of `study` cannot be read" in capsys.readouterr().err


def test_nothing_measured_is_not_run(place: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    empty = {**content["kpi"], "rows": [], "weeks": [], "trends": [], "undated": 7}
    place.write_text(json.dumps(content | {"kpi": empty}))
    assert main(["kpi"]) == 4
    assert "nothing was measured in a known week (7 undated ones)" in capsys.readouterr().out


def test_ids_cannot_move_the_cursor(place: Path, content: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    place.write_text(json.dumps(content).replace("site-03-00", "\\u001b[2Jsite"))
    assert main(["kpi"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert kpi_lines(content["kpi"])


def test_the_verb_needs_no_heavy_library() -> None:
    code = (
        "import sys, compiler.verbs.kpi, compiler.render.kpi, compiler.report.publish, runtime.report.drawing.csv\n"
        "print([m for m in ('numpy', 'scipy', 'pyarrow', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
