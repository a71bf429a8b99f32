"""Approaches that perturb another, each beside it."""

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.report import Report


def rows(said: Report) -> Rows:
    """One row over all places, one per place, and one per cell."""
    names = "approach clean domain location task seed clean_success=clean_rate difference=value band direction pairs gained lost"
    return [columns(row, names) for row in said["evidence"].get("twins", ())]
