"""Claims and how they stand, comparison by comparison."""

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.report import Report
from runtime.report.sections.gates import waiver


def rows(said: Report) -> Rows:
    """One row per comparison that a claim rests on."""
    names = "weakest part approach over domain uplift=value band level wanted outcome=verdict"
    return [
        columns(claim, "claim=id verdict kind")
        | columns({**link, "weakest": link["link"] == claim["weakest"]}, names)
        | waiver(claim["waived"])
        for claim in said["claims"]
        for link in claim["links"]
    ]
