"""Interim looks in a real run: settled comparisons stop, the rest goes on, and the report says what was saved."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.loop.project import SMALL, SmallProject

pytestmark = pytest.mark.slow

STUDY = {
    "approaches": ["untrained", "baseline"],
    "trials": {"twin": 6},
    "targets": [],
    "sequential": {"looks": 3, "level": 0.6},
    "stages": {**SMALL, "evaluate": {"twice": 1}},
}


def test_looks_are_taken_one_after_another(tmp_path: Path) -> None:
    project = SmallProject(tmp_path, STUDY)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    listing = project.store.listing()
    assert len(listing["interim"]) == 2
    assert len(listing["evaluate"]) == 2 * 2 * 3
    (found,) = (project.root / "store" / "uplift").iterdir()
    said = json.loads((found / "uplift.json").read_text())["sequential"]
    ran = pq.read_table(found / "trials.parquet").num_rows
    assert said["planned"] == 24
    assert said["saved"] == 24 - ran
    for one in listing["interim"]:
        look = json.loads((project.root / "store" / "interim" / one / "interim.json").read_text())
        assert look["done"]["baseline"] == 2 * look["look"]
    assert project.to_build() == set()
    assert "Nothing to be done" in project.snakemake().stderr
    recomputed = project.simkiln("recompute")
    assert recomputed.returncode == 0, recomputed.stdout + recomputed.stderr


def test_a_gate_stops_one_approach_and_the_others_get_all_their_looks(tmp_path: Path) -> None:
    gate = {
        "title": "Learnt",
        "stage": "policy",
        "metric": "final_loss",
        "approach": "other",
        "scope": "artifact",
        "comparator": "at_most",
        "threshold": 0,
        "on_fail": "stop",
    }
    shorter = {"approaches": ["untrained", "baseline", "other"], "gates": ["learnt"], "trials": {"twin": 2}}
    project = SmallProject(tmp_path, {**STUDY, **shorter, "sequential": {"looks": 2, "level": 0.6}})
    other = yaml.safe_load((tmp_path / "specs/approaches/baseline.yaml").read_text())
    project.write("approaches/other", {**other, "title": "Other", "training_seed_offset": 7})
    project.write("gates/learnt", gate)
    done = project.simkiln("run", "--cores", "2")
    assert done.returncode == 1
    assert "failed, and `on_fail: stop`: gate learnt" in done.stderr, done.stdout[-2000:] + done.stderr[-2000:]
    listing = project.store.listing()
    assert (len(listing["evaluate"]), len(listing["interim"]), len(listing["report"])) == (2 * 2 * 2, 1, 1)
    (look,) = (project.root / "store" / "interim").iterdir()
    assert json.loads((look / "interim.json").read_text())["done"].keys() == {"untrained", "baseline"}
    assert project.to_build() == set()
    assert project.simkiln("recompute").returncode == 0
