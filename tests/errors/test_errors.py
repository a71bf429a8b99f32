"""Specs in, rendered diagnostics out: the Markdown files beside this one."""

import re
from pathlib import Path

import pytest

from compiler.cli import parser
from compiler.diagnostics.pages import codes, titles
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.render.text import render_text
from compiler.trials.imported import ImportRefused
from runtime import backend
from tests import REPOSITORY
from tests.errors.cases import Case, all_cases, base, matches

CASES = all_cases()


def refused(words: list[str]) -> str:
    """What `simkiln trials` says in this folder."""
    args = parser("trials").parse_args(words)
    with pytest.raises(ImportRefused) as caught:
        args.act(args)
    return "\n".join(render_text(d, caught.value.origin.lines(d.span.file), colour=False) for d in caught.value.diagnostics)


def rendered(root: Path, study: str | None = None) -> str:
    project = load_project(root)
    found = check(project, study)
    return "\n".join(render_text(d, project.lines(d.span.file), colour=False) for d in found)


def test_the_base_is_fine(tmp_path: Path) -> None:
    base().write(tmp_path)
    assert rendered(tmp_path) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    case.write(tmp_path)
    if any(name.endswith("entry_points.txt") for _, name, _ in case.blocks):  # a distribution, as if installed
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(backend, "_others", backend._others.__wrapped__)
        monkeypatch.setattr(backend, "info", backend.info.__wrapped__)
        monkeypatch.setattr("compiler.laws.backends.info", backend.info)
    if case.study and case.study.startswith("trials "):
        monkeypatch.chdir(tmp_path)
        found = refused(case.study.split())
    else:
        found = rendered(tmp_path, case.study)
    assert matches(case.expected, found), f"\n--- expected\n{case.expected}\n--- found\n{found}"


def test_every_code_has_a_case_and_a_page() -> None:
    """R219 is a running stage's; the others have tests in Python, because a case cannot hold what they need."""
    shown = set(re.findall(r"(?:error|warning)\[(\w+)\]", "\n".join(case.expected for case in CASES)))
    assert codes() - shown == {"B306", "R219", "R220", "R231", "R232", "T516", "T522", "X415", "X445", "Y110"}
    sources = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "compiler").rglob("*.py")]
    assert set(re.findall(r'"([YSRBXT]\d{3})"', "".join(sources))) <= titles().keys()
