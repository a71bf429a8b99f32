"""Invalid trials: left out of what is compared, counted, and told beside what they would be as failures."""

import numpy as np
import pyarrow as pa
import pytest

from runtime.bound.cell import Cell
from runtime.stats.evidence import evidence
from runtime.stats.inference.twins import twin_rows
from runtime.stats.table.invalid import any_invalid, as_failures, without_invalid
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import with_runs
from runtime.stats.table.table import SCHEMA

CELLS = [
    Cell(approach=a, location=x, task="press", seed=s, domain="twin")
    for a in ("baseline", "mine", "mine-dark")
    for x in ("here", "there")
    for s in range(3)
]


def table(invalid: int) -> pa.Table:
    """`mine` is better; `invalid` of its trials in each cell are none. `mine-dark` is `mine`, with a tenth lost."""
    rows = []
    for cell in CELLS:
        rng = np.random.default_rng([3, cell.seed, cell.location == "here", cell.approach == "baseline"])
        won = rng.random(40) < (0.4 if cell.approach == "baseline" else 0.62)
        for i, w in enumerate(won):
            bad = cell.approach == "mine" and i < invalid
            w = bool(w) and not bad and not (cell.approach == "mine-dark" and i % 10 == 0)
            rows.append(
                cell.model_dump()
                | {"initial_state": str(i), "success": w, "score": float(w), "steps": 9, "protocol": "p", "factors": None}
                | {"failure_mode": "invalid: arm stuck" if bad else "" if w else "missed"}
            )
    return pa.Table.from_pylist(rows, SCHEMA)


def test_invalid_trials_are_counted_and_told_both_ways() -> None:
    whole = table(12)
    assert (any_invalid(whole), any_invalid(table(0)), without_invalid(table(0)).num_rows) == (True, False, 720)
    said = evidence(whole, CELLS, "baseline", 0.95, {})
    mine = next(r for r in said["uplift"] if (r["approach"], r["location"]) == ("mine", None))
    assert (mine["trials"], mine["direction"]) == (6 * 28, "helps")
    (note,) = (n for n in mine["notes"] if "invalid" in n)
    assert note.startswith("72 invalid trials, and 0 of the baseline, are left out; as failures they give ")
    assert note.endswith("undecided, which changes the verdict")
    rows = {(r["approach"], r["location"]): r for r in said["invalid"]}
    assert rows.keys() == {("mine", "here"), ("mine", "there")}
    here = rows["mine", "here"]
    assert (here["trials"], here["invalid"], here["reasons"]) == (120, 36, {"arm stuck": 36})
    assert here["valid_rate"] == pytest.approx(here["rate_as_failures"] * 120 / 84, abs=0.01)
    assert sum(c["trials"] for c in said["cells"] if c["approach"] == "mine") == 6 * 28
    failed = Trials.of(as_failures(whole)).failures["mine", "twin"]["here", "press"]
    assert failed["counted invalid: arm stuck"] == 36


def test_a_perturbed_approach_stands_beside_its_clean_twin_cell_by_cell() -> None:
    policies = {cell: f"policy/{cell.approach.removesuffix('-dark')}{cell.location}{cell.seed}" for cell in CELLS}
    trials = Trials.of(with_runs(table(0), policies))
    found = twin_rows(trials, {"mine-dark": "mine", "mine": "baseline"}, 0.95)
    assert {(r["approach"], r["clean"]) for r in found} == {("mine-dark", "mine")}  # `mine` is other policies than the baseline
    pooled, *rest = found
    cells = [r for r in rest if r["seed"] is not None]
    assert (pooled["location"], len(rest), len(cells), pooled["pairs"]) == (None, 8, 6, 240)
    assert pooled["gained"] == 0
    assert pooled["lost"] == sum(r["lost"] for r in cells) > 0
    assert pooled["value"] == pytest.approx(-100 * pooled["lost"] / 240, abs=1e-3)
    assert pooled["direction"] == "hurts"
