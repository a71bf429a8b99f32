"""Uplift over the baseline: a forest plot by domain."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import axis_of, strip
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import by_domain
from runtime.report.forms.report import Report
from runtime.report.roles import UNTRAINED


def drawn(said: Report) -> Drawn:
    """Rows by domain with their marks; the untrained control sets the axis only where it is alone."""
    rows, roles = said["evidence"]["uplift"], said["roles"]
    axis = axis_of([row for row in rows if roles.get(row["approach"]) != UNTRAINED] or rows)
    marked = [
        {**row, "marks": strip(axis, row["value"], row["band"], row["prior"]["range"] if row["prior"] else None)} for row in rows
    ]
    return {"axis": axis.ticked(), "groups": by_domain(said, marked), "signed": True}


def rows(said: Report) -> Rows:
    """One row per comparison."""
    names = """approach baseline domain location task uplift=value band level direction pairs gained lost seeds degrees
    expected=range notes"""
    rows, baseline = said["evidence"]["uplift"], said["evidence"]["baseline"]
    flat = ({**r, **r["discordant"], **(r["prior"] or {"range": None}), "notes": "; ".join(r["notes"])} for r in rows)
    return [columns({**row, "baseline": baseline}, names) for row in flat]
