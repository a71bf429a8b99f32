"""What does not belong together is refused before anything is computed."""

import numpy as np
import pyarrow as pa
import pytest

from runtime.bound.cell import Cell
from runtime.problem import InputError
from runtime.stats.table.table import KEY, SCHEMA, join
from tests.runtime.synthetic_study import trial_table

A = Cell(approach="baseline", location="shed", task="press", seed=0, domain="twin")
B = A.model_copy(update={"approach": "placebo"})
WON = np.array([True, False, True])


def codes(tables: list[pa.Table], cells: list[Cell]) -> list[str]:
    with pytest.raises(InputError) as error:
        join(tables, cells)
    return [p.code for p in error.value.problems]


def test_cells_fill_in_what_shared_artifacts_leave_open() -> None:
    table = trial_table(A, WON)
    joined = join([table, table], [B, A])
    assert joined.schema == SCHEMA
    assert joined["approach"].to_pylist() == ["baseline"] * 3 + ["placebo"] * 3
    assert joined.select(KEY).group_by(list(KEY)).aggregate([]).num_rows == 6


def test_nothing_joins_to_an_empty_table() -> None:
    assert join([], []).num_rows == 0


def test_tables_and_cells_must_be_as_many() -> None:
    assert codes([trial_table(A, WON)], [A, B]) == ["X421"]


def test_a_cell_twice() -> None:
    assert codes([trial_table(A, WON)] * 2, [A, A]) == ["X422"]


def test_a_missing_column() -> None:
    assert codes([trial_table(A, WON).drop_columns(["score"])], [A]) == ["X423"]


def test_no_trials() -> None:
    assert codes([trial_table(A, WON).slice(0, 0)], [A]) == ["X424"]


@pytest.mark.parametrize(("field", "value"), [("seed", 1), ("location", "barn"), ("domain", "irl_proxy")])
def test_trials_of_another_cell(field: str, value: object) -> None:
    assert codes([trial_table(A.model_copy(update={field: value}), WON)], [A]) == ["X425"]


def test_an_initial_state_twice() -> None:
    table = trial_table(A, WON)
    assert codes([pa.concat_tables([table, table.slice(1, 1)])], [A]) == ["X426"]


def test_all_mistakes_in_one_pass() -> None:
    assert codes([trial_table(A, WON).slice(0, 0), trial_table(A, WON)], [A, B.model_copy(update={"seed": 4})]) == [
        "X424",
        "X425",
    ]
