"""The stage between two batches, and the batch after it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runtime.bound.cell import Cell
from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.sim.trials.run import Trial
from runtime.sim.trials.tables import trial_table
from runtime.stats.table.table import join
from tests.runtime.stages.sim_chain import publish

SCHEDULE = {"trials": 12, "looks": 3, "most": 12, "level": 0.95}


def evaluated(store: Path, name: str, outcomes: list[bool]) -> Path:
    """A published batch with these outcomes."""
    folder = store.parent / name
    folder.mkdir()
    done = [Trial(i, won, float(won), "" if won else "missed", 5, lambda: np.zeros(0)) for i, won in enumerate(outcomes)]
    pq.write_table(trial_table(done, "twin", "p"), folder / "trials.parquet")
    return publish(store, "evaluate", folder, name)


@pytest.fixture
def looked_at(sim_store: Path, request: pytest.FixtureRequest) -> Path:
    """A look after 12 states, at which `never` is settled and `same` is not."""
    name, store = request.node.name[:12], sim_store
    (store.parent / name).mkdir(exist_ok=True)
    peers = {"base/0": [True, False] * 6, "same/0": [True, False] * 6, "never/0": [False] * 12}
    peers["base/0"] = peers["same/0"] = [True] * 12
    trials = [evaluated(store, f"{name}-{i}", outcomes) for i, outcomes in enumerate(peers.values())]
    schedule = {**SCHEDULE, "trials": 36}
    params = {"schedule": schedule, "look": 1, "baseline": "base", "peers": list(peers)}
    return run_stage("interim", params, {"trials": trials}, store)


def test_the_next_batch_of_a_settled_comparison_is_empty(
    looked_at: Path, sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path
) -> None:
    said = json.loads((looked_at / "interim.json").read_text())
    assert {c["approach"]: c["stopped"] for c in said["comparisons"]} == {"same": False, "never": True}
    assert said["upto"] == {"base": 24, "same": 24, "never": 12}
    params = {"domain": "twin", "trials": 36, "schedule": {**SCHEDULE, "trials": 36}, "look": 2}
    inputs: dict = {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions, "before": looked_at}
    none = run_stage("evaluate", {**params, "arm": "never"}, inputs, sim_store)
    assert pq.read_table(none / "trials.parquet").num_rows == 0
    some = run_stage("evaluate", {**params, "arm": "same"}, inputs, sim_store)
    rows = pq.read_table(some / "trials.parquet")
    assert rows["initial_state"].to_pylist() == [str(i) for i in range(12, 24)]
    assert pq.read_table(some / "twice.parquet").num_rows == 0, "only the first batch runs trials twice"
    assert rows.schema == pq.read_table(none / "trials.parquet").schema


def test_batches_of_a_cell_become_one(tmp_path: Path) -> None:
    cell = Cell(approach="a", location="l", task="t", seed=0, domain="twin")
    first = evaluated(tmp_path / "store", "first", [True, False])
    table = pq.read_table(first / "trials.parquet")
    states = table.schema.get_field_index("initial_state")
    later = table.set_column(states, "initial_state", pa.array(["2", "3"]))
    joined = join([table, later, table.slice(0, 0)], [cell], [3])
    assert joined["initial_state"].to_pylist() == ["0", "1", "2", "3"]
    with pytest.raises(InputError, match="3 tables of trials for 1 cells"):
        join([table, later, later], [cell], [2])
    with pytest.raises(InputError, match="come twice"):
        join([table, table], [cell], [2])
    with pytest.raises(InputError, match="no trials in"):
        join([table.slice(0, 0)] * 2, [cell], [2])
    with pytest.raises(InputError, match="same columns"):
        join([table, later.drop_columns(["steps"])], [cell], [2])
