"""The form of `belief` in `report.json`: what an expected range and its measurement come to together."""

from runtime.report.forms.base import Band, Form


class Believed(Form):
    """A distribution of uplift, in points. A belief is no evidence: no gate and no claim reads it."""

    mean: float
    """Points."""
    sd: float
    """Standard deviation; the distribution is a mixture, not a normal one."""
    band: Band
    """Central band: of the prior at 80 %, else at the study's level."""
    helps: float | None
    """Probability that the uplift is above zero; null where less than half of the belief is measured, but for the prior."""
    gain: float
    """Mean of the uplift where it is above zero, nothing where it is not: points gained if kept only where it helps."""
    range_weight: float | None
    """How much the expected range itself is believed, 0 to 1; the rest is a wide distribution round no uplift. Null
    where no range takes part."""
    share: float
    """How much of the belief is measured, 0 to 1: the share of each part's variance that the measurement took away."""


class Belief(Form):
    """An expected range updated by its measurement."""

    prior: Believed
    """Beforehand: nothing of it is measured."""
    alone: Believed | None
    """The measurement alone, every uplift as good as any other beforehand; null from one seed."""
    sceptic: Believed
    """The same measurement after a sceptic's prior, normal round no uplift with a standard deviation of 8 points."""
    likelihood_ratio: float | None
    """How many times better the range explains the measurement than no uplift does; null from one seed."""
    posterior: Believed
    """At these locations."""
    new_location: Believed | None
    """At one more location drawn as these were; null where the spread between locations is unknown."""
