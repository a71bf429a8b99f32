"""Gates and how they stand."""

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.gates import Waived
from runtime.report.forms.report import Report


def waiver(waived: Waived | None) -> dict[str, object]:
    """Who answers for a failure, as columns; none where nobody does."""
    return columns(waived, "waived_owner=owner waived_until=until waived_reason=reason") if waived else {}


def rows(said: Report) -> Rows:
    """One row per gate."""
    names = "gate=id status metric approach domain stage wanted value band n reason"
    return [columns(gate, names) | waiver(gate["waived"]) for gate in said["gates"]]
