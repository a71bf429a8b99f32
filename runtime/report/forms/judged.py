"""Gates and claims, and how they stand."""

from typing import Literal

from runtime.bound.cell import Domain
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


class Link(Form):
    """One comparison that a claim rests on."""

    link: str
    """Its name within the claim."""
    approach: str
    """Id of the approach."""
    over: str
    """Id of what it is compared with."""
    domain: Domain
    """Where the trials ran."""
    wanted: str
    """What the claim asks of the band, in words."""
    level: float
    """Confidence level of the band."""
    status: Standing
    """How this comparison stands."""
    value: float | None
    """Uplift, points."""
    band: Band | None
    """Its band."""


class ClaimVerdict(Form):
    """A claim and how it stands."""

    id: str
    """Id of the claim within the study."""
    kind: str
    """Such as `superior`."""
    status: Standing
    """As a status: supported is passed, refuted is failed."""
    verdict: Literal["supported", "refuted", "undecided", "not run"]
    """In the words of claims."""
    reason: str
    """The weakest link in words."""
    weakest: str | None
    """Name of the comparison that decides."""
    links: list[Link]
    """Every comparison."""
    waived: Waived | None
    """The waiver that covers the outcome."""
