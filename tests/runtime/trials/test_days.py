"""The day of a trial: read from a column, the same for a file, or the day of the import; kept beside the outcomes."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from runtime.bound.imported import ImportedSet
from runtime.bound.trial_mapping import TrialMapping
from runtime.problem import InputError
from runtime.stats.table.table import DATED, SCHEMA
from runtime.trials.joined import with_imported
from runtime.trials.rows import TRIAL_SCHEMA
from runtime.trials.sets import read_set, write_set
from runtime.trials.values import as_day

MAPPING = """
columns: {approach: policy, initial_state: start, success: ok, day: when}
fixed: {location: lab, task: pick, domain: irl}
"""


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str | None]]:
    monkeypatch.chdir(tmp_path)

    def run(days: list[str], mapping: str = MAPPING, *flags: str) -> list[str | None]:
        rows = [f"a,{i},{'yes' if i % 3 else 'no'},{day}" for i, day in enumerate(days)]
        Path("log.csv").write_text("\n".join(["policy,start,ok,when", *rows]))
        Path("map.yaml").write_text(mapping)
        assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "lab", *flags]) == 0
        return pq.read_table("trials/lab/trials.parquet")["day"].to_pylist()

    return run


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["T", " "]))
def test_a_day_is_read_however_it_comes(moment: datetime, between: str) -> None:
    day = moment.date().isoformat()
    assert {as_day(moment), as_day(moment.date()), as_day(day), as_day(moment.isoformat(between))} == {day}
    assert as_day(f" {moment.day}.{moment.month}.{moment.year} ", "%d.%m.%Y") == day


@pytest.mark.parametrize("word", ["yesterday", "5.3.2026", "2026-13-01", "2026", "20260", ""])
def test_what_is_no_day_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is not a day such as 2026-03-05; say `day_format`"):
        as_day(word)


def test_days_come_from_the_column_and_may_be_missing(imported: Callable[..., Any]) -> None:
    assert imported(["2026-03-05", "", "2026-03-12T09:30:00"]) == ["2026-03-05", None, "2026-03-12"]


def test_one_day_for_the_whole_file(imported: Callable[..., Any]) -> None:
    mapping = MAPPING.replace(", day: when", "").replace("irl}", "irl, day: 2026-02-01}")
    assert imported(["x", "y"], mapping) == ["2026-02-01", "2026-02-01"]


def test_a_wrong_day_is_told_at_its_cell(imported: Callable[..., Any], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(AssertionError):
        imported(["2026-03-05", "5.3.2026"])
    said = capsys.readouterr().err
    assert "T509" in said
    assert "log.csv:3:9" in said
    assert "`day_format`" in said


def test_a_day_may_not_be_said_twice() -> None:
    with pytest.raises(ValueError, match="both say the `day`"):
        TrialMapping.model_validate({"columns": {"day": "when"}, "fixed": {"day": "2026-03-05"}})


def test_the_same_trials_keep_the_day_of_their_first_import(tmp_path: Path) -> None:
    row = dict.fromkeys(TRIAL_SCHEMA.names) | {
        "location": "l",
        "task": "t",
        "approach": "a",
        "seed": 0,
        "domain": "irl",
        "initial_state": "0",
        "success": True,
    }
    table = pa.Table.from_pylist([row], TRIAL_SCHEMA)
    for today, change in ((date(2026, 3, 5), table), (date(2026, 4, 1), table), (date(2026, 5, 1), table.slice(1))):
        write_set(tmp_path, "lab", change, [], [], TrialMapping(), today=today)
        said = json.loads((tmp_path / "trials/lab/manifest.json").read_text())["imported"]
        assert said == ("2026-05-01" if change is not table else "2026-03-05")


def test_the_day_of_the_import_stands_in(imported: Callable[..., Any]) -> None:
    imported(["2026-03-05", ""])
    manifest = json.loads(Path("trials/lab/manifest.json").read_text())
    assert manifest["imported"] == datetime.now(UTC).date().isoformat()
    one = ImportedSet(name="lab", sha256=manifest["sha256"], day="2026-04-01")
    joined, cells = with_imported(SCHEMA.empty_table(), [], [one], Path.cwd())
    assert joined.schema == DATED
    assert joined["day"].to_pylist() == ["2026-03-05", "2026-04-01"]
    assert len(cells) == 1


def test_sets_from_before_days_are_still_read(imported: Callable[..., Any]) -> None:
    from runtime.trials.sets import digest_of

    imported(["2026-03-05", ""])
    path = Path("trials/lab/trials.parquet")
    pq.write_table(pq.read_table(path).drop_columns(["day"]), path)
    manifest = json.loads(Path("trials/lab/manifest.json").read_text())
    del manifest["imported"]
    Path("trials/lab/manifest.json").write_text(json.dumps(manifest | {"sha256": digest_of(path)}))
    assert read_set(Path.cwd(), "lab").table["day"].to_pylist() == [None, None]
    one = ImportedSet(name="lab", sha256=digest_of(path))
    assert with_imported(SCHEMA.empty_table(), [], [one], Path.cwd())[0]["day"].to_pylist() == [None, None]


def test_a_location_measured_again_needs_states_of_its_own(imported: Callable[..., Any]) -> None:
    mapping = MAPPING.replace("initial_state: start", "initial_state: [when, start]")
    imported(["2026-03-05"], mapping)
    first = ImportedSet(name="lab", sha256=read_set(Path.cwd(), "lab").manifest["sha256"])
    again = first.model_copy(update={"name": "again"})
    Path("trials/lab").rename("trials/again")
    imported(["2026-03-12"], mapping)
    later = ImportedSet(name="lab", sha256=read_set(Path.cwd(), "lab").manifest["sha256"])
    joined, _ = with_imported(SCHEMA.empty_table(), [], [again, later], Path.cwd())
    assert joined["day"].to_pylist() == ["2026-03-05", "2026-03-12"]
    Path("trials/second").mkdir()
    for file in Path("trials/lab").iterdir():
        (Path("trials/second") / file.name).write_bytes(file.read_bytes())
    second = later.model_copy(update={"name": "second"})
    with pytest.raises(InputError, match="X430"):
        with_imported(SCHEMA.empty_table(), [], [later, second], Path.cwd())


def test_a_manifest_that_was_forged_is_refused(imported: Callable[..., Any]) -> None:
    from runtime.trials.listing import read_manifest

    imported(["2026-03-05"])
    path = Path("trials/lab/manifest.json")
    path.write_text(path.read_text().replace('"imported": "2', '"imported": "soon 2'))
    with pytest.raises(ValueError, match="`imported` is not a day"):
        read_manifest(Path.cwd(), "lab")
