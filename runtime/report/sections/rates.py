"""Success rates by domain, and those of every cell."""

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import RATES, strip
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import by_domain
from runtime.report.forms.report import Report


def drawn(said: Report) -> Drawn:
    """Rates by domain with their marks."""
    marked = [{**row, "marks": strip(RATES, row["value"], row["band"])} for row in said["evidence"]["rates"]]
    return {"axis": RATES.ticked(), "groups": by_domain(said, marked), "signed": False}


def rate_rows(said: Report) -> Rows:
    """One row per approach, domain and place, or all of them."""
    return [columns(r, "approach domain location task success=value band level trials") for r in said["evidence"]["rates"]]


def cell_rows(said: Report) -> Rows:
    """One row per trained policy in a domain."""
    names = "approach location task seed domain trials successes value score steps band"
    return [columns(r, names) for r in said["evidence"]["cells"]]
