"""A run of Snakemake leaves a log of every build, with the study that asked for it."""

import json
from pathlib import Path

import pytest

from tests.loop.tiny import ARTIFACTS, PLACES, tiny_project


@pytest.mark.slow
def test_every_build_of_a_run_is_logged(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    logs = {
        path: [json.loads(line) for line in path.read_text().splitlines()]
        for path in (tmp_path / "build" / "track").rglob("*.jsonl")
    }
    assert len(logs) == ARTIFACTS
    for path, events in logs.items():
        assert [event["event"] for event in events] == ["begin", "end"]
        assert (path.parent.name, path.stem) == (events[0]["stage"], events[0]["fingerprint"])
        assert events[1]["status"] == "built"
        manifest = json.loads((tmp_path / "store" / path.parent.name / path.stem / "manifest.json").read_text())
        assert events[1]["metrics"] == manifest["metrics"]
    assert {events[0]["group"] for events in logs.values()} == {"study", *(f"study/{place}" for place in PLACES)}
