"""Folders of runs are never shared, also where the clock stands still and hosts have the same process numbers."""

import os
import time
from pathlib import Path

import pytest

from compiler.run.folder import write_run


def test_two_runs_of_one_second_and_one_process_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda format: "20260101T000000")
    monkeypatch.setattr(os, "getpid", lambda: 7)
    first, second = (write_run(tmp_path, "study", "store", {"counts": {"build": n}}, "") for n in (1, 2))
    assert first.parent != second.parent
    assert (tmp_path / "build" / "plan.json").read_text() == second.read_text()
