"""Exported trials: the same figures without a store, whatever the rows' order; no file of a stranger does harm."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.cli import main
from compiler.trials.exported import export_trials, write_export
from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.store.store import MANIFEST, Store
from runtime.trials.across import across, by_factor, evidence_of
from runtime.trials.exported import COLUMNS, METADATA, SEAL, digest_of_rows, protocols_of, unpack
from runtime.trials.fault import TrialsRefused
from runtime.trials.listing import read_manifest
from tests.runtime.report.test_recompute import forge
from tests.runtime.synthetic_study import LOCATIONS, RATES, synthetic_study
from tests.runtime.trials.small_export import small_export
from tests.runtime.trials.test_in_study import MAPPING, log

LONE = {"twin": 0.4}
SHAPES: dict[str, dict[str, Any]] = {
    "the quick start": {"trials": 20},
    "unpaired": {"unsteady": {"irl_proxy": 0.5}, "twice": 9, "trials": 10},
    "doubtful": {"unsteady": {"twin": 0.1}, "trials": 10},
    "one seed at one place": {"locations": LOCATIONS[:1], "seeds": (0,), "trials": {"twin": 5, "irl_proxy": 9}},
    "a fleet": {"locations": ("a", "b", "c"), "trials": 6, "rates": {a: RATES[a] for a in ("enriched", "baseline")}},
    "the very same policies": {"trials": 8, "rates": {a: RATES.get(a, RATES["enriched"]) for a in ("aligned", "baseline")}},
    "a placebo as reference": {"trials": 8},
    "no baseline": {"rates": {"other": LONE, "enriched": LONE}, "trials": 6},
}


def exported(uplift: Path, root: Path) -> bytes:
    return export_trials(Store(uplift.parent.parent), (uplift.parent.name, uplift.name), root, None)


def said(uplift: Path) -> Any:
    return json.loads((uplift / "uplift.json").read_text())


def found(content: bytes) -> Any:
    return json.loads(json.dumps(evidence_of(unpack(content, "a.parquet"))))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_study_s_figures_come_out_of_its_file_to_the_last_digit(shape: str, tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", curves=False, **SHAPES[shape])
    uplift = study.uplift(placebos=["placebo"]) if shape == "a placebo as reference" else study.uplift()
    content = exported(uplift, tmp_path)
    notes = {note for row in said(uplift)["uplift"] for note in row["notes"]}
    assert any("the very same policies" in note for note in notes) == (shape == "the very same policies")
    assert any("are one reference" in note for note in notes) == (shape == "a placebo as reference")
    assert found(content) == said(uplift)
    table = pq.ParquetFile(io.BytesIO(content)).read()
    assert found(rewritten(content, table.take(np.random.default_rng(1).permutation(table.num_rows)))) == said(uplift)
    rows = across([unpack(content, "a.parquet")])["uplift"]
    own = [{k: v for k, v in row.items() if k not in ("study", "baseline", "protocols")} for row in rows]
    assert json.loads(json.dumps(own)) == said(uplift)["uplift"]
    assert bool(rows) == (shape != "no baseline")


def test_imported_sets_and_their_second_runs_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = synthetic_study(tmp_path / "store", rates={a: {"twin": 0.7} for a in ("baseline", "enriched")}, curves=False)
    Path("map.yaml").write_text(MAPPING.replace("TASK", "press-button"))
    sets = []
    for name, wins in (("lab", 7), ("again", 3)):
        log(Path("log.csv"), list(study.frame.locations), {"baseline": 3, "enriched": wins}, seeds=3)
        words = ["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", name, "--same-outcomes-because", "run again"]
        assert main(words) == 0
        sets.append({"name": name, "sha256": read_manifest(tmp_path, name)["sha256"]})
    params = {"cells": study.dumped_cells(), "study": study.frame.model_dump(mode="json")}
    params |= {"imported": sets[:1], "repeated": sets[1:]}
    uplift = run_stage("uplift", params, {"trials": study.trials}, study.store)
    content = exported(uplift, tmp_path)
    assert found(content) == said(uplift)
    assert [row["paired"] for row in said(uplift)["reproducible"]] == [False, True]
    (tmp_path / "trials" / "again" / "trials.parquet").unlink()
    with pytest.raises(InputError, match="X429: imported trials `again` cannot be read"):
        exported(uplift, tmp_path)
    assert found(content) == said(uplift), "the file needs nothing beside it"


def test_figures_that_the_trials_do_not_give_are_not_exported(tmp_path: Path) -> None:
    uplift = synthetic_study(tmp_path / "store", curves=False, trials=6).uplift()
    forge(uplift, "uplift.json", lambda value: value["uplift"][0].update(value=99.0))
    with pytest.raises(InputError, match=r"X449: the trials give other figures .* `uplift\[0\].value`: 99.0"):
        exported(uplift, tmp_path)


def test_trials_of_two_versions_are_not_exported(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", curves=False, trials=6)
    uplift = study.uplift()
    forge(study.trials[0], MANIFEST, lambda facts: facts.update(version=1))
    with pytest.raises(InputError, match="X444: mixed provenance: artifacts of `evaluate`"):
        exported(uplift, tmp_path)


def rewritten(content: bytes, table: pa.Table | None = None, seal: str = "", **facts: Any) -> bytes:
    """An export with other rows, or with other metadata."""
    old = pq.ParquetFile(io.BytesIO(content))
    told = json.loads(old.metadata.metadata[METADATA]) | facts
    out, table = io.BytesIO(), old.read() if table is None else table
    with pq.ParquetWriter(out, table.schema.remove_metadata()) as writer:
        writer.write_table(table)
        said = json.dumps(told).encode()
        writer.add_key_value_metadata({METADATA: said, SEAL: seal or hashlib.sha256(said).hexdigest()})
    return out.getvalue()


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.integers(0, 8), st.integers(0, 8)), st.integers(2, 9), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(wins: tuple[int, int], states: int, lot: Any) -> None:
    content = small_export(wins=wins, states=states)
    table = pq.ParquetFile(io.BytesIO(content)).read()
    shuffled = unpack(rewritten(content, table.take(lot.sample(range(table.num_rows), table.num_rows))), "a")
    assert shuffled == unpack(content, "a")
    assert across([shuffled]) == across([unpack(content, "a")])


def test_the_file_is_small_and_says_how_trials_were_run(tmp_path: Path) -> None:
    uplift = synthetic_study(tmp_path / "store", curves=False, seeds=(0, 1, 2, 3, 4)).uplift()
    content = exported(uplift, tmp_path)
    one = unpack(content, "a.parquet")
    assert (one.table.num_rows, len(content) < 50_000) == (3200, True)
    assert {d: list(tasks) for d, tasks in one.facts.protocols.items()} == {d: ["press-button"] for d in ("twin", "irl_proxy")}
    assert len(one.facts.stages["evaluate"].artifacts) == 80
    stated = unpack(small_export(protocol="ab" * 32), "b.parquet")
    assert stated.facts.protocols == {"twin": {"press": ("ab" * 32,)}}
    assert across([stated])["uplift"][0]["protocols"] == ["ab" * 32]


def test_an_export_of_before_there_were_factors_is_read() -> None:
    content = small_export()
    old = pq.ParquetFile(io.BytesIO(content)).read().drop_columns("factors").replace_schema_metadata(None)
    read = unpack(rewritten(content, old, format=1, rows_sha256=digest_of_rows(old)), "a")
    assert read.table == unpack(content, "a").table
    assert across([read])["uplift"] == across([unpack(content, "a")])["uplift"]
    with pytest.raises(ValueError, match="cannot be told apart by `gap`, but by nothing: export the study again"):
        by_factor([read], "gap")


def altered(column: str, value: object) -> pa.Table:
    """The small export's rows, the first with another value."""
    table = pq.ParquetFile(io.BytesIO(small_export())).read()
    values = [value, *table[column].to_pylist()[1:]]
    return table.set_column(COLUMNS.get_field_index(column), column, pa.array(values, COLUMNS.field(column).type))


