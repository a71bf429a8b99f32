"""The form of `evidence.reproducible` in `report.json`: whether trials that were run twice ended the same."""

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form, Standing


class DomainTwice(Form):
    """One domain. Rates in points: of 100 trials run twice, those that ended differently."""

    domain: Domain
    """Where the trials ran."""
    trials: int
    """Trials that were run twice."""
    differing: int
    """Those of them whose success differed."""
    rate: float | None
    """Their share; null where no trial was run twice."""
    band: Band | None
    """Clopper and Pearson's exact interval."""
    level: float | None
    """Its confidence level."""
    limit: float
    """What the study puts up with."""
    status: Standing
    """Passed when the whole band is at or below the limit, failed when it is above."""
    paired: bool
    """Whether comparisons in the domain pair trials: not where the status is failed."""
