"""Which trials the report shows: the seed in the middle, what did not happen, and cells that have no room."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from runtime.report.content import without_pixels
from runtime.report.drawing.csv import table_csv
from runtime.report.sections.films import films, rows
from runtime.report.study import Artifacts, Study
from tests.runtime.synthetic_study import Synthetic, synthetic_study, the_study

KEYS = ("location", "task", "approach", "domain")


@pytest.fixture(scope="module")
def study() -> Synthetic:
    return the_study()


@pytest.fixture(scope="module")
def uplift(study: Synthetic) -> Path:
    return study.uplift()


@pytest.fixture(scope="module")
def evidence(uplift: Path) -> dict[str, Any]:
    return json.loads((uplift / "uplift.json").read_text())


def shown(study: Synthetic, uplift: Path, most_locations: int = 12, most_kib: int = 4096) -> Any:
    made = Artifacts(uplift, trials=study.trials)
    return films(Study(study.frame, study.cells, made, most_pictured=most_locations, films_kib=most_kib))


def by_key(found: Any) -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        (room["location"], room["task"], row["approach"], cell["domain"]): cell
        for room in found["rooms"]
        for row in room["rows"]
        for cell in row["cells"]
    }


def test_every_cell_shows_the_seed_nearest_to_the_median(study: Synthetic, uplift: Path, evidence: dict[str, Any]) -> None:
    found = by_key(shown(study, uplift))
    assert len(found) == 2 * 4 * 2
    for key, cell in found.items():
        rates = {r["seed"]: r["value"] for r in evidence["cells"] if tuple(r[k] for k in KEYS) == key}
        middle = sorted(rates.values())[1]
        for film in cell["films"]:
            if film["outcome"] == "failure":
                assert rates[film["seed"]] == middle
            assert film["initial_state"] == str(10 * film["seed"] + (film["outcome"] == "success"))
        pooled = next(r for r in evidence["rates"] if tuple(r[k] for k in KEYS) == key)
        assert (cell["value"], cell["band"], cell["trials"]) == (pooled["value"], pooled["band"], 120)


def test_an_outcome_that_the_middle_seed_lacks_is_shown_of_the_next(tmp_path: Path) -> None:
    """Two of three seeds never succeed, so the middle one has no success to show."""
    rates = {"baseline": {"twin": 0.0}, "other": {"twin": 0.0}}
    study = synthetic_study(tmp_path / "store", locations=("shed",), rates=rates, trials=10, gates=())
    lucky = study.trials[2]
    donor = synthetic_study(
        tmp_path / "donor", locations=("shed",), rates={"baseline": {"twin": 0.6}}, trials=10, gates=()
    ).trials[2]
    for name in ("success.mp4", "success.png", "typical.json"):
        target = lucky / "rollouts" / name
        lucky.joinpath("rollouts").chmod(0o755)
        target.unlink(missing_ok=True)
        target.write_bytes((donor / "rollouts" / name).read_bytes())
    (tmp_path / "uplift.json").write_text('{"cells": [], "rates": []}')
    found = by_key(shown(study, tmp_path))
    (baseline, other) = found.values()
    assert [(f["outcome"], f["seed"]) for f in baseline["films"]] == [("success", 2), ("failure", 0)]
    assert [f["outcome"] for f in other["films"]] == ["failure"]


def test_cells_without_room_are_named_not_dropped(study: Synthetic, uplift: Path) -> None:
    whole = shown(study, uplift)
    assert (whole["left_out"], whole["cells_left_out"]) == ([], 0)
    assert 0 < whole["kib"] < whole["most_kib"]
    some = shown(study, uplift, most_kib=round(whole["kib"] / 2))
    named = [(p["location"], c["task"], c["approach"], c["domain"]) for p in some["left_out"] for c in p["cells"]]
    assert 0 < len(named) == some["cells_left_out"] < 16
    assert [*by_key(some), *named] == [*by_key(whole)]
    assert some["kib"] <= some["most_kib"]


def test_locations_beyond_the_most_pictured_are_named(study: Synthetic, uplift: Path) -> None:
    one = shown(study, uplift, most_locations=1)
    assert {room["location"] for room in one["rooms"]} == {study.frame.locations[0]}
    assert [(p["location"], p["whole"], len(p["cells"])) for p in one["left_out"]] == [(study.frame.locations[1], True, 8)]


def test_tables_name_the_films_and_hold_no_pixels(study: Synthetic, uplift: Path, evidence: dict[str, Any]) -> None:
    said: Any = {"films": shown(study, uplift), "pictures": []}
    table = list(csv.DictReader(io.StringIO(table_csv(rows(said)))))
    ends = {(r["approach"], r["domain"], r["location"]): r["value"] > 0 for r in evidence["rates"] if r["location"]}
    assert len(table) == len(ends) + sum(ends.values())
    assert {row["initial_state"] for row in table} > {"0", "1"}
    assert all((study.store / row["source"]).is_file() for row in table)
    assert "base64" in json.dumps(said)
    assert "base64" not in json.dumps(without_pixels(said))
