"""A dry run of Snakemake writes no job files, of which it would need thousands, and holds nothing; any other call does."""

import json
from pathlib import Path

import pytest

from compiler.run.hold import let_go
from compiler.run.workflow import compile_study
from tests.compiler.published import base_project


@pytest.mark.parametrize(("words", "dry"), [(["-n"], True), (["--cores", "1", "--dry-run"], True), (["--cores", "1"], False)])
def test_a_dry_run_writes_no_job_files(words: list[str], dry: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base_project(tmp_path))
    monkeypatch.setattr("sys.argv", ["snakemake", *words])
    plan = json.loads(Path(compile_study("study")).read_text())
    let_go()
    planned = sorted(name for nodes in plan["nodes"].values() for name in nodes)
    assert len(planned) > 10
    assert sorted(path.stem for path in tmp_path.glob("build/jobs/*/*.json")) == ([] if dry else planned)
    assert (tmp_path / "store").exists() is not dry
