"""Claims and how they stand."""

from typing import Literal, NotRequired

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form, Outlook, Standing
from runtime.report.forms.gates import Waived

ClaimWord = Literal["supported", "refuted", "undecided", "not run", "confounded by capacity", "confounded by auxiliary loss"]


class Link(Outlook):
    """One comparison that a claim rests on."""

    link: str
    """Its name within the claim."""
    part: str | None
    """The part of a composed claim that it is; null in others."""
    approach: str
    """Id of the approach."""
    over: str
    """Id of what it is compared with."""
    domain: Domain
    """Where the trials ran."""
    against: NotRequired[Domain]
    """The domain that it is held against, where domains are compared and `over` is the approach itself."""
    wanted: str
    """What the claim asks of the band, in words."""
    level: float
    """Confidence level of the band."""
    status: Standing
    """How this comparison stands."""
    verdict: ClaimWord
    """The same in the words of claims."""
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
    verdict: ClaimWord
    """In the words of claims."""
    reason: str
    """The weakest link in words."""
    weakest: str | None
    """Name of the comparison that decides."""
    links: list[Link]
    """Every comparison."""
    waived: Waived | None
    """The waiver that covers the outcome."""
