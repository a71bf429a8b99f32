"""What learning curves say of a study, from the tables of checkpoints."""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from runtime.stats.curves.evidence import Training, learning_evidence


def training(approach: str, location: str, seed: int, won: dict[int, int], batch: int = 32, task: str = "press") -> Any:
    """A training run with so many successes of 20 at each step."""
    rows = [
        {"step": step, "windows": step * batch, "initial_state": str(i), "success": i < n, "score": 0.0, "failure_mode": ""}
        for step, n in won.items()
        for i in range(20)
    ]
    return Training(approach, location, task, seed, pa.Table.from_pylist(rows))


def study(**more: Any) -> list[Training]:
    return [
        training(approach, location, seed, {step: n + seed for step, n in won.items()}, **more.get(approach, {}))
        for location in ("shed", "barn")
        for approach, won in (
            ("baseline", {100: 4, 200: 8, 400: 12}),
            ("fast", {100: 8, 200: 12, 400: 16}),
            ("untrained", {0: 0}),
        )
        for seed in (0, 1, 2)
    ]


def rows_of(said: Mapping[str, Any] | None) -> dict[tuple[str, str | None], dict[str, Any]]:
    assert said is not None
    return {(row["approach"], row["location"]): row for row in said["rows"]}


def test_rows_are_pooled_and_by_place_and_json() -> None:
    said = learning_evidence(study(), "baseline", 0.9)
    assert json.dumps(said, allow_nan=False)
    rows = rows_of(said)
    assert list(rows)[:3] == [("baseline", None), ("baseline", "shed"), ("baseline", "barn")]
    pooled = rows["fast", None]
    assert [p["step"] for p in pooled["points"]] == [100, 200, 400]
    assert [p["value"] for p in pooled["points"]] == pytest.approx([45, 65, 85])
    assert pooled["points"][0]["trials"] == 120
    assert pooled["area"]["steps"] == (100, 400)
    assert pooled["difference"]["value"] == pytest.approx(20)
    assert pooled["difference"]["direction"] == "helps"
    assert pooled["efficiency"]["value"] == pytest.approx(2)
    assert pooled["efficiency"]["kind"] == "exact"
    assert rows["baseline", None]["difference"] is None
    assert rows["baseline", None]["notes"] == []


def test_untrained_is_flat_and_says_why_nothing_is_saved() -> None:
    row = rows_of(learning_evidence(study(), "baseline", 0.9))["untrained", None]
    assert row["flat"]
    assert row["area"]["steps"] is None
    assert row["difference"]["direction"] == "hurts"
    assert row["efficiency"] is None
    assert "not trained" in row["notes"][0]


def test_other_batches_are_said() -> None:
    said = rows_of(learning_evidence(study(fast={"batch": 64}), "baseline", 0.9))
    assert said["fast", None]["notes"] == ["a gradient step sees 64 windows, one of the baseline's 32"]
    assert said["baseline", None]["notes"] == []


def test_tasks_are_not_mixed() -> None:
    other = [training("fast", "shed", s, {100: 20, 400: 20}, task="push") for s in (0, 1)]
    said = learning_evidence([*study(), *other], "baseline", 0.9)
    assert said is not None
    pushing = [row for row in said["rows"] if row["task"] == "push"]
    assert [row["approach"] for row in pushing] == ["fast"]
    assert pushing[0]["difference"] is None


def test_nothing_asked_nothing_said_and_no_baseline_compares_nothing() -> None:
    assert learning_evidence([], "baseline", 0.9) is None
    rows = rows_of(learning_evidence(study(), None, 0.9))
    assert all(row["difference"] is None and row["efficiency"] is None for row in rows.values())
