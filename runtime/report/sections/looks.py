"""Interim looks: comparisons as of the last one."""

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.report import Report


def rows(said: Report) -> Rows:
    """One row per comparison and place; none where trials were not looked at before the end."""
    found = said["evidence"]["sequential"]
    names = "approach location task domain states difference=value band stopped_at_look=stopped_at"
    return [columns(row, names) for row in found["comparisons"]] if found else []
