"""Two back ends of one stage that want its job in two places."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.backend import DEFAULTS, BackendInfo, Where
from runtime.stage import REGISTRY, load_stages
from tests.errors.cases import base


def test_back_ends_that_want_different_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    study = tmp_path / "specs/study.yaml"
    study.write_text(study.read_text() + "backends: {renderer: near, judge: far}\n")
    where = defaultdict(Where, near=Where("one"), far=Where(image="a/b:1"))
    monkeypatch.setattr("compiler.graph.identity.Identities.digests", defaultdict(str))  # they are not there
    monkeypatch.setattr("compiler.graph.identity.Identities.changed", [])
    for module in ("compiler.laws.backends", "compiler.graph.identity"):
        monkeypatch.setattr(f"{module}.info", lambda role, name: BackendInfo(role, name, "1", "MIT", False, where=where[name]))
    monkeypatch.setattr(
        "compiler.laws.backends.available", lambda: {"renderer": ["near"], "judge": ["far"], "embedder": ["pixels"]}
    )
    monkeypatch.setattr("compiler.laws.backends.absence", lambda project, found: "")
    monkeypatch.setitem(DEFAULTS, "judge", "far")
    monkeypatch.setitem(REGISTRY, "splat", replace(load_stages()["splat"], backends=("renderer", "judge")))
    (found,) = check(load_project(tmp_path))
    assert (found.code, str(found.span)) == ("B306", "specs/study.yaml:12:35")
    assert "`near` in environment one, `far` in container a/b:1" in found.message
    where["far"] = Where(image="a/b:1", process=True)
    assert check(load_project(tmp_path)) == []
