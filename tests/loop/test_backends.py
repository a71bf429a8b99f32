"""A back end of another distribution runs where its description says: another Python, a container, a process of its own.

The container's program is a stand-in that notes its words and starts a Python: no daemon runs where tests do.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests import REPOSITORY
from tests.loop.project import SmallProject
from tests.loop.tiny import place, tiny_study

OLDER = Path("/usr/bin/python3.11")
DESCRIPTION = """class = "Mine"
version = "1"
licence = "MIT"
needs_gpu = true
install = "uv pip install --python .envs/other kiln-mine"
"""
CODE = """from runtime.backends.renderer_numba import NumbaRenderer


class Mine(NumbaRenderer):
    def __init__(self, command=()):
        if command:
            import subprocess
            subprocess.run([*command, "-c", "import sys; open('process', 'w').write(sys.prefix)"], check=True)
"""
CONTAINER = """#!/bin/sh
printf '%s\\n' "$@" > words
while [ "$1" != example/mine:1 ]; do
    case "$1" in --env=*) export "${1#--env=}" ;; esac
    shift
done
shift 2
exec .envs/other/bin/python "$@"
"""


class Mine(SmallProject):
    """A splat of one place by the renderer `mine`, which a distribution in `dist/` brings."""

    captured: Path | None = None
    """The folder of captures that are there already."""

    def __init__(self, root: Path, where: str) -> None:
        study = {**tiny_study("place"), "backends": {"renderer": "mine"}}
        super().__init__(root, study, {"place": place("place", 0)})
        if self.captured is not None:
            shutil.copytree(self.captured, root / "store/capture")
        (root / "dist/kiln_mine-1.dist-info").mkdir(parents=True)
        (root / "dist/kiln_mine-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: kiln-mine\nVersion: 1\n")
        points = "[simkiln.backends]\nrenderer.mine = kiln_mine.renderer\n"
        (root / "dist/kiln_mine-1.dist-info/entry_points.txt").write_text(points)
        (root / "dist/kiln_mine").mkdir()
        (root / "dist/kiln_mine/renderer.py").write_text(CODE)
        self.describe(where)

    def describe(self, where: str) -> None:
        (self.root / "dist/kiln_mine/renderer.toml").write_text(DESCRIPTION + where)

    def environment(self) -> dict[str, str]:
        known = super().environment()
        path = f"{self.root / 'bin'}{os.pathsep}{known['PATH']}"
        return known | {"PYTHONPATH": str(self.root / "dist"), "PATH": path}  # our code is not on it

    def other_python(self, *paths: str, at: str = ".envs/other") -> Path:
        """Another environment, in which the packages in `paths` are found too."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.root / at], check=True)
        (packages,) = (self.root / at).glob("lib/python*/site-packages")
        (packages / "more.pth").write_text("\n".join(paths))
        return self.root / at / "bin/python"

    def everything(self) -> tuple[str, str]:
        return sysconfig.get_paths()["purelib"], str(self.root / "dist")

    def built(self) -> dict[str, Any]:
        """The manifest of the splat after a run by Snakemake."""
        done = self.snakemake()
        assert done.returncode == 0, done.stderr[-3000:]
        (splat,) = (self.store.check("splat", name) for name in self.store.listing()["splat"])
        return splat


