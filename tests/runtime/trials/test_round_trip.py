"""Trials written to any form of file come back as they were."""

import io
import json
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bound.trial_mapping import TrialMapping
from runtime.trials import read
from runtime.trials.fault import TrialsRefused
from runtime.trials.read import read_raw
from runtime.trials.rows import convert

FIELDS = ("location", "task", "approach", "seed", "domain", "initial_state", "success", "score", "failure_mode", "steps")
name = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda t: t.casefold() not in {"na", "n/a", "nan", "none", "null", "-", "--", "?", "success", "succeeded", "ok"}
)


@st.composite
def trials(draw: st.DrawFn) -> list[tuple]:
    keys = draw(
        st.lists(st.tuples(name, name, name, st.integers(0, 9), st.just("irl"), name), min_size=1, max_size=8, unique=True)
    )
    rows = []
    for key in keys:
        won = draw(st.booleans())
        score = draw(st.floats(0, 1).map(lambda v: round(v, 6)))
        rows.append((*key, won, score, "" if won else draw(name), draw(st.integers(0, 10**6))))
    return rows


def csv_text(rows: list[tuple], separator: str) -> str:
    def cell(value: object) -> str:
        return '"' + str(value).replace('"', '""') + '"'

    return "\r\n".join(separator.join(map(cell, row)) for row in [tuple(f"c_{f}" for f in FIELDS), *rows]) + "\r\n"


MAPPING = TrialMapping.model_validate({"columns": {f: f"c_{f}" for f in FIELDS}})


def back(content: bytes, file: str, mapping: TrialMapping = MAPPING) -> list[tuple]:
    table = convert(read_raw(content, file, mapping), mapping)[0]
    assert table["source_file"].unique().to_pylist() == [file]
    return list(zip(*(table[f].to_pylist() for f in FIELDS), strict=True))


@given(trials(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_csv(rows: list[tuple], separator: str, encoding: str) -> None:
    assert back(csv_text(rows, separator).encode(encoding), "x.csv") == rows


@given(trials())
def test_json_lines_json_and_parquet(rows: list[tuple]) -> None:
    objects = [dict(zip([f"c_{f}" for f in FIELDS], row, strict=True)) for row in rows]
    assert back("\n".join(map(json.dumps, objects)).encode(), "x.jsonl") == rows
    assert back(json.dumps(objects).encode(), "x.json") == rows
    assert back(json.dumps({k: [o[k] for o in objects] for k in objects[0]}).encode(), "x.json") == rows
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(objects), sink)
    assert back(sink.getvalue(), "x.parquet") == rows


@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.json", "x.jsonl", "x.parquet", "eval_info.json"]))
def test_any_bytes_end_in_trials_or_in_a_refusal(content: bytes, file: str) -> None:
    with suppress(TrialsRefused):
        back(content, file)


@given(st.text('ab,;"\t\n\r01 ', max_size=120))
def test_any_text_ends_in_trials_or_in_a_refusal(text: str) -> None:
    mapping = TrialMapping.model_validate(
        {"columns": {"success": "a"}, "fixed": {"approach": "x", "location": "l", "task": "t", "domain": "irl"}}
    )
    with suppress(TrialsRefused):
        back(("a,b\n" + text).encode(), "x.csv", mapping)


def test_wide_and_long_files_say_the_same() -> None:
    wide = TrialMapping.model_validate(
        {
            "columns": {"initial_state": "e"},
            "arms": {"a": {"success": "a"}, "b": {"success": "b", "failure_mode": "why"}},
            "fixed": {"location": "l", "task": "t", "domain": "irl"},
        }
    )
    long = TrialMapping.model_validate(
        {
            "columns": {"initial_state": "e", "success": "ok", "approach": "p", "failure_mode": "why"},
            "fixed": {"location": "l", "task": "t", "domain": "irl"},
        }
    )
    rows = back(b"e,a,b,why\n0,1,0,dropped\n1,0,1,\n", "w.csv", wide)
    same = back(b"p,e,ok,why\na,0,yes,\nb,0,no,dropped\na,1,no,\nb,1,yes,none\n", "l.csv", long)
    assert rows == same
    assert [r[6] for r in rows] == [True, False, False, True]


def test_names_come_from_the_path_and_words_are_ours() -> None:
    mapping = TrialMapping.model_validate(
        {
            "file_name": "{approach}/seed-{seed}/{task}.csv",
            "columns": {"success": "ok", "score": "points"},
            "fixed": {"location": "l", "domain": "irl"},
            "rename": {"approach": {"pi0": "baseline"}, "task": {"t": "pick"}},
            "words": {"success": ["placed"], "failure": ["missed"]},
            "score_max": 10,
            "decimal": ",",
            "separator": ";",
        }
    )
    rows = back(b"ok;points\nplaced;7,5\nmissed;0\n", "logs/pi0/seed-3/t.csv", mapping)
    assert [(r[1], r[2], r[3], r[5], r[6], r[7]) for r in rows] == [
        ("pick", "baseline", 3, "0", True, 0.75),
        ("pick", "baseline", 3, "1", False, 0.0),
    ]


def test_trials_that_did_not_take_place_are_left_out_and_counted() -> None:
    fixed = {"approach": "x", "location": "l", "task": "t", "domain": "irl"}
    mapping = TrialMapping.model_validate({"columns": {"success": "ok"}, "empty": "not_run", "fixed": fixed})
    table, notes = convert(read_raw(b"n,ok\n1,1\n2,\n3,0\n", "x.csv", mapping), mapping)
    assert table.num_rows == 2
    assert "1 trials of `x.csv` did not take place" in notes[0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_that_excel_tells(separator: str) -> None:
    mapping = TrialMapping.model_validate(
        {"columns": {"success": "ok"}, "fixed": {"approach": "x", "location": "l", "task": "t", "domain": "irl"}}
    )
    content = f"sep={separator}\nok{separator}n\n1{separator}2\nmaybe{separator}3\n".encode()
    with pytest.raises(TrialsRefused) as caught:
        convert(read_raw(content, "x.csv", mapping), mapping)
    (fault,) = caught.value.faults
    assert fault.where is not None
    assert (fault.where.line, fault.where.col, fault.where.end_col) == (4, 1, 6)


def test_large_files_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"ok": pa.array([True]).take(pa.array([0] * 2_000_001))}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(TrialsRefused, match=r"T512: `x.parquet` is too large: 2,000,001 rows"):
        read_raw(path.read_bytes(), "x.parquet", TrialMapping())
    monkeypatch.setattr(read, "LARGEST", 1000)
    with pytest.raises(TrialsRefused, match="T512"):
        read.read_bytes(path, "x.parquet")


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1garbagePAR1", b"", b"a,b\n1,2\n"])
def test_what_is_no_parquet_is_refused(content: bytes) -> None:
    with pytest.raises(TrialsRefused, match="T502"):
        read_raw(content, "x.parquet", TrialMapping())


def test_a_parquet_column_twice_is_refused() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([0])], names=["ok", "ok"]), sink)
    with pytest.raises(TrialsRefused, match="T505"):
        read_raw(sink.getvalue(), "x.parquet", TrialMapping())
