"""`simkiln run` where Snakemake cannot begin: it never ends without a word."""

from pathlib import Path

import pytest

from compiler.cli import main
from tests import REPOSITORY
from tests.compiler.published import base_project


def test_a_run_that_cannot_begin_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    assert main(["run"]) == 2
    assert "no `Snakefile` in this folder" in capsys.readouterr().err
    (tmp_path / "Snakefile").write_text('raise OSError("no luck")\n')
    assert main(["run", "--cores", "1"]) == 1
    told = capsys.readouterr().err
    assert "no luck" in told
    assert "Snakemake ended with exit code 1, and no job failed: it says why above" in told
    assert "not run" not in told