@pytest.fixture(scope="module", autouse=True)
def captured(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every project here has the same capture, which no back end makes: it is built once."""
    study = {**tiny_study("place"), "targets": ["capture"]}
    project = SmallProject(tmp_path_factory.mktemp("captured"), study, {"place": place("place", 0)})
    assert project.snakemake().returncode == 0
    Mine.captured = project.root / "store/capture"


def test_a_stage_runs_in_another_python(tmp_path: Path) -> None:
    project = Mine(tmp_path, '[where]\nenvironment = "far"\n')
    local = tmp_path / "simkiln.local.yaml"
    missing = project.simkiln("plan")
    assert missing.returncode == 1
    assert "error[B304]" in missing.stderr
    assert "uv pip install --python .envs/other kiln-mine" in missing.stderr
    local.write_text("environments: {far: gone}\n")
    unset = project.simkiln("check")
    assert unset.returncode == 0, "specs are checked where back ends are not"
    assert f"environment `far`, whose Python `{tmp_path}/gone` is not there" in unset.stderr
    python = project.other_python(*project.everything(), at="else where")
    local.write_text('environments: {far: "else where"}\n')
    where = project.built()["where"]["renderer"]
    assert (where["environment"], where["python"]) == ("far", str(python))
    (capture,) = project.store.listing()["capture"]
    assert "where" not in project.store.manifest("capture", capture)
    project.describe("")  # where a back end runs is no part of an address
    assert project.to_build() == set()


def test_what_another_python_lacks_is_said(tmp_path: Path) -> None:
    project = Mine(tmp_path, '[where]\nenvironment = "other"\n')
    python = project.other_python()
    done = project.simkiln("run", "--cores", "1")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"error[B316]: splat/place: {python} has no module `pydantic`" in done.stderr
    assert f"uv pip install --python {python} pydantic" in done.stderr


@pytest.mark.skipif(not OLDER.exists(), reason="there is no older Python here")
def test_a_python_that_is_too_old_is_said() -> None:
    done = subprocess.run([OLDER, "-m", "runtime", "splat", "0"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error[B316]: {OLDER} is Python 3.11, and stages need 3.12")


def test_a_stage_runs_in_a_container_and_no_shell_reads_its_words(tmp_path: Path) -> None:
    word = "; touch $(echo pwned) `touch pwned` 'x' \\\" && touch pwned {user}"
    template = json.dumps(["docker", "run", word, "--env=PYTHONPATH={code}", "{image}", "python3"])
    project = Mine(tmp_path, f'[where]\nimage = "example/mine:1"\ncommand = {template}\n')
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text(CONTAINER)
    (tmp_path / "bin/docker").chmod(0o755)
    project.other_python(*project.everything())
    where = project.built()["where"]["renderer"]
    assert (where["image"], where["python"]) == ("example/mine:1", str(tmp_path / ".envs/other/bin/python"))
    words = (tmp_path / "words").read_text().splitlines()
    assert words[words.index("python3") + 1 :][:3] == ["-m", "runtime", "splat"]
    assert "--parent" not in words, "a container does not see processes outside"
    assert word.replace("{user}", f"{os.getuid()}:{os.getgid()}") in words
    assert not (tmp_path / "pwned").exists()


def test_a_process_of_its_own_leaves_the_stage_here(tmp_path: Path) -> None:
    project = Mine(tmp_path, '[where]\nenvironment = "other"\nprocess = true\n')
    project.other_python()
    where = project.built()["where"]["renderer"]
    assert (where["process"], where["python"]) == (True, sys.executable)
    (job,) = json.loads((tmp_path / "build/plan.json").read_text())["jobs"]["splat"].values()
    assert job["gpu"] == 1
    assert (tmp_path / "process").read_text() == str(tmp_path / ".envs/other")


def test_planning_imports_and_starts_nothing(tmp_path: Path) -> None:
    command = ["touch", "pwned", "$(touch pwned)", "{image}"]
    project = Mine(tmp_path, f'[where]\nimage = "example/mine:1"\ncommand = {json.dumps(command)}\n')
    for name in ("__init__", "renderer"):
        (tmp_path / f"dist/kiln_mine/{name}.py").write_text("open('pwned', 'w')\n")
    for words in (["check"], ["check", "--study", "study"], ["plan"], ["backends"], ["backends", "--json"]):
        done = project.simkiln(*words)
        assert done.returncode == 0, done.stderr
    assert not (tmp_path / "pwned").exists()


def test_the_list_of_back_ends(tmp_path: Path) -> None:
    project = Mine(tmp_path, '[where]\nenvironment = "other"\n')
    done = project.simkiln("backends")
    assert done.returncode == 0
    header, *rows = done.stdout.splitlines()
    assert header.split() == "role name version licence needs where installed".split()
    mine = next(row for row in rows if " mine " in row)
    assert "environment other" in mine
    assert "install it with `uv pip install --python .envs/other kiln-mine`" in mine
    listed = {one["name"]: one for one in json.loads(project.simkiln("backends", "--json").stdout)}
    assert (listed["numba"]["installed"], listed["mine"]["installed"]) == (True, False)
    assert listed["gsplat"]["needs_gpu"]
    project.other_python()
    assert next(r for r in project.simkiln("backends").stdout.splitlines() if " mine " in r).endswith("yes")
    (tmp_path / "dist/kiln_mine/renderer.toml").write_text('class = "\x1b[31m"\nlicens = 3')
    done = project.simkiln("backends")
    assert done.returncode == 1
    assert "error[B305]: back end `mine` for `renderer` has a broken description" in done.stderr
    assert "\x1b" not in done.stderr
    assert " numba " in done.stdout
