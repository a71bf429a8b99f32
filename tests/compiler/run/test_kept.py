"""What is kept below `build/cache/` brings back nothing that is not so any more: any byte of it, races, homes, other metrics."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph import identity
from compiler.project.project import Project
from compiler.reading import code_key, spec_cache
from compiler.run import idle, memo
from compiler.store import listing
from runtime import files
from tests.compiler.graph.test_pattern import written
from tests.compiler.published import edit, planned, publish, publish_all
from tests.loop.test_captures_changed import splat

PLACES = 5


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Five places with splats of their own, everything built, below a gate that may stop it, and everything kept."""
    for module in (idle, memo, listing, spec_cache):
        monkeypatch.setattr(module, "WORTHWHILE", 1)
    for module, name in ((files, "RACY_NS"), (listing, "SETTLED_NS")):
        monkeypatch.setattr(module, name, 0)
    root = written(tmp_path / "project", [(seed, "") for seed in range(PLACES)])
    gate = "title: G\nstage: capture\nmetric: photos\nscope: location\ncomparator: at_least\nthreshold: 20\non_fail: stop\n"
    (root / "specs/gates").mkdir()
    (root / "specs/gates/sharp.yaml").write_text(gate)
    study = (
        f"title: Splats\nlocations: {json.dumps([f'place-{i}' for i in range(PLACES)])}\ntargets: [coverage]\ngates: [sharp]\n"
    )
    (root / "specs/study.yaml").write_text(study)
    (root / "simkiln.local.yaml").write_text("roots: {splats: ~/.}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for home, first in (("home", 0), ("elsewhere", PLACES)):
        (tmp_path / home).mkdir()
        for place in range(PLACES):
            (tmp_path / home / f"{place}.ply").write_bytes(splat(first + place))
            text = f"{{kind: splat, root: splats, path: {place}.ply, up: [0, 0, 1], scale_m_per_unit: 1}}"
            (root / f"specs/locations/place-{place}.yaml").write_text(f"title: A splat\nsource: {text}\n")
    monkeypatch.chdir(root)
    publish_all(root, metrics={"photos": 25.0})
    both(capsys)
    return root


def said(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    return main(["plan", *more]), capsys.readouterr().out


def both(capsys: pytest.CaptureFixture[str]) -> str:
    """What a plan says; as often as it is asked, it is what is said without anything kept."""
    found = said(capsys), said(capsys), said(capsys, "--all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(spec_cache.VARIABLE, "1")
        assert (said(capsys), said(capsys), said(capsys, "--all")) == found
    return found[0][1]


def test_any_byte_of_what_is_kept_may_change(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng, cache = random.Random(0), root / "build/cache"
    kept = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file() and "sqlite" not in path.name}
    assert {"idle", "locations", "listing", "specs", "code"} <= {path.name.partition(".")[0].partition("-")[0] for path in kept}
    assert [path for path in kept if path.parent.name == "digests"]
    before = both(capsys)
    for path, content in kept.items():
        inside = [i for i, byte in enumerate(content) if chr(byte).isdigit()]  # still JSON, and says something else
        for at in (*rng.sample(inside, 2), rng.randrange(len(content))):
            for other in kept:
                other.write_bytes(kept[other])
            (cache / next(p.name for p in kept if p.name.startswith("idle"))).unlink(missing_ok="idle" not in path.name)
            path.write_bytes(content[:at] + (b"1" if content[at] != ord("1") else b"2") + content[at + 1 :])
            identity._ours.cache_clear()
            assert said(capsys)[1] == before, f"{path.name}, byte {at}"


def test_a_spec_that_changed_while_it_was_read_is_not_remembered_as_what_it_was(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "specs/locations/place-3.yaml"
    old = path.read_text()
    new = old.replace("0, 0, 1", "0, 1, 0")
    path.write_text(new)
    publish_all(root, metrics={"photos": 25.0})
    path.write_text(old)
    shutil.rmtree(root / "build")
    project, _ = planned(root)
    real = memo.open_project

    def reading(*arguments: object, **named: object) -> Project:
        path.write_text(new)
        return real(*arguments, **named)  # ty: ignore[invalid-argument-type]

    with monkeypatch.context() as patch:
        patch.setattr(memo, "open_project", reading)
        assert "nothing to build" in said(capsys)[1]
    path.write_text(old)
    for node in planned(root)[1].graph.nodes.values():
        if node.scope.location == "place-3":
            shutil.rmtree(project.store / node.stage.name / node.fingerprint)
    assert "to rebuild" in both(capsys)


def test_an_artifact_that_was_built_again_may_be_stopped(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, plan = planned(root)
    node = [node for node in plan.graph.nodes.values() if node.stage.name == "capture"][-1]
    shutil.rmtree(project.store / "capture" / node.fingerprint)
    publish(project, node, metrics={"photos": 5.0})
    assert "stopped by gate `sharp`" in both(capsys)
    edit(root, "locations/place-1", "A splat", "Another title")
    assert "stopped by gate `sharp`" in both(capsys)


def test_another_home_has_other_captures(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.path.join(root.parent, "elsewhere"))
    assert "to rebuild" in both(capsys)


def test_code_that_changed_while_a_plan_was_made_is_not_remembered_as_what_it_was(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(root / "build")
    code_key.code_key()
    ours = root / "ours"
    (ours / "runtime").mkdir(parents=True)
    (ours / "runtime/x.py").write_text("X = 1")
    monkeypatch.setattr(code_key, "ROOT", ours)  # as if all of it had changed since
    identity._ours.cache_clear()
    assert "nothing to build" in said(capsys)[1]
    assert [path for name in ("idle-*", "code.json") for path in (root / "build/cache").glob(name)] == []


def test_a_plan_depends_on_data_of_any_kind(tmp_path: Path) -> None:
    for name in ("a.py", "b.xml", "c.npz", "d"):
        (tmp_path / name).write_text("")
    for name in (".e.swp", "f.py~", "__pycache__/g.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert sorted(os.path.basename(path) for path in code_key._files(tmp_path)) == ["a.py", "b.xml", "c.npz", "d"]
