"""`simkiln explain`: every code has a page, also in a wheel; unknown codes lead to the known ones."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.diagnostics import pages
from tests.conftest import REPOSITORY


@pytest.mark.parametrize("code", list(pages.titles()))
def test_every_code_has_a_page(code: str) -> None:
    assert pages.page(code).startswith(f"# {code}: {pages.titles()[code]}")


def test_a_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "s103", "R301"]) == 0
    said = capsys.readouterr().out
    assert said.startswith((REPOSITORY / "docs/errors/S103.md").read_text(encoding="utf-8"))
    assert "# R301: the instruction of the demos is empty" in said


def test_on_a_terminal_the_page_is_laid_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "S103", "--color", "always"]) == 0
    said = capsys.readouterr().out
    assert "\x1b[" in said
    assert "```" not in said


def test_all_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    said = capsys.readouterr().out
    assert all(f"{code}  {title}" in said for code, title in pages.titles().items())
    assert said.index("Y: syntax") < said.index("S: shape") < said.index("X: experiment design")


def test_unknown_codes_lead_to_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "S1O3"]) == 2
    said = capsys.readouterr().err
    assert "unknown code `S1O3`; did you mean `S103`?" in said
    assert "S103  unknown choice" in said
    assert "Y101" not in said
    assert main(["explain", "\x1b[2Jx"]) == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "Y101" in said


@pytest.mark.slow
def test_a_wheel_ships_the_pages(tmp_path: Path) -> None:
    uv = os.environ.get("UV") or shutil.which("uv")  # `uv run` says where it is
    if uv is None:
        pytest.skip("uv is not on the PATH")
    subprocess.run([uv, "build", "--wheel", "-q", "-o", str(tmp_path), str(REPOSITORY)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = "from compiler.diagnostics import pages; print(pages.folder()); print(*map(pages.page, pages.titles()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "site",
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
    )
    assert done.stdout.startswith(str(tmp_path / "site" / "compiler" / "errors"))
    assert "# S103" in done.stdout
