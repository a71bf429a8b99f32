"""`snakemake --report` holds the study's page once nothing is missing, and touches nothing."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.store.store import Store
from tests import REPOSITORY
from tests.compiler.published import base_project, planned, publish_all

PAGE = "<!doctype html><title>made up</title><p>A page of the test</p>"
SAID = {
    "study": {"id": "study", "approaches": []},
    "status": "not run",
    "headline": [{"text": "Nothing yet."}],
    "evidence": {
        "baseline": None,
        "level": 0.95,
        "uplift": [],
        "counts": {"trials": 0, "seeds": 0, "locations": 0},
        "sequential": None,
        "reproducible": [],
    },
    "kpi": {"trends": [], "rows": [], "baseline": None},
    "decisions": [],
    "roles": {},
    "approaches": [],
    "null": {"moved": []},
    "domains": [],
    "gates": [],
    "claims": [],
    "not_run": [],
    "provenance": {"commands": [], "unrecorded": []},
}


def snakemake(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"},
    )


def content(root: Path) -> dict[str, bytes]:
    """Every file of the store and the pages, by name."""
    folders = (root / "store", root / "build" / "report")
    return {str(p): p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file() and ".locks" not in p.parts}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with nothing missing; its report is a small stand-in."""
    base_project(tmp_path)
    shutil.copy(REPOSITORY / "Snakefile", tmp_path)
    shutil.copytree(REPOSITORY / "profiles", tmp_path / "profiles")
    found, plan = planned(tmp_path)
    (node,) = [n for n in plan.graph.targets if n.stage.name == "report"]
    store = Store(found.store)
    with store.building(*node.address) as folder:
        (folder / "report.html").write_text(PAGE)
        (folder / "report.json").write_text(json.dumps(SAID))
        store.publish(*node.address, folder, {"version": node.stage.version, "params": {}, "parents": {}})
    publish_all(tmp_path)
    return tmp_path


def test_the_page_is_among_the_results_and_nothing_is_touched(project: Path) -> None:
    snakemake(project, "--cores", "1")
    before = content(project)
    done = snakemake(project, "--report", "build/snakemake-report.html")
    assert "Adding study.html" in done.stderr
    text = (project / "build" / "snakemake-report.html").read_text()
    assert base64.b64encode(PAGE.encode()).decode() in text
    assert "which approaches help, where and how sure" in text  # the caption
    assert content(project) == before
    again = snakemake(project, "--cores", "1")
    assert "Nothing to be done" in again.stderr
    assert content(project) == before


def test_with_something_missing_an_old_page_is_not_shown(project: Path) -> None:
    snakemake(project, "--cores", "1")
    shutil.rmtree(project / "store" / "report")
    done = snakemake(project, "--report", "build/snakemake-report.html")
    assert "Adding" not in done.stderr
    assert (project / "build" / "report" / "study.html").read_text() == PAGE
