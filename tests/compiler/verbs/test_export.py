"""`simkiln trials export` and `join`: from a built study to a file, and from files alone to a table, a page and CSV."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.project.load import load_project
from compiler.run.emit import job
from runtime.bound.cell import CellGrid
from runtime.build.execute import execute
from runtime.store.store import MANIFEST, Store
from runtime.trials.across import across
from runtime.trials.exported import Exported, unpack
from tests.compiler.built import Built
from tests.compiler.published import publish
from tests.runtime.report.test_recompute import forge
from tests.runtime.synthetic_study import _again, trial_table
from tests.runtime.trials.small_export import export_of, small_export


def built(root: Path) -> Built:
    """The base project with made-up trials and the uplift that follows from them."""
    made = Built(root)
    made.publish("capture", "splat", "twin", "coverage", "demos", "enrichment", "policy", "conditions")
    project, rng = load_project(root), np.random.default_rng(5)
    nodes = {node.address: node for node in expand(project, "study").nodes.values()}
    (uplift,) = (node for node in nodes.values() if node.stage.role == "evidence")
    todo = job(project, uplift)
    for cell, parent in zip(CellGrid.model_validate(todo.params["cells"]).cells(), todo.inputs["trials"], strict=True):
        table = trial_table(cell, rng.random(10) < 0.5, rng)
        files = {"trials.parquet": packed(table), "twice.parquet": packed(_again(table, 2, 0.0))}
        publish(project, nodes[tuple(parent)], files=files)
    execute(todo, Store(project.store), quiet=True)
    return made


def packed(table: pa.Table) -> bytes:
    pq.write_table(table, out := io.BytesIO())
    return out.getvalue()


def test_from_a_built_study_to_its_figures_without_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = built(tmp_path)
    made.commit()
    monkeypatch.chdir(tmp_path)
    said = json.loads(next(Path("store/uplift").glob("*/uplift.json")).read_text())
    assert main(["trials", "export", "study"]) == 0
    assert capsys.readouterr().out.startswith("build/trials/study.parquet: ")
    shutil.rmtree("store")
    shutil.rmtree("specs")
    assert main(["trials", "join", "build/trials/study.parquet", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["studies"][0]["evidence"] == said
    assert len(found["studies"][0]["revision"]) == 40
    assert [row["value"] for row in found["uplift"]] == [row["value"] for row in said["uplift"]]


def test_a_study_that_is_not_built_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Built(tmp_path).root)
    assert main(["trials", "export"]) == 2
    assert "the uplift of study `study` is not built yet" in capsys.readouterr().err


def test_trials_under_a_stranger_s_address_are_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(built(tmp_path).root)
    forge(next(Path("store/evaluate").iterdir()), MANIFEST, lambda facts: facts["params"].update(trials=11))
    assert main(["trials", "export"]) == 1
    assert "X444" in (said := capsys.readouterr().err)
    assert "was made from other things than its address says" in said
    assert not Path("build/trials").exists()


def test_studies_stand_side_by_side_each_over_its_own_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.parquet").write_bytes(small_export("spring", wins=(1, 3)))
    Path("b.parquet").write_bytes(small_export("=cmd|<b>", wins=(4, 6)))
    Path("c.parquet").write_bytes(small_export("spring", wins=(4, 5), revision="ab\x1b[2J"))
    files = ["a.parquet", "b.parquet", "c.parquet"]
    alone = []
    for file in files:
        assert main(["trials", "join", file, "--json"]) == 0
        alone += json.loads(capsys.readouterr().out)["uplift"]
    assert main(["trials", "join", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = ["spring (a.parquet)", "=cmd|<b>", "spring (c.parquet)"]
    assert found["uplift"] == [row | {"study": name} for row, name in zip(alone, names, strict=True)], "nothing is pooled"
    assert [row["value"] for row in found["uplift"]] == [25.0, 25.0, 12.5]
    assert "rates" not in found
    assert main(["trials", "join", *files, "--csv", "uplift.csv", "--page", "uplift.html"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("96 trials of 3 studies: uplift in points, each over its own study's baseline")
    assert lines[3].split()[:3] == ["spring", "(a.parquet)", "bold"]
    rows = list(csv.DictReader(io.StringIO(Path("uplift.csv").read_text())))
    assert [row["study"] for row in rows] == [names[0], "'=cmd|<b>", names[2]]
    assert [float(row["uplift"]) for row in rows] == [25.0, 25.0, 12.5]
    page = Path("uplift.html").read_text()
    assert "=cmd|&lt;b&gt;" in page
    assert "<b>" not in page
    assert "default-src 'none'" in page


def test_uplift_is_told_by_the_words_of_a_factor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over a small gap the bold approach wins 16 of 20 where the baseline wins 8; over a large one both win 8."""
    monkeypatch.chdir(tmp_path)
    trials = [
        ("bold" if bold else "baseline", seed, gap, state, state % 20 < (16 if bold and gap == "small" else 8))
        for bold in (False, True)
        for seed in range(4)
        for start, gap in enumerate(("small", "large"))
        for state in range(20 * start, 20 * start + 20)
    ]
    rows = [("lab", "press", a, seed, "twin", str(state), won, float(won), "", 9, None) for a, seed, _, state, won in trials]
    factors = [json.dumps({"gap": gap, "mass_kg": state / 10}) for *_, gap, state, _ in trials]
    Path("a.parquet").write_bytes(export_of(rows, factors=factors))
    assert main(["trials", "join", "a.parquet", "--by", "gap", "--json"]) == 0
    found = {(row["approach"], row["word"]): row for row in json.loads(capsys.readouterr().out)["by"]}
    assert {key: row["value"] for key, row in found.items() if key[0] == "bold"} == {
        ("bold", None): 60,
        ("bold", "small"): 80,
        ("bold", "large"): 40,
    }
    assert [(found["bold", w]["uplift"], found["bold", w]["direction"]) for w in ("small", "large")] == [
        (40, "helps"),
        (0, "undecided"),
    ]
    low, high = found["bold", "small"]["uplift_band"]
    assert 0 < low < 40 < high
    assert main(["trials", "join", "a.parquet", "--by", "gap", "--csv", "by.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["study", "approach", "domain", "gap", "trials"]
    assert [line.split()[-1] for line in lines if " bold " in line and " large " in line] == ["undecided"]
    assert len(list(csv.DictReader(io.StringIO(Path("by.csv").read_text())))) == 6
    assert main(["trials", "join", "a.parquet", "--by", "gapp"]) == 2
    assert "cannot be told apart by `gapp`, but by gap" in capsys.readouterr().err


def test_a_row_says_the_protocols_of_its_own_task() -> None:
    one = unpack(small_export(protocol="ab"), "a.parquet")
    other = unpack(small_export(protocol="cd"), "a.parquet").table
    elsewhere = other.set_column(1, "task", pa.array(["push"] * other.num_rows))
    found = across([Exported("a.parquet", one.facts, pa.concat_tables([one.table, elsewhere]))])["uplift"]
    assert {row["task"]: row["protocols"] for row in found} == {"press": ["ab"], "push": ["cd"], None: ["ab", "cd"]}


def test_what_weakens_the_table_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made = {"evaluate": {"version": 4, "backends": {"renderer": "numba 1"}, "artifacts": ["f00d"]}, "uplift": {"version": 1}}
    other = made | {"evaluate": made["evaluate"] | {"backends": {"renderer": "gsplat 2"}}}
    frame = {"id": "autumn", "baseline": "baseline", "locations": ["lab"], "level": 0.9}
    Path("a.parquet").write_bytes(small_export("spring", stages=made))
    Path("b.parquet").write_bytes(small_export(wins=(2, 5), stages=other, frame=frame))
    assert main(["trials", "join", "a.parquet", "b.parquet"]) == 0
    said = capsys.readouterr().out
    assert "note: `spring` and `autumn` have trials in common: what they say is not independent" in said
    assert "note: `evaluate` had different back ends as renderer: `spring` numba 1, `autumn` gsplat 2" in said
    assert "note: nobody stated by which protocol `press` was tried in `twin`: whether it was the same is not known" in said
    assert "note: bands have different levels: 90 %, 95 %" in said
    assert "note: `spring` was exported by version 1 of `uplift`: figures here are made by version" in said
