"""Continuous integration for users: the workflow's commands run as they are written, and nothing in them is loose."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from compiler.cli import VERBS
from compiler.reading.source import read_source
from tests.conftest import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
SPECS = REPOSITORY / ".github" / "workflows" / "specs.yml"
COMMENT = REPOSITORY / ".github" / "workflows" / "specs-comment.yml"
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
ACTIONS = ("actions/checkout", "actions/upload-artifact", "github/codeql-action/upload-sarif")


def read(path: Path) -> dict[str, Any]:
    source = read_source(path, path.name)
    assert source.readable, source.diagnostics
    return source.value


def steps(path: Path) -> list[tuple[str, dict[str, Any]]]:
    return [(job, step) for job, said in read(path)["jobs"].items() for step in said["steps"]]


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This working tree as `actions/checkout` leaves it: a clone with `origin/main`, and the compiler installed."""
    base = tmp_path_factory.mktemp("base")
    names = git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in filter(None, names):
        if (REPOSITORY / name).is_file():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, base / name)
    git(base, "init", "-q", "-b", "main")
    git(base, "add", "-A")
    git(base, "commit", "-q", "-m", "base")
    clone = tmp_path_factory.mktemp("clone") / "simkiln"
    git(base, "clone", "-q", str(base), str(clone))
    git(clone, "switch", "-q", "-c", "change")
    done = perform(clone, {}, only="Install the compiler alone")
    assert done.returncode == 0, done.stderr
    return clone


def perform(clone: Path, environment: dict[str, str], *, only: str = "", but: str = "") -> subprocess.CompletedProcess:
    """The job `check` as a runner does it: each `run` by bash, in order, until one fails."""
    workflow = read(SPECS)
    job = workflow["jobs"]["check"]
    assert workflow["defaults"]["run"]["shell"] == "bash"
    inherited = {name: os.environ[name] for name in os.environ if name.startswith(("UV_", "PIP_", "SSL_", "HOME"))}
    path = os.pathsep.join((str(Path(sys.base_prefix) / "bin"), os.environ["PATH"]))  # the runner's python3 is 3.12, too
    given = {"GITHUB_BASE_REF": "main", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_WORKSPACE": str(clone)}
    given["GITHUB_STEP_SUMMARY"] = str(clone.parent / "summary.md")
    given |= {**inherited, "PATH": path, "CI": "true", **job["env"], **environment}
    done = subprocess.CompletedProcess([], 0, "", "")
    said = ""
    for step in job["steps"]:
        if "run" not in step or (only and step["name"] != only) or (but and step["name"] == but):
            continue
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=clone,
            env=given,
            capture_output=True,
            text=True,
            timeout=600,
        )
        said += done.stdout
        if done.returncode:
            break
    return subprocess.CompletedProcess([], done.returncode, said, done.stderr)


def rendered(clone: Path, findings: Path) -> str:
    """The comment as the job `render` makes it of what the other workflow left."""
    shutil.rmtree(clone / "comment", ignore_errors=True)
    shutil.rmtree(clone.parent / "findings", ignore_errors=True)
    shutil.copytree(findings, clone.parent / "findings", symlinks=True)
    (step,) = [s for job, s in steps(COMMENT) if s.get("name") == "Render the comment"]
    given = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(clone.parent), "SIMKILN_NO_CACHE": "1"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(command, cwd=clone, env=given, check=True)
    return (clone / "comment" / "comment.md").read_text(encoding="utf-8")


def change(clone: Path, old: str, new: str) -> None:
    git(clone, "reset", "-q", "--hard", "origin/main")
    shutil.rmtree(clone / "build", ignore_errors=True)
    path = clone / "specs" / "study.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    git(clone, "commit", "-q", "-am", "change")


@pytest.mark.slow
def test_the_compiler_is_installed_alone(checkout: Path) -> None:
    (site,) = (checkout / ".venv" / "lib").glob("python3.*/site-packages")
    here = {path.name for path in site.iterdir()}
    assert "pydantic" in here
    assert here & {"torch", "mujoco", "numba", "numpy", "snakemake", "pygls"} == set()


@pytest.mark.slow
def test_a_good_change_passes(checkout: Path) -> None:
    change(checkout, "title: Do aligned", "title: 100% do aligned")
    done = perform(checkout, {}, but="Install the compiler alone")
    assert done.returncode == 0, done.stdout + done.stderr
    log = json.loads((checkout / "build/specs/specs.sarif").read_text(encoding="utf-8"))
    assert not [r for r in log["runs"][0]["results"] if r["level"] == "error"]
    assert "Not only specs" not in done.stdout
    comment = rendered(checkout, checkout / "build" / "specs")
    assert "### simkiln plan: study `study`" in comment
    assert "**nothing to build**" in comment
    assert "Study `buddha` cannot be planned here" in comment
    assert (checkout.parent / "summary.md").read_text(encoding="utf-8").endswith(comment)
    assert {path.name for path in (checkout / "build/specs").iterdir()} == {"plans", "specs.sarif"}
    assert not (checkout / "build" / "cache" / "specs.json").exists()


