"""`simkiln gc`: what plans, revisions or an age keep stays; the rest goes, each artifact at once, never a half one."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.project.load import load_project
from runtime.store.store import Store
from tests import REPOSITORY
from tests.compiler.published import publish
from tests.errors.cases import base

LOFT = "title: Loft\nsource: {kind: hidden_site, seed: 2}\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two places of which everything is built; then the second one leaves the study."""
    base().write(tmp_path)
    (tmp_path / "specs/locations/loft.yaml").write_text(LOFT)
    listing(tmp_path, "[cellar, loft]")
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "specs")
    git(tmp_path, "commit", "-qm", "two places")
    project = load_project(tmp_path)
    for node in expand(project, "study").nodes.values():
        publish(project, node)
    listing(tmp_path, "[cellar]")
    return tmp_path


def listing(root: Path, locations: str) -> None:
    path = root / "specs/study.yaml"
    path.write_text(
        "".join(
            f"locations: {locations}\n" if line.startswith("locations") else line
            for line in path.read_text().splitlines(keepends=True)
        )
    )


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def planned(root: Path) -> set[tuple[str, str]]:
    return set(expand(load_project(root), "study").nodes)


def stored(root: Path) -> set[tuple[str, str]]:
    store = Store(root / "store")
    found = {(stage, name) for stage, names in store.listing().items() for name in names}
    for address in found:
        store.check(*address)
    return found


