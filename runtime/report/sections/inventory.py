"""What each twin holds of environment, assets, lighting and physics, and how that is known: rows of its `inventory.json`."""

import json
from collections import Counter
from typing import Any

from runtime.report.drawing import Drawn, Rows
from runtime.report.forms.inventory import InventoryRow
from runtime.report.forms.report import Report
from runtime.report.study import Study

SOURCES = ("given", "stated", "measured", "estimated", "assumed")
"""From what people brought to what nobody said."""


def inventory(study: Study) -> list[InventoryRow]:
    """The rows of every twin of the locations that are pictured, in the study's order."""
    places = [(location, task) for location in study.locations[: study.most_pictured] for task in study.frame.tasks]
    rows: list[InventoryRow] = []
    for (location, task), folder in zip(places, study.artifacts.twins, strict=False):
        file = folder / "inventory.json"
        for row in json.loads(file.read_text()) if file.is_file() else []:
            rows.append({"location": location, "task": task, **row, "value": words(row["value"])})
    return rows


def words(value: Any) -> str:
    """A value of the inventory in words: `center_m 0.3, 0.1, 0.05; volume_l 2`."""
    if isinstance(value, dict):
        return "; ".join(f"{name} {words(own)}" for name, own in value.items())
    if isinstance(value, list):
        return ", ".join(map(words, value))
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def drawn(said: Report) -> Drawn:
    """A group for each twin: its rows, and how many of them are known in which way."""
    twins = dict.fromkeys((row["location"], row["task"]) for row in said["inventory"])
    groups = []
    for location, task in twins:
        own = [row for row in said["inventory"] if (row["location"], row["task"]) == (location, task)]
        counted = Counter(row["source"] for row in own)
        told = ", ".join(f"{counted[source]} {source}" for source in SOURCES if counted[source])
        groups.append({"location": location, "task": task, "rows": own, "told": told})
    return {"groups": groups}


def rows(said: Report) -> Rows:
    """The same as one table."""
    return [dict(row) for row in said["inventory"]]