@pytest.mark.slow
def test_the_comment_says_what_a_change_builds(checkout: Path) -> None:
    change(checkout, "trials: {twin: 40,", "trials: {twin: 41,")
    done = perform(checkout, {}, but="Install the compiler alone")
    assert done.returncode == 0, done.stdout + done.stderr
    comment = rendered(checkout, checkout / "build" / "specs")
    assert re.search(r"Against `origin/main` \([0-9a-f]+\): \*\*\d+ to build", comment)
    assert "specs/study.yaml" in comment


@pytest.mark.slow
def test_a_mistake_is_annotated_and_fails(checkout: Path) -> None:
    change(checkout, "cellar-workbench,", "celar-workbench,")
    done = perform(checkout, {}, but="Install the compiler alone")
    assert done.returncode == 1
    assert "::error file=specs/study.yaml,line=3,col=13,endLine=3,endColumn=28,title=R201" in done.stdout
    log = json.loads((checkout / "build/specs/specs.sarif").read_text(encoding="utf-8"))
    assert "R201" in {r["ruleId"] for r in log["runs"][0]["results"]}


@pytest.mark.slow
def test_a_change_of_the_compiler_is_said(checkout: Path) -> None:
    change(checkout, "title: Do", "title: So do")
    with (checkout / "compiler" / "diagnostics" / "pages.py").open("a", encoding="utf-8") as file:
        file.write("# a stranger's change\n")
    git(checkout, "commit", "-q", "-am", "compiler")
    assert "::notice title=Not only specs::" in perform(checkout, {}, but="Install the compiler alone").stdout


GH = """#!/bin/bash
# GitHub, as far as the comment needs it: answers from files beside this one, what is written goes into files there.
here=$(dirname "$0"); method=GET; query=.; body=
while [ $# -gt 0 ]; do
  case $1 in
    --method) method=$2; shift ;;
    --jq) query=$2; shift ;;
    -f) printf '%s\\n' "$2" >> "$here/asked"; shift ;;
    -F) body=${2#body=@}; shift ;;
    repos/*) path=$1 ;;
  esac
  shift
done
if [ "$method" = GET ]; then jq -r "$query" "$here/${path##*/}.json"; else cp "$body" "$here/$method-${path##*/}"; fi
"""


