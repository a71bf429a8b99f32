"""Captures are looked at again as soon as that takes no more than its share of time."""

from pathlib import Path

import pytest

from compiler.editor import looked
from compiler.editor.session import Session
from runtime.bound.source import SplatFile
from tests.errors.cases import base

CELLAR = "specs/locations/cellar.yaml"


def test_captures_are_looked_at_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    text = "title: C\nsource: {kind: splat, root: r, path: a.ply, up: [0, 0, 1], scale_m_per_unit: 1}\n"
    (tmp_path / CELLAR).write_text(text)
    (tmp_path / "simkiln.local.yaml").write_text("roots: {r: .}\n")
    (tmp_path / "specs/study.yaml").write_text("title: S\nlocations: [cellar]\ntargets: [coverage]\n")
    now = [100.0]
    monkeypatch.setattr(looked, "time", type("Clock", (), {"monotonic": lambda: now[0]}))
    asked: list[Path | None] = []

    def inspect(source: SplatFile, folder: Path | None) -> list:
        asked.append(folder)
        now[0] += 2.0
        return inspect_source(source, folder)

    inspect_source = looked.inspect_source
    monkeypatch.setattr(looked, "inspect_source", inspect)
    session = Session(tmp_path)
    assert [d.code for d in session.check()[CELLAR]] == ["R210"]
    now[0] += 2.0 * looked.SHARE - 3
    assert [d.code for d in session.check()[CELLAR]] == ["R210"]
    assert len(asked) == 1
    now[0] += 4
    session.check()
    assert len(asked) == 2
    session.buffers[CELLAR] = text.replace("a.ply", "b.ply")  # another capture
    session.check()
    assert len(asked) == 3
