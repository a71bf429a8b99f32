"""Trials of different protocols are never compared, whatever asks: rates, uplift, gates and claims arrange them here."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from runtime.bound.cell import Cell
from runtime.problem import InputError
from runtime.stats.evidence import evidence
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.table import dated, join
from runtime.trials.compare import with_built
from tests.runtime.synthetic_study import trial_table

A = Cell(approach="baseline", location="shed", task="press", seed=0, domain="twin")
WON = np.array([True, False, True, True])


def joined(protocols: dict[Cell, str | None]) -> pa.Table:
    tables = []
    for cell, protocol in protocols.items():
        table = trial_table(cell, WON)
        at = table.schema.get_field_index("protocol")
        tables.append(table.set_column(at, "protocol", pa.array([protocol] * len(WON), pa.string())))
    return join(tables, list(protocols))


def to(**update: object) -> Cell:
    return A.model_copy(update=update)


@pytest.mark.parametrize("other", [to(approach="bold"), to(location="barn"), to(seed=1)])
def test_two_protocols_of_one_task_and_domain_are_refused(other: Cell) -> None:
    table = joined({A: "one", other: "other"})
    with pytest.raises(InputError, match="X447: trials of task `press` in `twin` are of 2 protocols"):
        Trials.of(table)
    with pytest.raises(InputError, match="X447"):
        evidence(table, [A, other], "baseline", 0.95, {})
    assert Trials.of(joined({A: "one", other: "one"})).approaches()


@pytest.mark.parametrize("other", [to(task="pull"), to(domain="irl_proxy")])
def test_tasks_and_domains_have_protocols_of_their_own(other: Cell) -> None:
    assert Trials.of(joined({A: "one", other: "other"})).outcomes


def test_no_protocol_goes_with_itself_alone() -> None:
    bold = to(approach="bold")
    assert Trials.of(joined({A: "", bold: None})).approaches() == ["baseline", "bold"]
    assert Trials.of(joined({A: "", bold: ""}).drop_columns(["protocol"])).approaches() == ["baseline", "bold"]
    with pytest.raises(InputError, match=r"none: 4 trials, such as `bold` at `shed`; one: 4 trials, such as `baseline`"):
        Trials.of(joined({A: "one", bold: ""}))


def test_a_stage_that_names_no_protocol_is_found_out() -> None:
    with pytest.raises(InputError, match=r"X423: .* lack the columns `protocol`"):
        join([trial_table(A, WON).drop_columns(["protocol"])], [A])


def test_imported_trials_come_beside_the_study_s(tmp_path: Path) -> None:
    """As `simkiln trials compare` does it: what was imported has no column, and ends up with an empty protocol."""
    import pyarrow.parquet as pq

    pq.write_table(dated(joined({A: "one"})), tmp_path / "trials.parquet")
    real = dated(joined({to(domain="irl"): ""})).drop_columns(["protocol"])
    places = {"source_file": ["a.csv"] * len(WON), "source_row": list(range(1, len(WON) + 1))}
    for name, values in places.items():
        real = real.append_column(name, pa.array(values))
    found = with_built(real, tmp_path / "trials.parquet")
    assert dict(zip(found["domain"].to_pylist(), found["protocol"].to_pylist(), strict=True)) == {"twin": "one", "irl": ""}
    assert Trials.of(found).domains() == ["irl", "twin"]
