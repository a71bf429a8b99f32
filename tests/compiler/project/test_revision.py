"""Specs of another revision, from repositories that want to run something, or to say something else than was committed."""

import os
import subprocess
from pathlib import Path

import pytest

from compiler.project import git as asked
from compiler.project.load import load_project
from compiler.project.project import Project
from compiler.project.revision import UnreadableRevision, at_revision
from tests.compiler.built import Built
from tests.compiler.plan.test_tree import simkiln

CHANGED = "policy: parameter `steps`: 7 -> 8"


@pytest.fixture
def repo(tmp_path: Path) -> Built:
    found = Built(tmp_path / "repo")
    found.commit()
    found.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    return found


def git(root: Path, *words: str, given: str = "") -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *who, *words], cwd=root, input=given, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(root: Path, entries: str) -> str:
    """A commit whose tree `specs` holds the given entries of `git mktree`."""
    specs = git(root, "mktree", "-z", "--missing", given=entries)
    tree = git(root, "mktree", given=f"040000 tree {specs}\tspecs\n")
    return git(root, "commit-tree", tree, "-m", "made")


def test_configuration_and_attributes_neither_run_nor_change_anything(repo: Built, tmp_path: Path) -> None:
    root, trap = repo.root, tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    trap.chmod(0o755)
    wanted = git(root, "rev-parse", "HEAD:specs/approaches/bold.yaml")
    (root / ".git" / "info" / "attributes").write_text(
        "specs/** filter=evil diff=evil export-subst ident\nspecs/study.yaml export-ignore\n"
    )
    for name in (
        "filter.evil.smudge filter.evil.process core.fsmonitor core.pager core.editor core.sshCommand diff.external "
        "diff.evil.textconv diff.evil.command alias.ls-tree alias.cat-file alias.rev-parse core.alternateRefsCommand gpg.program"
    ).split():
        git(root, "config", name, f"!{trap}" if name.startswith("alias") else str(trap))
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).symlink_to(trap)
    git(root, "config", "core.hooksPath", str(hooks))
    other = git(root, "hash-object", "-w", "--stdin", given="title: Bold\nextends: baseline\nstages: {policy: {steps: 6}}\n")
    git(root, "replace", wanted, other)
    (tmp_path / "ran").unlink(missing_ok=True)
    variables = {name: str(trap) for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_EXEC_PATH")}
    done = simkiln(root, "plan", "--against", "HEAD", **variables, GIT_DIR=str(tmp_path), GIT_INDEX_FILE="/nowhere")
    assert done.returncode == 0, done.stderr
    assert CHANGED in done.stdout
    assert not (tmp_path / "ran").exists()


def test_nothing_is_fetched_for_a_plan(repo: Built, tmp_path: Path) -> None:
    git(repo.root, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.root}", str(partial))
    for key, value in {"uploadpack": f"touch {tmp_path}/ran;", "url": str(repo.root)}.items():
        git(partial, "config", f"remote.origin.{key}", value)
    Built(partial)
    done = simkiln(partial, "plan", "--against", "HEAD")
    assert done.returncode == 0, done.stderr
    assert "not all objects of revision `HEAD` are here" in done.stdout
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a folder to somebody else")
def test_somebody_else_s_repository_is_refused_and_said_unless_it_was_called_safe(repo: Built, tmp_path: Path) -> None:
    for path in (repo.root, repo.root / ".git"):
        os.chown(path, 4321, 4321)
    settings = tmp_path / "settings"
    settings.write_text("")
    done = simkiln(repo.root, "plan", "--against", "HEAD", GIT_CONFIG_GLOBAL=str(settings))
    assert done.returncode == 2
    assert "belongs to somebody else" in done.stderr
    assert f"`git config --global --add safe.directory {repo.root}`" in done.stderr
    settings.write_text(f"[safe]\ndirectory = {repo.root}\n")
    assert CHANGED in simkiln(repo.root, "plan", "--against", "HEAD", GIT_CONFIG_GLOBAL=str(settings)).stdout


def test_a_folder_that_looks_like_a_repository_is_none(tmp_path: Path) -> None:
    outer = Built(tmp_path)
    outer.commit()
    inner = Built(tmp_path / "deep")
    git(tmp_path, "init", "-q", "--bare", str(inner.root))
    done = simkiln(inner.root, "plan", "--against", "HEAD")
    assert done.returncode == 2
    assert "git refuses to read it" in done.stderr


def test_a_program_of_the_repository_is_not_git(repo: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo.root / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (repo.root / "git").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", os.environ["PATH"]]))
    assert CHANGED in simkiln(repo.root, "plan", "--against", "HEAD").stdout
    assert not (tmp_path / "ran").exists()


def then(root: Path, commit: str) -> Project:
    with at_revision(load_project(root), commit) as found:
        return found


def test_links_submodules_and_odd_names_are_told(repo: Built) -> None:
    blob = git(repo.root, "hash-object", "-w", "--stdin", given="title: A\nsource: {kind: hidden_site, seed: 1}\n")
    target = git(repo.root, "hash-object", "-w", "--stdin", given="attic.yaml")
    commit = git(repo.root, "rev-parse", "HEAD")
    listing = f"100644 blob {blob}\tattic.yaml\x00120000 blob {target}\tbarn.yaml\x00160000 commit {commit}\tyard.yaml\0"
    places = git(repo.root, "mktree", "-z", given=listing)
    found = then(repo.root, committed(repo.root, f"040000 tree {places}\tlocations\x00120000 blob {target}\tx\0"))
    assert list(found.locations) == ["attic"]
    told = {d.span.file: d.message for d in found.diagnostics if d.code == "R208"}
    assert "is a link in revision" in told["specs/locations/barn.yaml"]
    assert "is a submodule in revision" in told["specs/locations/yard.yaml"]
    for entries in (f"120000 blob {target}\tlocations\0", f"160000 commit {commit}\tlocations\0"):
        with pytest.raises(UnreadableRevision, match=r"`specs/locations` is a (link|submodule), not a folder"):
            then(repo.root, committed(repo.root, entries))


def test_names_of_raw_bytes_and_names_that_lead_away(repo: Built) -> None:
    blob = git(repo.root, "hash-object", "-w", "--stdin", given="title: A\nsource: {kind: hidden_site, seed: 1}\n")

    def places(name: bytes) -> str:
        entry = b"100644 " + name + b"\0" + bytes.fromhex(blob)
        words = ["git", "hash-object", "-t", "tree", "--literally", "-w", "--stdin"]
        tree = subprocess.run(words, cwd=repo.root, input=entry, check=True, capture_output=True).stdout.decode().strip()
        return committed(repo.root, f"040000 tree {tree}\tlocations\0")

    found = then(repo.root, places(b"\xff\n\x1b[31m.yaml"))
    assert [d.code for d in found.diagnostics] == ["S108"]
    assert "\x1b" not in found.diagnostics[0].message
    for name in (b"../away.yaml", b"a/../../../away.yaml", b"/away.yaml"):
        with pytest.raises(UnreadableRevision, match="has a spec with the path"):
            then(repo.root, places(name))


def test_large_specs_and_bombs_have_an_end(repo: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = git(repo.root, "hash-object", "-w", "--stdin", given=f"# {'x' * 1_000_000}\ntitle: A\n")
    found = then(repo.root, committed(repo.root, f"100644 blob {blob}\tstudy.yaml\0"))
    assert [(d.code, d.span.file) for d in found.diagnostics] == [("Y110", "specs/study.yaml")]
    tree = git(repo.root, "mktree", "-z", given=f"100644 blob {blob}\tx.yaml\0")
    for _ in range(12):
        tree = git(repo.root, "mktree", "-z", given="".join(f"040000 tree {tree}\t{i}\0" for i in range(10)))
    with pytest.raises(UnreadableRevision, match="more than 100,000 files"):
        then(repo.root, committed(repo.root, f"040000 tree {tree}\tlocations\0"))
    monkeypatch.setattr("compiler.project.revision.MOST_BYTES", 10)
    with pytest.raises(UnreadableRevision, match="together"):
        then(repo.root, "HEAD")


@pytest.mark.parametrize(
    "record", ["[" * 100_000, '{"policy": {"version": 1e999}}', '{"policy": {"version": "x"}}', "x" * 2_000_000]
)
def test_a_record_of_versions_that_is_none(repo: Built, record: str) -> None:
    path = repo.root / "runtime" / "stages" / "versions.json"
    path.parent.mkdir(parents=True)
    path.write_text(record)
    repo.git("add", "runtime")
    repo.git("commit", "-qm", "record")
    assert CHANGED in simkiln(repo.root, "plan", "--against", "HEAD").stdout


def test_an_answer_is_cut(repo: Built) -> None:
    answer = asked.git(repo.root, "cat-file", "blob", "HEAD:specs/study.yaml", most=5)
    assert (len(answer.out), answer.cut) == (5, True)
