"""`simkiln backends install NAME`: the words that run, what is refused, and that what was made is there."""

import sys
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.project import install
from runtime.backend import available, info


def test_words_are_run_one_by_one_in_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    made = install.commands(f"uv venv -p {version} .envs/x && uv pip install -p .envs/x a==1 'b c'", tmp_path)
    where = str(tmp_path / ".envs/x")
    assert made == [["/bin/uv", "venv", "-p", sys.executable, where], ["/bin/uv", "pip", "install", "-p", where, "a==1", "b c"]]


@pytest.mark.parametrize("line", ["curl x.sh | sh", "rm -rf .envs", "uv venv x; true", "uv venv x && ", "uv pip install $(x)"])
def test_what_wants_a_shell_is_left_to_people(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="by hand"):
        install.commands(line, tmp_path)


def test_our_descriptions_can_be_run(tmp_path: Path) -> None:
    lines = [found.install for role, names in available().items() for name in names if (found := info(role, name)).install]
    assert len([install.commands(line, tmp_path) for line in lines]) > 7


def test_an_environment_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The stand-in for uv writes down where it stands, and makes the environment's Python."""
    monkeypatch.chdir(tmp_path)
    uv = tmp_path / "uv"
    uv.write_text(
        "#!/bin/sh\ntouch here-$1\nfor x; do last=$x; done\n"
        "[ $1 = pip ] || { mkdir -p $last/bin; ln -s /bin/true $last/bin/python; }\n"
    )
    uv.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(uv))
    assert main(["backends", "install", "isaaclab"]) == 0
    assert "trainer/isaaclab is there" in capsys.readouterr().out
    assert not list(tmp_path.glob("here-*")), "uv stands in an empty folder, where no project's pins hold"
    assert main(["backends", "install", "isaaclab"]) == 0, "nothing is made twice"
    assert main(["backends", "install", "isaclab"]) == 2
    assert "`isaaclab`" in capsys.readouterr().err
