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


def invalid_rows(said: Report) -> Rows:
    """One row per approach, domain and place with trials that tell nothing of it."""
    names = "approach domain location task trials invalid success_of_valid=valid_rate success_as_failures=rate_as_failures why"
    found = said["evidence"].get("invalid", ())
    why = ("; ".join(f"{reason} {n}" for reason, n in row["reasons"].items()) for row in found)
    return [columns({**row, "why": words}, names) for row, words in zip(found, why, strict=True)]


def cell_rows(said: Report) -> Rows:
    """One row per trained policy in a domain."""
    names = "approach location task seed domain trials successes value score steps band"
    return [columns(r, names) for r in said["evidence"]["cells"]]
