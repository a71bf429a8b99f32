"""The gate rule: what a metric's band must clear; and what a failed one has stopped."""

from difflib import get_close_matches
from typing import Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, later
from runtime.bound.domain import Domain

Comparator = Literal["at_least", "at_most", "above", "below", "between", "contains"]
Scope = Literal["artifact", "location", "study"]

TRIAL_METRICS = ("success_rate", "uplift", "exploitation")
"""Metrics computed from trials, in points on the 100-point scale; every other metric names a stage."""


class GateRule(Bound):
    """A rule over a metric's band: passed, failed, undecided, or not run when nothing was measured."""

    metric: str = Field(min_length=1)
    """`success_rate`, `uplift` or `exploitation` (points, from trials; the last is the uplift in `domain` less that in
    `against`), or the name of any metric that `stage` records."""
    stage: str | None = None
    """Stage whose recorded metric is judged, for example `splat`. Absent for `success_rate` and `uplift`."""
    approach: str | None = None
    """Id of the approach judged; needed by `success_rate` and `uplift`."""
    domain: Domain | None = None
    """Domain of the trials judged; needed by `success_rate` and `uplift`."""
    against: Domain | None = later(born=None, since=1)
    """With `exploitation`: the domain that nobody was optimised in."""
    of: Literal["median"] | None = later(born=None, since=1)
    """`median`: the metric over the median of the runs made alike, which differ in the training seed alone. The same rule then
    holds for every approach; the worst run counts."""
    over: Literal["seeds"] | None = later(born=None, since=1)
    """`seeds`: a stage's metric as its mean over training seeds, with a band by Student's t; one seed decides nothing."""
    unmeasured: Literal["left_out"] | None = later(born=None, since=1)
    """`left_out`: an artifact that says that it could not measure the metric (a splat that was brought, without photos) is not
    judged. Else the gate is not run where there is one."""
    scope: Scope = "study"
    """`study` judges the value pooled over locations (the mean over artifacts for a stage's metric),
    `location` every location by itself, `artifact` every artifact by itself; the worst verdict counts."""
    comparator: Comparator
    """How the band must lie to the threshold. `contains` passes when the band covers the threshold:
    a check of the bands themselves, not a claim of equality."""
    threshold: float | tuple[float, float]
    """A number, or `[low, high]` for `between`. In points for `success_rate` and `uplift`, otherwise in
    the unit of the metric."""
    level: float | None = Field(None, gt=0.5, lt=1)
    """Confidence level of the band, for example 0.95. Absent: the study's level."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.comparator == "between":
            if not isinstance(self.threshold, tuple):
                raise ValueError("`between` needs a threshold of two numbers")
            if self.threshold[0] >= self.threshold[1]:
                raise ValueError("the threshold's low end must be below its high end")
        elif isinstance(self.threshold, tuple):
            raise ValueError(f"`{self.comparator}` needs a threshold of one number")
        if self.metric in TRIAL_METRICS:
            missing = [name for name in ("approach", "domain") if getattr(self, name) is None]
            if missing:
                raise ValueError(f"metric `{self.metric}` needs `{'` and `'.join(missing)}`")
            if (self.metric == "exploitation") != (self.against is not None) or self.against == self.domain:
                raise ValueError("`exploitation` is an uplift in `domain` less that in `against`, another domain")
            if self.stage is not None:
                raise ValueError(f"metric `{self.metric}` comes from trials and takes no `stage`")
            if self.scope == "artifact":
                raise ValueError(f"metric `{self.metric}` has scope `location` or `study`")
        else:
            if self.against is not None:
                raise ValueError("`against` belongs to the metric `exploitation`")
            if self.stage is None:
                near = get_close_matches(self.metric, TRIAL_METRICS, 1)
                meant = f"; did you mean `{near[0]}`?" if near else ""
                raise ValueError(f"metric `{self.metric}` needs the `stage` that records it{meant}")
            if self.comparator == "contains":
                raise ValueError("`contains` needs a metric with a band")
        if self.of is not None and (self.metric in TRIAL_METRICS or self.scope == "artifact"):
            raise ValueError("`of: median` takes the metric of a stage, with the scope `location` or `study`")
        if self.over is not None and (self.metric in TRIAL_METRICS or self.scope == "artifact" or self.of is not None):
            raise ValueError("`over: seeds` takes the metric of a stage, with the scope `location` or `study` and without `of`")
        return self


class StoppedBy(Bound):
    """One gate that stopped something."""

    gate: str
    """Id of the gate."""
    on_fail: Literal["stop", "skip_downstream"]
    """`stop`: what is missing counts as not run. `skip_downstream`: the study is judged over the rest."""
    reason: str
    """What was measured and what was wanted."""
    places: tuple[str, ...]
    """Locations at which something was stopped."""
