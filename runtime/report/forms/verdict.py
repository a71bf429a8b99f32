"""The report's first lines."""

from typing import Literal, NotRequired

from runtime.bound.domain import Domain
from runtime.report.forms.base import Form, Standing
from runtime.report.forms.evidence import UpliftRow
from runtime.report.forms.kpi import Number

Role = Literal["baseline", "placebo", "untrained", "treatment"]


class Token(Form, total=False):
    """A piece of a sentence: `text`, or a thing by `kind` and `id`, whose title is in `labels`."""

    text: str
    """Plain words."""
    kind: str
    """Such as `approach`."""
    id: str
    """The thing's id."""


class InDomain(Form):
    """An approach in one domain."""

    domain: Domain
    """Where the trials ran."""
    row: UpliftRow | None
    """Its uplift over all places, or at the only one; null where it was not compared."""
    refused: NotRequired[str | None]
    """Id of the gate that found this uplift to be exploited: nothing is to be built on it."""


class ApproachRow(Form):
    """An approach in every domain."""

    approach: str
    """Id of the approach."""
    role: Role
    """What it is for."""
    domains: list[InDomain]
    """The most real first."""


class NullNote(Form):
    """What the placebo says of the bands."""

    status: Standing
    """Passed where its bands cover zero, failed where one does not."""
    rows: list[UpliftRow]
    """Its uplift by domain."""
    moved: list[UpliftRow]
    """Those whose band excludes zero."""


class Weighed(Number):
    """A change against the baseline that a recommendation looked at."""

    domain: Domain | None
    """Where it was measured; null where it was not."""


class Decision(Form):
    """What to do about one approach."""

    approach: str
    """Id of the approach."""
    rule: str | None
    """The rule that holds; null when none does."""
    advice: str
    """The recommendation, or what is lacking for one."""
    because: list[Weighed]
    """The figures that the rule looked at."""
