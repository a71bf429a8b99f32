"""Uplift of several studies side by side, as lines for people, rows of a CSV file and the rows of a page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compiler.render.columns import columns
from compiler.render.uplift import band
from runtime.report.drawing.words import points
from runtime.report.forms.across import DIGITS

if TYPE_CHECKING:
    from runtime.report.forms.across import Across, AcrossRow

HEAD = ("study", "approach", "over", "domain", "location", "task", "uplift", "band", "n", "of baseline", "protocol", "")
OWN = "uplift in points, each over its own study's baseline; rates of different studies are not comparable"


def across_lines(found: "Across") -> list[str]:
    """The widest comparison of each approach and domain; `--json` and `--csv` have those of each place as well."""
    trials = sum(study["evidence"]["counts"]["trials"] for study in found["studies"])
    studies = f"{len(found['studies'])} studies" if len(found["studies"]) != 1 else "1 study"
    rows = widest(found["uplift"])
    lines = [f"{trials:,} trials of {studies}: {OWN}", "", *columns([HEAD, *map(cells, rows)])]
    if not rows:
        lines.append("  nothing to compare: no other approach ran where a baseline did")
    return lines + ([""] if found["notes"] else []) + [f"note: {note}" for note in found["notes"]]


def by_lines(found: "Across") -> list[str]:
    """Rates and uplift under each word of a factor, pooled over places."""
    rows = found["by"]
    head = ("study", "approach", "domain", rows[0]["factor"], "trials", "success %", "band", "uplift", "band", "")
    lines = [head]
    for row in rows:
        low, high = row["band"]
        uplift = ("", "") if row["uplift"] is None else (points(row["uplift"]), band(list(row["uplift_band"] or ())))
        who = row["study"], row["approach"], row["domain"], row["word"] or "all", f"{row['trials']:,}"
        lines.append((*who, f"{row['value']:.1f}", f"[{low:.1f}, {high:.1f}]", *uplift, row["direction"] or ""))
    together = "helps and hurts are said with all words of the factor taken together (Holm); each band stands alone"
    return [*columns(lines), "", f"note: {together}"]


def by_rows(found: "Across") -> list[dict[str, Any]]:
    """The same as rows of a CSV file."""
    from runtime.report.drawing.csv import columns as picked

    names = "study domain factor word approach trials success=value band uplift uplift_band direction file"
    return [picked({**row, "word": row["word"] or "all"}, names) for row in found["by"]]


def widest(rows: "Sequence[AcrossRow]") -> "list[AcrossRow]":
    """Rows that are pooled over places, and those of the only place."""
    pooled = {(r["study"], r["approach"], r["domain"]) for r in rows if r["location"] is None}
    return [r for r in rows if r["location"] is None or (r["study"], r["approach"], r["domain"]) not in pooled]


def cells(row: "AcrossRow") -> tuple[str, ...]:
    """A row for people, under `HEAD`."""
    place = ("all", "pooled") if row["location"] is None else (row["location"], row["task"] or "all")
    counts = f"{row['trials']:,}", f"{row['baseline_trials']:,}"
    who = row["study"], row["approach"], row["baseline"], row["domain"]
    found = points(row["value"]), band(list(row["band"]))
    return *who, *place, *found, *counts, ", ".join(d[:DIGITS] for d in row["protocols"] if d) or "not stated", row["direction"]


def across_rows(found: "Across") -> list[dict[str, Any]]:
    """Every comparison as a row of a CSV file."""
    from runtime.report.drawing.csv import columns as picked

    names = "study approach baseline domain location task uplift=value band level direction trials baseline_trials pairs seeds"
    files = {study["study"]: study["file"] for study in found["studies"]}
    return [
        {**picked({**row}, names), "protocols": " ".join(filter(None, row["protocols"])), "file": files[row["study"]]}
        for row in found["uplift"]
    ]


def across_page(found: "Across") -> str:
    """A page of its own with the same table, a band drawn beside each row, and what is known of each study."""
    from compiler.templates import template

    rows = [{"cells": cells(row), "at": _drawn(row)} for row in widest(found["uplift"])]
    return template("across.html.j2", trim=True).render(found=found, rows=rows, head=HEAD, own=OWN, digits=DIGITS)


def _drawn(row: "AcrossRow") -> dict[str, float]:
    """Where a row's band begins, how wide it is, and where its value lies: percent of an axis from -100 to 100 points."""
    low, high, value = ((x + 100) / 2 for x in (*row["band"], row["value"]))
    return {"low": round(low, 2), "wide": round(high - low, 2), "value": round(value, 2)}