def test_it_is_dry_by_default(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = stored(root)
    assert main(["gc"]) == 0
    said = capsys.readouterr().out
    assert stored(root) == before
    gone = len(before) - len(planned(root) & before)
    assert f"{gone} artifacts and" in said
    assert "reachable from the studies" in said
    assert main(["gc", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {(f["stage"], f["fingerprint"]) for f in facts["gone"]} == before - planned(root)
    assert facts["deleted"] is False


def test_what_no_study_asks_for_goes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = planned(root) & stored(root)
    assert main(["gc", "--yes"]) == 0
    assert stored(root) == wanted
    assert main(["gc", "--yes"]) == 0
    assert "nothing to delete" in capsys.readouterr().out
    assert list((root / "store/.trash").iterdir()) == []


def test_a_revision_keeps_what_its_studies_reach(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, specs = stored(root), (root / "specs/study.yaml").read_bytes()
    assert main(["gc", "--yes", "--keep-rev", "HEAD"]) == 0
    assert stored(root) == before
    assert "reachable from HEAD" in capsys.readouterr().out
    assert (root / "specs/study.yaml").read_bytes() == specs
    for odd in ("nowhere", "--output=x", "HEAD:specs", ""):
        assert main(["gc", "--yes", f"--keep-rev={odd}"]) == 2
        assert "git knows no revision" in capsys.readouterr().err
    assert stored(root) == before


def test_another_project_keeps_what_it_reaches(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before, other = stored(root), tmp_path_factory.mktemp("other")
    shutil.copytree(root / "specs", other / "specs")
    listing(other, "[cellar, loft]")
    assert main(["gc", "--yes", "--keep-project", str(other)]) == 0
    assert stored(root) == before


def test_what_is_young_stays_with_all_that_it_was_made_from(root: Path) -> None:
    project = load_project(root)
    old = [n for n in nodes(root, "[cellar, loft]") if n.address not in planned(root)]
    young = next(n for n in old if n.stage.name == "demos")
    shutil.rmtree(Store(project.store).path(*young.address))
    publish(project, young, built=time.time() - 3600)
    expected = (planned(root) & stored(root)) | {young.address} | ancestors(young)
    assert main(["gc", "--yes", "--keep-days", "1"]) == 0
    assert stored(root) == expected
    assert main(["gc", "--yes", "--keep-days", "0"]) == 0
    assert stored(root) == planned(root) & expected


def test_a_clock_that_is_ahead_makes_nothing_old(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(root)
    young = next(n for n in nodes(root, "[cellar, loft]") if n.address not in planned(root) and n.stage.name == "demos")
    shutil.rmtree(Store(project.store).path(*young.address))
    publish(project, young, built=time.time())
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 400 * 86400)
    assert main(["gc", "--yes"]) == 0
    assert young.address in stored(root)


def nodes(root: Path, locations: str) -> list[Node]:
    listing(root, locations)
    found = list(expand(load_project(root), "study").nodes.values())
    listing(root, "[cellar]")
    return found


def ancestors(node: Node) -> set[tuple[str, str]]:
    return {p.address for p in node.parents()} | {a for p in node.parents() for a in ancestors(p)}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda root: (root / "specs/approaches/bold.yaml").write_text("title: [\n"),
        lambda root: (root / "specs/studies").mkdir() or (root / "specs/studies/odd.yaml").write_text("titel: x\n"),
        lambda root: (
            (root / "specs/studies").mkdir()
            or (
                (root / "specs/locations/far.yaml").write_text("title: Far\nsource: {kind: photos, root: unset, path: far}\n")
                and (root / "specs/studies/far.yaml").write_text("title: x\nlocations: [far]\ntargets: [coverage]\n")
            )
        ),
    ],
    ids=["approach", "study", "unset capture root"],
)
def test_nothing_is_deleted_when_a_study_has_errors(
    spoil: Callable[[Path], object], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(root)
    spoil(root)
    assert main(["gc", "--yes", "--keep-days", "0"]) == 1
    assert "nothing is deleted" in capsys.readouterr().err
    assert stored(root) == before


def test_nothing_is_deleted_while_something_is_built(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, store = stored(root), Store(root / "store")
    with store.building("splat", "0" * 32):
        assert main(["gc", "--yes"]) == 1
    assert "something is being built (splat-" in capsys.readouterr().err
    lock = root / "store/.locks" / f"policy-{'1' * 32}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(["gc", "--yes"]) == 1
        assert main(["gc"]) == 0
    assert stored(root) == before
    assert main(["gc", "--yes"]) == 0
    assert not lock.exists()


def test_leftovers_go_and_what_a_living_job_writes_stays(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, old = root / "store", time.time() - 30 * 86400
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    from runtime.store.host import host

    leftover = store / ".tmp" / f"splat-{'0' * 32}-{host()}-{dead.pid}-abc"
    damaged, recent = store / f".damaged/splat-{'1' * 32}-20200101T000000Z-abc", store / f".damaged/splat-{'2' * 32}-abc"
    run, fresh = root / "build/runs/20200101T000000-abc", root / "build/runs/20200102T000000-abc"
    unfinished, today = store / f".scratch/splat-{'3' * 32}", store / f".scratch/splat-{'4' * 32}"
    for folder in (leftover, damaged, recent, run, fresh, unfinished, today):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    job = root / "build/jobs/splat" / f"{'1' * 32}.json"
    job.parent.mkdir(parents=True, exist_ok=True)
    job.write_text("{}")
    for path in (damaged / "file", damaged, run / "file", run, job, unfinished):
        os.utime(path, (old, old))
    assert main(["gc", "--yes"]) == 0
    assert [p.exists() for p in (unfinished, today)] == [False, True]
    assert [p.exists() for p in (leftover, damaged, recent, run, fresh, job)] == [False, False, True, False, True, False]
    foreign = store / f".tmp/splat-{'0' * 32}-elsewhere-1-abc"
    foreign.mkdir(parents=True)
    assert main(["gc", "--yes"]) == 1
    assert "something is being built" in capsys.readouterr().err


def test_a_killed_gc_leaves_no_half_artifact(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored(root)
    child = os.fork()
    if child == 0:
        calls = []

        def killed(path: Path, **_: object) -> None:
            calls.append(path)
            if len(calls) == 3:
                (path / "content.bin").unlink()
                os._exit(9)

        monkeypatch.setattr(shutil, "rmtree", killed)
        main(["gc", "--yes"])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = stored(root)  # every artifact that is listed is whole
    assert len(before - left) == 3
    assert len(list((root / "store/.trash").iterdir())) == 3
    assert main(["gc", "--yes"]) == 0
    assert stored(root) == planned(root) & before
    assert list((root / "store/.trash").iterdir()) == []


def test_a_store_that_cannot_be_written(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(path: Path, *args: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "rename", refused)
    assert main(["gc", "--yes"]) == 1
    assert "Read-only file system; 0 of" in capsys.readouterr().err


def test_the_command_by_itself(root: Path) -> None:
    command = [sys.executable, "-m", "compiler.cli", "gc", "--yes"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "artifacts deleted" in done.stderr) == (0, True), done.stderr
