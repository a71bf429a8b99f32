"""The heat map: location by approach, each cell with its uplift, its band and how strongly it is tinted."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import refused
from runtime.report.forms.evidence import UpliftRow
from runtime.report.forms.report import Report
from runtime.report.roles import BASELINE, TREATMENT, UNTRAINED, in_order

LEAST_SCALE = 10.0
"""Points at which a tint is full even where nothing moved more: small differences stay pale."""


def maps(said: Report) -> list[Drawn]:
    """One map per domain with at least two places; rows follow the study's order, columns the report's.

    A row has the baseline's success rate and a cell per other approach, None where nothing was compared. `tint` is 0 to
    100; the untrained control does not set the scale.
    """
    frame, evidence, roles = said["study"], said["evidence"], said["roles"]
    approaches = [a for a in in_order(frame["approaches"], roles) if roles.get(a) != BASELINE]
    found, by_gates = [], refused(said)
    for domain in said["domains"]:
        here = [r for r in evidence["uplift"] if r["domain"] == domain and r["location"] is not None]
        cells = {(r["location"], r["task"], r["approach"]): r for r in here}
        own = [r for r in evidence["rates"] if (r["domain"], r["approach"]) == (domain, evidence["baseline"])]
        rates = {(r["location"], r["task"]): r for r in own}
        places = [(x, t) for x in frame["locations"] for t in frame["tasks"] if any((x, t, a) in cells for a in approaches)]
        if len(places) < 2:
            continue
        scale = max([LEAST_SCALE, *(abs(r["value"]) for r in here if roles.get(r["approach"]) != UNTRAINED)])
        found.append(
            {
                "domain": domain,
                "approaches": approaches,
                "rows": [
                    {
                        "location": x,
                        "task": t,
                        "baseline": rates.get((x, t)),
                        "cells": [_cell(cells.get((x, t, a)), scale, (a, domain) in by_gates) for a in approaches],
                    }
                    for x, t in places
                ],
            }
        )
    return found


def _cell(row: UpliftRow | None, scale: float, refused: bool) -> Drawn | None:
    if row is None:
        return None
    if refused:
        return {**row, "tone": "refused", "tint": 0}
    tint = round(min(100.0, 100 * abs(row["value"]) / scale))
    return {**row, "tone": "up" if row["value"] > 0 else "down", "tint": tint}


def drawn(said: Report) -> Drawn:
    """The maps, and whether a fleet judges the same places below."""
    fleets = any(said["roles"].get(fleet["approach"]) == TREATMENT for fleet in said["evidence"]["fleet"])
    return {"groups": maps(said), "fleets": fleets}


def rows(said: Report) -> Rows:
    """The maps as flat rows, one per cell."""
    names = "domain location task approach uplift=value band direction seeds"
    return [columns(cell, names) for a_map in maps(said) for row in a_map["rows"] for cell in row["cells"] if cell is not None]
