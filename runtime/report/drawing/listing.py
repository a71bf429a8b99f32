"""In which order and groups the report lists rows of evidence."""

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.bound.domain import Domain
from runtime.report.forms.report import Report
from runtime.report.roles import in_order


def pooled[Row: Mapping[str, Any]](rows: Iterable[Row], *names: str) -> dict[tuple[str, ...], Row]:
    """(approach, domain), or what `names` say -> the row over all places, or the first one where there is none."""
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in names or ("approach", "domain"))
        if row["location"] is None or key not in found:
            found[key] = row
    return found


def by_domain(said: Report, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows grouped by domain, most real first; per approach the pooled row before the single places.

    `rank` tells pooled rows from single ones; where there is only one place, its rows stand for all (`only` names it).
    """
    order = {a: i for i, a in enumerate(in_order(said["study"]["approaches"], said["roles"]))}
    rows = [{"location": None, "task": None, **row, "order": order.get(row["approach"], len(order))} for row in rows]
    rows.sort(key=lambda row: (row["order"], row["location"] is not None, str(row["location"])))
    groups = []
    for domain in said["domains"]:
        here = [row for row in rows if row["domain"] == domain]
        if here:
            alone = len({(row["location"], row["task"]) for row in here}) == 1
            ranked = [{**row, "rank": "pooled" if alone or row["location"] is None else "single"} for row in here]
            groups.append({"domain": domain, "rows": ranked, "only": here[0]["location"] if alone else None})
    return groups


def refused(said: Report) -> dict[tuple[str, Domain], str]:
    """(approach, domain) -> the gate that refuses its uplift there."""
    cells = ((row["approach"], cell) for row in said["approaches"] for cell in row["domains"])
    return {(approach, cell["domain"]): gate for approach, cell in cells if (gate := cell.get("refused"))}
