"""A study whose trials came in batches: what the evidence and the report say of the comparisons that stopped."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from compiler.trials.exported import export_trials
from runtime.bound.sequential import Schedule
from runtime.build.testing import run_stage
from runtime.report.sections.looks import rows as look_rows
from runtime.stats.looks.look import batch, cuts
from runtime.store.store import Store
from runtime.trials.across import evidence_of
from runtime.trials.exported import unpack
from tests.runtime.synthetic_files import published
from tests.runtime.synthetic_study import Synthetic, synthetic_study

PLAN = Schedule(trials=40, looks=4, most=40, level=0.95)


def cut(study: Synthetic, store: Path, cell_at: int, first: int, end: int) -> Path:
    """Some initial states of a cell's trials as an artifact of their own."""
    whole = study.trials[cell_at]
    files = {
        "trials.parquet": pq.read_table(whole / "trials.parquet").slice(first, end - first),
        "twice.parquet": pq.read_table(whole / "twice.parquet").slice(0, 4 if first == 0 else 0),
    }
    twin = study.twins[study.frame.locations.index(study.cells[cell_at].location)]
    parents = {"policy": [study.policies[cell_at]], "twin": [twin]}
    return published(store, "evaluate", f"{cell_at}-{first}-{end}", files, {"n": end - first}, parents=parents)


def in_batches(store: Path) -> tuple[Path, Path]:
    """Uplift and report of a synthetic study that was looked at four times, both domains."""
    study = synthetic_study(store, trials=40)
    places = [(x, d) for x in study.frame.locations for d in study.frame.trials]
    batches: dict[int, list[Path]] = {i: [] for i in range(len(study.cells))}
    looks: list[Path] = []
    labels: list[dict[str, Any]] = []
    for location, domain in places:
        mine = [i for i, cell in enumerate(study.cells) if (cell.location, cell.domain) == (location, domain)]
        before = None
        for look in range(1, PLAN.looks + 1):
            for i in mine:
                cell = study.cells[i]
                batches[i].append(cut(study, store, i, *batch(40, PLAN, look, cell.approach, before)))
            if look < PLAN.looks:
                peers = [f"{study.cells[i].approach}/{study.cells[i].seed}" for i in mine for _ in batches[i]]
                params = {"schedule": PLAN.model_dump(), "look": look, "baseline": "baseline", "peers": peers}
                before = run_stage("interim", params, {"trials": [b for i in mine for b in batches[i]]}, store)
                looks.append(before)
                labels.append({"location": location, "task": "press-button", "domain": domain, "look": look})
    frame, cells = study.frame.model_dump(mode="json"), study.dumped_cells()
    shared = {"study": frame, "cells": cells, "parts": [PLAN.looks] * len(cells)}
    schedules = {d: PLAN.model_dump() for d in study.frame.trials}
    trials = [one for found in batches.values() for one in found]
    params = {**shared, "schedules": schedules, "interim_places": labels}
    uplift = run_stage("uplift", params, {"trials": trials, "looks": looks}, store)
    inputs: dict[str, Any] = {
        "uplift": uplift,
        "gates": [],
        "claims": [],
        "captures": study.captures,
        "splats": study.splats,
        "twins": study.twins,
        "clips": study.clips,
        "trials": trials,
        "curves": study.curves,
    }
    shared["study"] = {**frame, "gates": []}
    return uplift, run_stage("report", shared, inputs, store)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return in_batches(tmp_path_factory.mktemp("looks") / "store")


def test_the_evidence_counts_what_was_saved(built: tuple[Path, Path]) -> None:
    found = json.loads((built[0] / "uplift.json").read_text())
    early = found["sequential"]
    ran = pq.read_table(built[0] / "trials.parquet").num_rows
    assert early["planned"] == 2 * 4 * 3 * 2 * 40
    assert early["saved"] == early["planned"] - ran > 0
    assert len(early["comparisons"]) == 3 * 2 * 2
    stopped = {c["approach"] for c in early["comparisons"] if c["stopped_at"]}
    assert "untrained" in stopped
    assert "placebo" not in stopped
    ends = cuts(40, 4)
    for one in early["comparisons"]:
        assert one["states"] == ends[(one["stopped_at"] or 3) - 1]
    rows = [r for r in found["uplift"] if r["approach"] == "untrained" and r["location"] is None]
    assert all(r["direction"] == "hurts" and r["paired"] for r in rows)
    assert any("that only one side ran left out" in note for r in rows for note in r["notes"])


def test_the_report_says_so_and_calls_nothing_short(built: tuple[Path, Path]) -> None:
    page = (built[1] / "report.html").read_text()
    said = json.loads((built[1] / "report.json").read_text())
    early = said["evidence"]["sequential"]
    assert f"{early['saved']:,} trials saved" in page
    assert 'id="looks"' in page
    assert "with fewer than" not in page
    assert len(look_rows(said)) == 12
    assert len(said["films"]["rooms"]) == 2


def test_without_batches_there_is_nothing_to_say(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", trials=10, gates=())
    page = (study.report() / "report.html").read_text()
    assert 'id="looks"' not in page


def test_what_looks_stopped_travels_with_exported_trials(built: tuple[Path, Path]) -> None:
    store, address = built[0].parent.parent, (built[0].parent.name, built[0].name)
    one = unpack(export_trials(Store(store), address, store, None), "a.parquet")
    said = json.loads((built[0] / "uplift.json").read_text())
    assert said["sequential"]["stopped"]
    assert json.loads(json.dumps(evidence_of(one))) == said
