"""A small made-up export of a study's trials: two approaches at one place."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from runtime.bound.frame import StudyFrame
from runtime.stats.table.determinism import SCHEMA as SECOND
from runtime.trials.exported import COLUMNS, Facts, digest_of_rows, pack, protocols_of, rows_of

NAMES = "location task approach seed domain initial_state success score failure_mode steps day".split()


def small_export(
    study: str = "study", protocol: str = "", wins: tuple[int, int] = (3, 6), states: int = 8, **facts: Any
) -> bytes:
    """Trials in the twin, the first `wins` of each approach's initial states won; `facts` are changed last."""
    rows = [
        ("lab", "press", approach, seed, "twin", str(i), i < won + seed, float(i < won + seed), "", 20, None)
        for approach, won in zip(("baseline", "bold"), wins, strict=True)
        for seed in (0, 1)
        for i in range(states)
    ]
    return export_of(rows, study, protocol, **facts)


def export_of(
    rows: Sequence[tuple],
    study: str = "study",
    protocol: str = "",
    evaluate: int = 4,
    factors: Sequence[str | None] = (),
    **facts: Any,
) -> bytes:
    """An export of trials, each with the values of `NAMES`; `factors` is a column of its own."""
    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    said = {"protocol": [protocol] * len(rows), "factors": factors or [None] * len(rows)}
    arrays = {name: pa.array(column, COLUMNS.field(name).type) for name, column in (columns | said).items()}
    table = rows_of(pa.table(arrays), SECOND.empty_table())
    said = {
        "frame": StudyFrame(id=study, baseline="baseline", locations=("lab",), trials={"twin": 8}),
        "approaches": ("baseline", "bold"),
        "priors": {},
        "shared_training": False,
        "stages": {"evaluate": {"version": evaluate}},
        "protocols": protocols_of(table),
        "sequential": None,
        "imported": (),
        "repeated": (),
        "revision": None,
        "trials": table.num_rows,
        "rows_sha256": digest_of_rows(table),
    }
    return pack(Facts.model_validate(said | facts), table)
