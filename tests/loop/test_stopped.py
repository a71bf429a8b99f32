"""A gate that fails while its study is being built: what depends on it ends without an artifact, the rest goes on."""

from pathlib import Path

from tests.loop.project import SmallProject
from tests.loop.tiny import place, tiny_study

GATE = {
    "title": "Enough photos",
    "stage": "capture",
    "metric": "photos",
    "scope": "location",
    "comparator": "at_least",
    "threshold": 10,
}


def project(root: Path, act: str) -> SmallProject:
    """Two places, one with too few photos."""
    rich = place("rich", 1)
    rich["source"] = {**rich["source"], "photos": 12}
    study = {**tiny_study("rich", "poor"), "gates": ["photos"]}
    found = SmallProject(root, study, {"rich": rich, "poor": place("poor", 0)})
    found.write("gates/photos", {**GATE, "on_fail": act})
    return found


def published(found: SmallProject) -> dict[str, int]:
    return {stage: len(names) for stage, names in found.store.listing().items()}


def test_one_run_stops_one_place_and_says_so(tmp_path: Path) -> None:
    found = project(tmp_path, "stop")
    done = found.simkiln("run", "--cores", "2")
    assert published(found) == {"capture": 2, "splat": 1, "gate": 1}, done.stderr
    assert done.returncode == 1
    assert "failed, and `on_fail: stop`: gate photos" in done.stderr
    assert "stopped by gate `photos`: `photos` is 8, wanted at least 10; not run at poor" in done.stderr
    assert found.to_build() == set()
    assert found.simkiln("status").returncode == 1
    again = found.snakemake()
    assert again.returncode == 0
    assert published(found) == {"capture": 2, "splat": 1, "gate": 1}


def test_skipping_is_no_failure_of_the_run_and_a_mended_rule_goes_on(tmp_path: Path) -> None:
    found = project(tmp_path, "skip_downstream")
    assert found.simkiln("run", "--cores", "2").returncode == 0
    assert published(found) == {"capture": 2, "splat": 1, "gate": 1}
    found.write("gates/photos", {**GATE, "threshold": 8, "on_fail": "skip_downstream"})
    assert found.simkiln("run", "--cores", "2").returncode == 0
    assert published(found) == {"capture": 2, "splat": 2, "gate": 2, "report": 1}
