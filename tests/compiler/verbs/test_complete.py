"""Shell completion, asked of a real bash with the printed script loaded."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.cli import VERBS, main
from tests.conftest import REPOSITORY
from tests.errors.cases import base


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, and a `simkiln` for the PATH."""
    root = tmp_path_factory.mktemp("project")
    base().write(root)
    (root / "specs/studies").mkdir()
    (root / "specs/studies/second.yaml").write_text("title: Second\nlocations: [cellar]\n", encoding="utf-8")
    (root / "bin").mkdir()
    program = root / "bin" / "simkiln"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m compiler.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return root


def completed(place: Path, line: str) -> set[str]:
    """What bash offers after a line."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not here")
    program = f"""
        eval "$(simkiln completion bash)"
        COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)} COMP_TYPE=9 COMP_KEY=9
        COMP_WORDS=({line} {"''" if line.endswith(" ") else ""}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        function=$(complete -p simkiln | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        compopt() {{ :; }}
        $function simkiln "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        ["bash", "--norc", "-c", program], cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return {word.strip() for word in done.stdout.split()}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("simkiln che", {"check"}),
        ("simkiln check --fo", {"--format"}),
        ("simkiln check --format sa", {"sarif"}),
        ("simkiln check --study ", {"second", "study"}),
        ("simkiln plan s", {"second", "study"}),
        ("simkiln view ", {"cellar"}),
        ("simkiln explain S10", {f"S10{n}" for n in range(1, 10)}),
        ("simkiln why pol", {"policy/"}),
        ("simkiln why rep", {"report"}),
        ("simkiln why policy/", {"policy/cellar/"}),
        ("simkiln where policy/cellar/press/", {"policy/cellar/press/baseline/", "policy/cellar/press/bold/"}),
        ("simkiln where policy/cellar/press/bold/", {"policy/cellar/press/bold/0", "policy/cellar/press/bold/1"}),
        ("simkiln why --study second policy/cellar/", set()),
        ("simkiln why nothing/", set()),
    ],
)
def test_bash_is_offered(place: Path, line: str, offered: set[str]) -> None:
    assert completed(place, line) == offered


def test_every_verb_is_offered(place: Path) -> None:
    assert completed(place, "simkiln ") == set(VERBS)


def test_a_bare_call_lists_the_verbs_by_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert shown == VERBS
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("simkiln 0.")


def test_fish_is_offered(place: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not here")
    program = "simkiln completion fish | source; complete -C 'simkiln check --format sa'"
    environment = {**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        ["fish", "--no-config", "-c", program], cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["sarif"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_valid(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "simkiln" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)
