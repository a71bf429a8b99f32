"""Does each domain reproduce: how many trials were run twice, how many ended differently, and what follows."""

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.report import Report


def rows(said: Report) -> Rows:
    """One row per domain with trials."""
    names = "domain run_twice=trials differing points=rate band level at_most=limit status paired"
    return [columns(row, names) for row in said["evidence"]["reproducible"]]
