"""Claims: the sentences that a study tests, as rules over bands of uplift."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from runtime.bound.base import Bound, later
from runtime.bound.domain import About, Domain

ApproachId = Annotated[str, Field(min_length=1)]
PartId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Controls(Bound):
    """Approaches of the study that rule out other explanations. Absent ones are looked for among the approaches."""

    placebo: ApproachId | None = None
    """Identical to the approach compared with but for its training seeds: shows what no effect looks like."""
    capacity: ApproachId | None = None
    """Has the claimed approach's budget (steps, demos, parameters) and nothing else of it."""


class ClaimBase(Bound):
    """What every claim states."""

    domain: Domain
    """Where the trials run that carry the claim."""
    about: About | None = None
    """What the claim speaks of; absent, of nothing beyond its domain. `real_robot` needs trials in `irl`."""
    level: float | None = Field(None, gt=0.5, lt=1)
    """Confidence level. Absent: the study's level."""
    controls: Controls = Controls()
    """Controls, where they are not to be found by themselves."""
    where: dict[str, float | str] = later(born={}, since=1)
    """Factor -> the value that trials must have to count, such as `demos: 20`; absent, all count."""


class Compared(ClaimBase):
    """A claim about one approach over another."""

    approach: ApproachId
    """Id of the approach that the claim is about."""
    over: ApproachId | None = None
    """Id of the approach that it is compared with. Absent: the study's baseline."""


class Superior(Compared):
    """The approach is better, by more than `margin`."""

    kind: Literal["superior"]
    """Better: the whole band of uplift lies above the margin."""
    margin: float = Field(0.0, ge=0, lt=100)
    """Uplift that must be exceeded, in points."""


class Equivalent(Compared):
    """The difference is smaller than `margin` either way."""

    kind: Literal["equivalent"]
    """Equal within the margin, by two one-sided tests."""
    margin: float = Field(gt=0, lt=100)
    """Largest difference that does not matter, in points."""


class Alike(ClaimBase):
    """The same policies score alike in two domains: the difference is smaller than `margin` either way."""

    kind: Literal["alike"]
    """Such as: in the twin as at its place. By two one-sided tests over trials of the same initial states."""
    approach: ApproachId
    """Id of the approach whose policies are tried in both."""
    against: Domain
    """The domain that `domain` is held against, such as `irl_proxy`."""
    margin: float = Field(gt=0, lt=100)
    """Largest difference that does not matter, in points: it has to be stated."""


class NonInferior(Compared):
    """The approach is at most `margin` worse."""

    kind: Literal["non_inferior"]
    """Not worse by the margin or more."""
    margin: float = Field(gt=0, lt=100)
    """Loss that would matter, in points."""


class Ordered(ClaimBase):
    """Each approach is better than the next one."""

    kind: Literal["ordered"]
    """An order of approaches, for example oracle, treatment, control."""
    order: list[ApproachId] = Field(min_length=2, max_length=20)
    """Ids of the approaches, best first."""


class Falling(Compared):
    """The approach's uplift falls along a factor that varies between trials."""

    kind: Literal["falling"]
    """Such as: what a prior brings is less with many demos than with few."""
    along: str = Field(min_length=1, max_length=60)
    """The factor, such as `demos`."""
    between: tuple[float, float]
    """Its two values: the uplift at the first is larger than at the second."""


Explanation = Literal["capacity", "auxiliary loss"]
"""What else than the approach's idea an uplift could come from."""
Simple = Superior | Equivalent | NonInferior | Ordered | Alike | Falling
"""A claim that bands of one kind decide."""


class Composed(Bound):
    """Evidence of several kinds, all of which is needed: it holds when every part does."""

    kind: Literal["composed"]
    """Such as: treatment beats baseline, capacity control equals baseline, corrupting the input hurts."""
    parts: dict[PartId, Annotated[Simple, Field(discriminator="kind")]] = Field(min_length=2, max_length=20)
    """Claims by names of their own; the weakest of them is named in the verdict."""
    rules_out: dict[PartId, Explanation] = later(born={}, since=1)
    """Part -> the explanation that it rules out: it compares the approach with a control that has that and not the idea. Where
    all other parts hold and this one does not, since the control does as well or is better than the baseline too, the claim is
    `confounded by` it."""
    requires: list[Annotated[str, Field(min_length=1)]] = later(born=[], since=1)
    """Gates of the study over trials that must be passed; until they are, the claim is not run."""

    @model_validator(mode="after")
    def _of_parts(self) -> Self:
        for name in self.rules_out:
            if not isinstance(self.parts.get(name), Superior):
                raise ValueError(f"`rules_out` has `{name}`, which is no part of the kind `superior`")
        if not self.parts.keys() - self.rules_out.keys():
            raise ValueError("`rules_out` has every part: one at least says that the approach helps")
        return self


Claim = Annotated[Superior | Equivalent | NonInferior | Ordered | Alike | Falling | Composed, Field(discriminator="kind")]


def parts(claim: Simple | Composed) -> list[tuple[str, Simple]]:
    """(name, claim) of each part of a composed claim; a simple claim is its own only part, without a name.

    In the order of their names: the order of keys is no part of an address, so nothing may depend on it.
    """
    return sorted(claim.parts.items()) if isinstance(claim, Composed) else [("", claim)]


def comparisons(claim: Simple, baseline: str | None) -> list[tuple[str, str]]:
    """(approach, compared with) for every band of uplift that the claim needs, the same where domains are compared; none where a
    baseline is missing."""
    if isinstance(claim, Ordered):
        return list(zip(claim.order, claim.order[1:], strict=False))
    if isinstance(claim, Alike):
        return [(claim.approach, claim.approach)]
    over = claim.over or baseline
    return [(claim.approach, over)] if over is not None else []