def digested(table: pa.Table) -> bytes:
    """An export that says of altered rows that they are its own."""
    return rewritten(small_export(), table, rows_sha256=digest_of_rows(table), protocols=protocols_of(table))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: rewritten(small_export(), altered("success", False)), "its rows are not those that were exported"),
        (lambda: digested(altered("score", 7.0)), "a score is not within 0 and 1"),
        (lambda: digested(altered("score", float("nan"))), "a score is not within 0 and 1"),
        (lambda: digested(altered("location", None)), "`location` is empty in some rows"),
        (lambda: digested(altered("initial_state", "1")), "1 trials come twice"),
        (lambda: digested(altered("seed", -1)), "an approach, location, task, seed or domain is none"),
        (lambda: digested(altered("approach", "odd")), "does not list the approach `odd`"),
        (lambda: rewritten(small_export(), altered("seed", 0).drop_columns("day")), "its columns are not those"),
        (lambda: rewritten(small_export(), seal="0" * 64), "what it says of its study is not what was exported"),
        (lambda: rewritten(small_export(), format=3), "it has format 3, this simkiln reads 1 and 2"),
        (lambda: digested(altered("factors", "[1]")), "`factors` of a trial are no names with numbers or words"),
        (lambda: digested(altered("factors", '{"gap": NaN}')), "`factors` of a trial are no names with numbers or words"),
        (lambda: digested(altered("factors", "{")), "`factors` of a trial are no names with numbers or words"),
        (lambda: rewritten(small_export(), frame={"id": "x"}), "its `frame.locations`: field required"),
        (lambda: rewritten(small_export(), revision="x" * 5_000_000), "what it says of its study is too long"),
        (lambda: rewritten(small_export(), evil=1), "its `evil`: extra inputs are not permitted"),
        (lambda: b"PAR1 no", "is no export"),
    ],
)
def test_a_file_that_is_not_what_was_exported_is_refused(content: Any, why: str) -> None:
    with pytest.raises(TrialsRefused, match="T518") as caught:
        unpack(content(), "a.parquet")
    assert why in str(caught.value)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
def test_a_long_word_that_is_said_a_million_times_is_not_unpacked(kind: pa.DataType) -> None:
    with pq.ParquetWriter(out := io.BytesIO(), pa.schema([("location", kind)])) as writer:
        for _ in range(12):
            writer.write_table(pa.table({"location": pa.array(["x" * 100_000] * 1_000, pa.string()).cast(kind)}))
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(TrialsRefused, match=r"T512: `a\.parquet` is too large: 1,144 MiB in `location`"):
        unpack(out.getvalue(), "a.parquet")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused_in_words(data: st.DataObject) -> None:
    content = bytearray(small_export())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] ^= data.draw(st.integers(1, 255))
    try:
        one = unpack(bytes(content), "a.parquet")
    except TrialsRefused:
        return
    assert one == unpack(small_export(), "a.parquet")


def test_no_other_file_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "new" / "study.parquet"
    for _ in range(2):
        write_export(path, small_export(), "study")
    with pytest.raises(ValueError, match="is there already and is no export of `other`"):
        write_export(path, small_export("other"), "other")
    assert path.read_bytes() == small_export()
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(ValueError, match="name another file with `--out`"):
        write_export(tmp_path / "notes", small_export(), "study")
    assert sorted(p.name for p in path.parent.iterdir()) == ["study.parquet"]
