"""An approach: one row of the decision matrix, as a delta on top of another approach."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from compiler.spec.base import Id, Part, Spec, StageParameters
from runtime.bound.checkpoint import LeRobotPolicy
from runtime.bound.frame import PriorRange

Change = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
"""A stage, or one parameter or port of a stage."""


class Row(Part):
    """The approach's row of the decision matrix."""

    available: bool
    """Whether the code is available now."""
    no_new_real_data: bool
    """Whether it does without new real-world recordings."""
    no_teleoperation: bool
    """Whether it does without people steering robots."""
    stack_change: Literal["none", "small", "small-medium", "medium", "medium-large", "large"]
    """How much of the stack must change."""
    extra_data: str = ""
    """What it needs beyond captures and what is made from them; empty when nothing."""
    licence: str = ""
    """SPDX expression of the code that it brings, `NONE` when that has no licence; empty when it brings no code."""
    substitute: Id | None = None
    """Approach to take instead where the licence forbids a study's use."""
    evidence: Literal["direct", "surrogate"] = "direct"
    """`surrogate` when what is built here only stands in for the method that the row names."""
    reason: str = ""
    """Why it is not available, or does not fit a constraint."""
    state: Literal["built", "planned", "blocked"] = "built"
    """Of a row that is not available: `planned` when it is ours to build, `blocked` when others must move first."""
    repository: str = Field("", max_length=200)
    """Where its authors publish their code."""
    verified: date | None = None
    """The day on which what this row says of others' code was looked up."""
    prior: PriorRange = PriorRange()
    """Uplift expected before anything was measured, in absolute points on the 100-point scale."""

    @model_validator(mode="after")
    def _waits_for(self) -> Self:
        if self.state != "built" and (self.available or not self.reason):
            raise ValueError(f"a row that is {self.state} has `available: false` and a `reason`")
        return self


class Control(Part):
    """A control of an approach: a delta of it, or one of the standing kinds."""

    kind: Literal["delta", "same_budget", "placebo"] = "delta"
    """`same_budget`: what the approach extends, with its steps, demos and capacity and nothing else of it. `placebo`: what it
    extends, with other training seeds."""
    title: str = Field("", max_length=200)
    """What people call it; by default the approach's title and the control's id."""
    training_seed_offset: int | None = Field(None, ge=0)
    """As in an approach."""
    rounds: int | None = Field(None, ge=1, le=20)
    """As in an approach."""
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters that differ from the approach's."""
    inputs: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Inputs that differ from the approach's."""

    @model_validator(mode="after")
    def _standing(self) -> Self:
        if self.kind != "delta" and (self.stages or self.inputs or self.rounds):
            raise ValueError(f"`{self.kind}` follows from the approach and takes no `stages`, `inputs` or `rounds`")
        return self


class Approach(Spec):
    """Parameters and inputs that differ from the approach it extends, and the row it stands for."""

    extends: Id | None = None
    """Approach that this one is a delta of."""
    training_seed_offset: int | None = Field(None, ge=0)
    """Added to every training seed of the study; inherited, 0 at the root. Cells are compared by the study's seed."""
    rounds: int | None = Field(None, ge=1, le=20)
    """How often the stages that stand for a round are run, each reading what the round before made; inherited, 1 at the root."""
    judge_rounds: Literal["last", "all"] = "last"
    """Which rounds have trials: with `all`, each earlier round is an approach `APPROACH~round-N` of its own."""
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters that differ."""
    inputs: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Stage -> port -> the stage whose artifact it reads instead, for example `policy: {demos: enrichment}`."""
    policy: LeRobotPolicy | None = None
    """A checkpoint of your own in the place of the policy that would be made; inherited."""
    changes: list[Change] | None = None
    """What it claims to change against a study's baseline: `STAGE`, `STAGE.PARAMETER`, `STAGE.PORT`,
    `policy`, `training_seed_offset` or `rounds`. Absent: what its own file sets, and those that it extends up to the baseline."""
    controls: dict[Id, Control] = Field(default_factory=dict)
    """Controls by ids of their own, for example `same-budget: {kind: same_budget}`. Each becomes the approach `APPROACH~ID`
    of every study that holds this one, with the claim that this one is better."""
    row: Row
    """Row of the decision matrix."""

    @model_validator(mode="after")
    def _controlled(self) -> Self:
        if taken := next((name for name in self.controls if re.fullmatch(r"round-\d+", name)), None):
            raise ValueError(f"`controls` has `{taken}`, which is what an arm of `judge_rounds` is called")
        standing = next((name for name, control in self.controls.items() if control.kind != "delta"), None)
        if standing is not None and self.extends is None:
            raise ValueError(f"the control `{standing}` is made of what the approach extends, and it extends nothing")
        return self
