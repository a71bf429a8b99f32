"""`simkiln verify` follows lineage: what was, or may have been, made from a damaged artifact is set aside with it."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph.node import Address
from compiler.project.load import load_project
from runtime.store.store import Store
from tests.compiler.built import Built
from tests.compiler.published import publish

DEMOS = "demos/cellar/press"
LATER = time.time() + 1000
"""After any damage that a test does."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.chdir(tmp_path)
    built = Built(tmp_path)
    built.publish()
    return built


def again(project: Built, label: str, **facts: object) -> Address:
    """Publish a node anew, with other facts, and what is made from it as before."""
    first, lower = project.nodes()[label], below(project, label)
    for node in project.nodes().values():
        if node.address == first.address or node.address in lower:
            shutil.rmtree(Store(project.root / "store").path(*node.address), ignore_errors=True)
            publish(load_project(project.root), node, **(facts if node.address == first.address else {}))  # ty: ignore
    return first.address


def flip(project: Built, label: str) -> Path:
    """Change a file but neither its size nor its time; its folder."""
    folder = Store(project.root / "store").path(*project.nodes()[label].address)
    before = os.stat(folder / "content.bin")
    (folder / "content.bin").write_bytes(b"x" * 9 + b"y")
    os.utime(folder / "content.bin", ns=(before.st_atime_ns, before.st_mtime_ns))
    return folder


def verified(capsys: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    """State -> stages of what `verify` found."""
    capsys.readouterr()
    main(["verify", "--json"])
    found: dict[str, set[str]] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        found.setdefault(finding["state"], set()).add(finding["stage"])
    return found


def below(project: Built, label: str) -> set[Address]:
    """Everything that was made from a node."""
    nodes, found = project.nodes().values(), {project.nodes()[label].address}
    for _ in nodes:
        found |= {n.address for n in nodes if any(p.address in found for p in n.parents())}
    return found - {project.nodes()[label].address}


def stored(project: Built) -> set[Address]:
    return {(stage, name) for stage, names in Store(project.root / "store").listing().items() for name in names}


def test_what_was_made_before_the_damage_stays(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    for spoil in ("content.bin", "manifest.json"):
        folder = flip(project, DEMOS)
        (folder / spoil).write_text("{}")
        assert verified(capsys) == {"damaged": {"demos"}}
        assert verified(capsys) == {}
        again(project, DEMOS)


@pytest.mark.parametrize("facts", [{"built": LATER}, {"read": {}}], ids=["made after it", "nobody knows"])
def test_what_may_have_been_made_after_it_goes_with_all_below(
    facts: dict[str, object], project: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    child = again(project, "policy/cellar/press/baseline/0", **facts)
    gone = {child} | below(project, "policy/cellar/press/baseline/0")
    flip(project, DEMOS)
    before = stored(project)
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert f"tainted: {'/'.join(child)}: made from demos/" in said
    assert f"1 damaged, {len(gone)} tainted" in said
    assert before - stored(project) == gone | {project.nodes()[DEMOS].address}
    project.publish()
    assert verified(capsys) == {}, "what is built anew is not set aside again"


def test_an_interruption_leaves_nothing_stale(
    project: Built, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    again(project, "policy/cellar/press/baseline/0", read={})
    gone = {project.nodes()[DEMOS].address, project.nodes()["policy/cellar/press/baseline/0"].address}
    gone |= below(project, "policy/cellar/press/baseline/0")
    flip(project, DEMOS)
    before, set_aside, left = stored(project), Store.set_aside, [2]

    def killed(self: Store, *address: str) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return set_aside(self, *address)

    monkeypatch.setattr(Store, "set_aside", killed)
    assert main(["verify"]) == 130
    assert len(before - stored(project)) == 2
    assert project.nodes()[DEMOS].address in stored(project)
    monkeypatch.undo()
    monkeypatch.chdir(project.root)
    assert main(["verify"]) == 1
    assert before - stored(project) == gone


def test_what_an_earlier_verify_left_standing_is_found(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    """It set the parent aside alone, which was built anew since."""
    child = again(project, "policy/cellar/press/baseline/0", read={})
    node = project.nodes()[DEMOS]
    flip(project, DEMOS)
    Store(project.root / "store").set_aside(*node.address)
    publish(load_project(project.root), node)
    fresh = again(project, "policy/cellar/press/bold/0")
    assert main(["verify"]) == 1
    assert child not in stored(project)
    assert {fresh, node.address} <= stored(project)
    assert verified(capsys) == {}
