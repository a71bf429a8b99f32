"""Where in the work area trials fail, and how densely what varied was covered."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from runtime.bound.domain import Domain
from runtime.report.forms.drivers import AreaMap, Covered
from runtime.stats.table.factors import Value, unpacked
from runtime.stats.table.pairing import without_copies
from runtime.stats.table.table import rows

A_CELL = 12
"""Trials that a cell of the map should hold on average; the map has two to six cells a side."""
TENTHS = 10


def areas(table: pa.Table) -> list[AreaMap]:
    """A map for each approach, domain and task whose trials say a factor `object_x_…` and one `object_y_…`, in the same cells."""
    found: dict[tuple[Domain, str], dict[str, list[tuple[float, float, bool]]]] = {}
    named: dict[tuple[Domain, str], tuple[str, str]] = {}
    if "factors" not in table.column_names:
        return []
    for approach, domain, task, cell, won in rows(without_copies(table), "approach", "domain", "task", "factors", "success"):
        place = _place(unpacked(cell))
        if place is not None:
            named.setdefault((domain, task), place[0])
            if named[domain, task] == place[0]:
                found.setdefault((domain, task), {}).setdefault(approach, []).append((*place[1], bool(won)))
    maps: list[AreaMap] = []
    for (domain, task), by_approach in sorted(found.items()):
        everywhere = np.array([row[:2] for own in by_approach.values() for row in own])
        side = int(np.clip((len(everywhere) / len(by_approach) / A_CELL) ** 0.5, 2, 6))
        if (np.ptp(everywhere, axis=0) <= 0).any():
            continue
        edges = [np.linspace(low, high, side + 1) for low, high in zip(everywhere.min(0), everywhere.max(0), strict=True)]
        for approach, own in sorted(by_approach.items()):
            x, y, won = np.array(own).T
            counts = [np.histogram2d(x[keep], y[keep], edges)[0].astype(int) for keep in (won >= 0, won == 0)]
            maps.append(
                {
                    "approach": approach,
                    "domain": domain,
                    "task": task,
                    "x": named[domain, task][0],
                    "y": named[domain, task][1],
                    "x_edges": edges[0].round(5).tolist(),
                    "y_edges": edges[1].round(5).tolist(),
                    "trials": counts[0].tolist(),
                    "failures": counts[1].tolist(),
                }
            )
    return maps


def _place(factors: Mapping[str, Value]) -> tuple[tuple[str, str], tuple[float, float]] | None:
    """Names and values of where the first object was."""
    names = [next((name for name in sorted(factors) if name.startswith(f"object_{axis}_")), None) for axis in "xy"]
    values = [factors[name] for name in names if name is not None]
    if None in names or not all(isinstance(value, (int, float)) for value in values):
        return None
    return (str(names[0]), str(names[1])), (float(values[0]), float(values[1]))


def covered(table: pa.Table, train: Mapping[tuple[str, str], Mapping[str, tuple[float, float]]] | None = None) -> list[Covered]:
    """How densely each factor was covered, by domain and task.

    Args:
        table: trials.
        train: (domain, task) -> factor -> least and largest value that demos begin from.
    """
    found: dict[tuple[Domain, str, str], dict[str, Value]] = {}
    if "factors" not in table.column_names:
        return []
    for domain, task, location, state, cell in rows(table, "domain", "task", "location", "initial_state", "factors"):
        for factor, value in unpacked(cell).items():
            found.setdefault((domain, task, factor), {})[f"{location} {state}"] = value
    said: list[Covered] = []
    for (domain, task, factor), by_state in sorted(found.items()):
        values = list(by_state.values())
        numbers = np.array([value for value in values if isinstance(value, (int, float))])
        number = len(numbers) == len(values)
        low, high = (float(numbers.min()), float(numbers.max())) if number else (None, None)
        counts = np.unique([str(value) for value in values], return_counts=True)[1]
        if number and len(counts) > TENTHS:
            counts = np.histogram(numbers, TENTHS)[0]
        own = (train or {}).get((domain, task), {}).get(factor)
        said.append(
            {
                "domain": domain,
                "task": task,
                "factor": factor,
                "states": len(values),
                "kind": "number" if number else "word",
                "low": low,
                "high": high,
                "emptiest": int(counts.min()),
                "values": len(set(values)),
                "train_low": own[0] if own else None,
                "train_high": own[1] if own else None,
            }
        )
    return said
