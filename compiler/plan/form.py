"""The forms of `simkiln plan --json`: `overview.py` and `against.py` fill them in, and their JSON Schemas come from here.

A comment for a pull request is made from what a stranger's branch wrote in `AgainstForm`: whatever of it is shown as it is
(numbers, ids, names of stages) has bounds here; all other text is shown as inline code.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

from compiler.spec.base import Id

Quantity = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]
StageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Amount = tuple[Quantity, Quantity, Quantity]
MarkName = Literal["build", "rebuild", "reuse", "not needed", "orphan"]
AgainstCount = Literal["build", "rebuild", "reuse", "gone", "gone_stored", "pending"]

CauseKind = Literal["new", "parameter", "seed", "version", "model", "code", "library", "backend", "content", "parent"]


@with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
class Form(TypedDict):
    """Keys may be added, never renamed, without another number in `form`."""


class Artifact(Form):
    """What all lists of artifacts say. Pydantic reads docstrings of a typed dict's own fields only."""

    label: Annotated[str, Field(description="Stage and scope.")]
    stage: Annotated[StageName, Field(description="Its stage.")]
    fingerprint: Annotated[str, Field(description="Its address in the store, together with the stage.")]


class Node(Artifact):
    """One planned artifact."""

    label: str
    """Stage and scope, such as `policy/cellar/press/bold/0`."""
    location: str | None
    """None for what stands for the whole study."""
    state: Literal["build", "rebuild", "reuse", "not needed"]
    """`rebuild`: the store has another artifact of this stage and scope, whose place this one takes."""
    cpu_s: float | None
    """CPU seconds that building it is expected to take; None where nothing is built."""


class Orphan(Artifact):
    """One artifact in the store that no study plans."""

    label: str
    """What it was built for."""
    location: str | None
    """None for what stood for a whole study."""
    bytes: int
    """Size of its files."""
    superseded: bool
    """Whether another artifact of its stage and scope is planned."""


class Estimate(Form):
    """What building takes. Amounts are expected value, low and high end of a band that covers 80%."""

    cpu_h: Amount
    """CPU-hours."""
    gpu_h: Amount
    """GPU-hours: wall time times the GPUs held."""
    disk_gb: Amount
    """Gigabytes of 10^9 bytes, without stages of which no artifact was ever built."""
    disk_known: Quantity
    """Share of the nodes whose size is known."""
    measured: Quantity
    """Share of the CPU time that rests on measurements rather than on declared costs."""
    wall_h: Quantity
    """Least wall time on `cores` cores: the longest chain of jobs, or all CPU time spread evenly."""
    cores: Count
    """Cores that `wall_h` is for."""
    money: Amount | None
    """By the study's `rates:`; None without."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None
    """ISO 4217 code."""


class PlanForm(Form):
    """What `simkiln plan --json` prints."""

    form: Literal[1]
    """Version of this form."""
    study: str
    """Id of the study."""
    counts: dict[MarkName, int]
    """How many artifacts are in each state; `build` does not count `rebuild`."""
    estimate: Estimate
    """What building takes."""
    nodes: list[Node]
    """Everything that the study needs, parents first."""
    orphans: list[Orphan]
    """What no study plans any more; empty where `refused` is not."""
    refused: list[str]
    """Other studies that have errors, so that orphans cannot be told."""


class Cause(Form):
    """One reason for building, and what it builds. A node with two causes counts for both."""

    kind: CauseKind
    """`new` is a location, task, approach, seed, domain or gate that the other revision does not have."""
    text: str
    """The cause in words, with old and new value."""
    at: str | None
    """FILE:LINE:COLUMN of the spec that says so now."""
    names: list[str]
    """Of a `new` one: all that are new."""
    build: dict[StageName, Count]
    """Stage -> artifacts that had no counterpart."""
    rebuild: dict[StageName, Count]
    """Stage -> artifacts that take the place of another."""


class Built(Artifact):
    """One artifact that the change builds."""

    state: Literal["build", "rebuild"]
    """`rebuild`: the other revision has another artifact of this stage and scope."""


class Gone(Artifact):
    """One artifact that only the other revision needs."""

    stored: bool
    """Whether it is in the store."""


class AgainstForm(Form):
    """What `simkiln plan --against REV --json` prints."""

    form: Literal[1]
    """Version of this form."""
    study: Id
    """Id of the study."""
    revision: str
    """As it was given."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
    """What it names; empty for the work tree."""
    compared: bool
    """False where the revision's specs cannot be read or have errors; then this is the plan of the work tree alone."""
    problems: list[str]
    """Why it was not compared."""
    notes: list[str]
    """What else is to be known, such as that the code differs too."""
    counts: dict[AgainstCount, Count]
    """`reuse`: newly asked for and in the store. `pending`: missing with or without the change."""
    reused: NotRequired[Count]
    """All that the work tree's plan has in the store, asked for newly or not."""
    estimate: Estimate
    """What building takes."""
    over: NotRequired[list[str]]
    """A line for each limit of the study's `budget:` that the estimate passes."""
    gone_bytes: Count
    """Size of what is in the store and no longer needed."""
    causes: list[Cause]
    """Those that build most come first."""
    builds: list[Built]
    """Parents first."""
    gone: list[Gone]
    """What is no longer needed."""
