"""Uplift over the baseline: a forest plot by domain."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import axis_of, strip
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import by_domain, refused
from runtime.report.drawing.violin import quantiles, violin
from runtime.report.forms.report import Report
from runtime.report.roles import UNTRAINED


def drawn(said: Report) -> Drawn:
    """Rows by domain with their marks; the untrained control sets the axis only where it is alone."""
    rows, roles = said["evidence"]["uplift"], said["roles"]
    axis = axis_of([row for row in rows if roles.get(row["approach"]) != UNTRAINED] or rows)
    by_gates, marked = refused(said), []
    for row in rows:
        marks = strip(axis, row["value"], row["band"], row["prior"]["range"] if row["prior"] else None)
        gate = by_gates.get((row["approach"], row["domain"]))
        marked.append({**row, "marks": marks, "refused": gate, "tone": "refused" if gate else row["direction"]})
    groups = by_domain(said, marked)
    for row in (row for group in groups for row in group["rows"] if row["rank"] == "pooled"):
        row["marks"] = {**row["marks"], "violin": violin(axis, row)}
    return {"axis": axis.ticked(), "groups": groups, "signed": True}


def rows(said: Report) -> Rows:
    """One row per comparison."""
    names = """approach baseline domain location task uplift=value band level direction pairs gained lost seeds degrees
    expected=range notes refused"""
    by_gates = refused(said)
    rows, baseline = said["evidence"]["uplift"], said["evidence"]["baseline"]
    flat = ({**r, **r["discordant"], **(r["prior"] or {"range": None}), "notes": "; ".join(r["notes"])} for r in rows)
    flat = ({**r, "refused": by_gates.get((r["approach"], r["domain"]), "")} for r in flat)
    return [columns({**row, "baseline": baseline}, names) for row in flat]


def open_rows(said: Report) -> Rows:
    """What each measurement leaves open, one row per quantile of the shape that is drawn."""
    found = []
    for row in said["evidence"]["uplift"]:
        for share, value in (quantiles(row) or {}).items():
            found.append({**columns(row, "approach domain location task"), "share_below": share, "uplift": round(value, 3)})
    return found
