"""Gates and how they stand."""

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form, Standing


class Waived(Form):
    """Who answers for a failure."""

    reason: str
    """Why it is accepted."""
    owner: str
    """Who says so."""
    until: str
    """Last day on which it holds."""


class GateVerdict(Form):
    """A gate and how it stands."""

    id: str
    """Id of the gate."""
    status: Standing
    """A gate with nothing to judge is not run, which is never a success."""
    metric: str
    """What is judged."""
    stage: str | None
    """Whose metric it is; null for trials."""
    approach: str | None
    """Id of the approach judged, or null for all."""
    domain: Domain | None
    """Where the trials judged ran, or null."""
    wanted: str
    """What the rule asks for, in words."""
    value: float | None
    """What was found; of several parts, the one that decides."""
    band: Band | None
    """Its band; null for a metric without one."""
    n: int
    """Trials or artifacts judged."""
    reason: str
    """Value, band and threshold in words, and what would decide."""
    waived: Waived | None
    """The waiver that covers the outcome."""