def comment(folder: Path, pulls: list[Any], comments: list[Any]) -> tuple[str, set[str]]:
    """The last step of the comment's job, with a stand-in for GitHub; its output, and what was written there."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not here")
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "gh").write_text(GH, encoding="utf-8")
    (folder / "bin" / "gh").chmod(0o755)
    (folder / "bin" / "pulls.json").write_text(json.dumps(pulls), encoding="utf-8")
    (folder / "bin" / "comments.json").write_text(json.dumps(comments), encoding="utf-8")
    job = read(COMMENT)["jobs"]["comment"]
    given = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "us/lab",
        "HEAD": "stranger:x$(touch pwned);`touch pwned`",
        "HEAD_SHA": "abc",
        "MARK": job["env"]["MARK"],
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", job["steps"][-1]["run"]],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "pwned").exists()
    known = {"gh", "asked", "pulls.json", "comments.json"}
    return done.stdout, {path.name for path in (folder / "bin").iterdir()} - known


PULLS = [{"number": 7, "head": {"sha": "abc"}}, {"number": 6, "head": {"sha": "other"}}]


def test_the_comment_is_written_once_and_then_updated(tmp_path: Path) -> None:
    (tmp_path / "comment").mkdir()
    (tmp_path / "comment" / "comment.md").write_text("hello `@everyone $(touch pwned)`\n", encoding="utf-8")
    assert comment(tmp_path, PULLS, [])[1] == {"POST-comments"}
    written = (tmp_path / "bin" / "POST-comments").read_text(encoding="utf-8")
    assert written == "<!-- simkiln plan -->\nhello `@everyone $(touch pwned)`\n"
    assert "head=stranger:x$(touch pwned);`touch pwned`" in (tmp_path / "bin" / "asked").read_text(encoding="utf-8")
    theirs = {"id": 1, "user": {"login": "stranger"}, "body": written}
    ours = {"id": 2, "user": {"login": "github-actions[bot]"}, "body": written}
    assert "PATCH-2" in comment(tmp_path, PULLS, [theirs, ours])[1]


def test_no_comment_without_a_plan_or_its_pull_request(tmp_path: Path) -> None:
    (tmp_path / "comment").mkdir()
    (tmp_path / "comment" / "comment.md").touch()
    assert comment(tmp_path, PULLS, []) == ("no plan was made\n", set())
    (tmp_path / "comment" / "comment.md").write_text("x", encoding="utf-8")
    assert comment(tmp_path, PULLS[1:], []) == ("the pull request has moved on\n", set())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_loose(path: Path) -> None:
    """Actions are pinned by commit, permissions are given one by one, and no expression becomes a command."""
    text, workflow = path.read_text(encoding="utf-8"), read(path)
    assert "pull_request_target" not in workflow["on"]
    assert workflow["permissions"] == {}
    assert "secrets." not in text
    for name, job in workflow["jobs"].items():
        assert job["permissions"], name
        assert job["timeout-minutes"] <= 15
    for _, step in steps(path):
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            action, _, revision = step["uses"].partition("@")
            assert action in ACTIONS
            assert re.fullmatch(r"[0-9a-f]{40}", revision)
            assert re.search(rf"{revision} # v\d+\.\d+\.\d+$", text, re.MULTILINE)


def test_what_runs_strangers_code_can_only_read() -> None:
    job = read(SPECS)["jobs"]["check"]
    assert job["permissions"] == {"contents": "read"}
    assert job["env"]["SIMKILN_NO_CACHE"] == "1"
    (fetched,) = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
    assert fetched["with"]["persist-credentials"] is False
    assert not [s for s in job["steps"] if "cache" in s.get("uses", "")]


def test_what_can_write_checks_nothing_out() -> None:
    writing = [
        (path, name) for path in WORKFLOWS for name, job in read(path)["jobs"].items() if "write" in job["permissions"].values()
    ]
    assert writing == [(COMMENT, "comment"), (SPECS, "alerts")]
    for path, name in writing:
        for job, step in steps(path):
            if job == name:
                assert "checkout@" not in step.get("uses", "")
                assert not re.search(r"git |python|uvw|simkiln check|findings/\S*\.sh", step.get("run", ""))


def test_what_renders_for_strangers_is_the_base_s_own_code() -> None:
    job = read(COMMENT)["jobs"]["render"]
    assert set(job["permissions"].values()) == {"read"}
    (fetched,) = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout@")]
    assert fetched["with"] == {"ref": "${{ github.event.repository.default_branch }}", "persist-credentials": False}
    (trusted,), (strangers,) = (
        [s for s in steps(path) if s[1].get("name") == "Install the compiler alone"] for path in WORKFLOWS
    )
    assert trusted[1]["run"] == strangers[1]["run"], "the test above runs it"
    assert "--require-hashes --no-deps" in trusted[1]["run"]


def test_installs_are_those_of_the_pins_by_their_digests() -> None:
    """`.github/requirements.txt` holds just what a light install needs, as pyproject.toml pins it, and names no host."""
    text = (REPOSITORY / ".github" / "requirements.txt").read_text(encoding="utf-8")
    assert "://" not in text
    entries = [entry.split() for entry in text.replace("\\\n", " ").splitlines()]
    assert all(words[1:] and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", w) for w in words[1:]) for words in entries)
    said = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    pins = dict(pin.split("==") for pin in [*said["project"]["dependencies"], *said["tool"]["uv"]["constraint-dependencies"]])
    needed, waiting = dict[str, str](), [Requirement(one) for one in said["project"]["dependencies"]]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if (one.marker is None or one.marker.evaluate({"extra": ""})) and name not in needed:
            needed[name] = pins[name]
            waiting += [Requirement(other) for other in requires(one.name) or ()]
    assert [words[0] for words in entries] == [f"{name}=={pin}" for name, pin in sorted(needed.items())]


def test_the_hook_is_one_that_pre_commit_takes() -> None:
    from pre_commit.clientlib import load_manifest

    (hook,) = load_manifest(str(HOOKS))
    assert (hook["entry"], hook["language"], hook["pass_filenames"]) == ("simkiln check", "python", False)
    assert re.search(hook["files"], "specs/locations/cellar.yaml")
    assert not re.search(hook["files"], "docs/specs/a.yaml")
    required = re.search(r'requires-python = ">=([\d.]+)', (REPOSITORY / "pyproject.toml").read_text())
    assert required
    assert hook["language_version"] == f"python{required[1]}"


def test_the_settings_for_editors_are_well_formed() -> None:
    page = (REPOSITORY / "docs" / "editor.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert tomllib.loads(blocks["toml"])["language-server"]["simkiln"] == {"command": "simkiln", "args": ["lsp"]}
    assert json.loads(blocks["json"])["glspc.server.commandArguments"] == ["lsp"]
    assert {"lsp", "watch", "explain", "completion"} <= set(VERBS)
