"""The form of `simkiln plan --json`, for its JSON Schema; the form itself is made in `overview.py`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Amount = tuple[float, float, float]


class Form(BaseModel):
    """Keys may be added, never renamed, without another number in `form`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Node(Form):
    """One planned artifact."""

    label: str
    """Stage and scope, such as `policy/cellar/press/bold/0`."""
    stage: str
    """Its stage."""
    fingerprint: str
    """Its address in the store, together with the stage."""
    location: str | None
    """None for what stands for the whole study."""
    state: Literal["build", "rebuild", "reuse", "not needed"]
    """`rebuild`: the store has another artifact of this stage and scope, whose place this one takes."""
    cpu_s: float | None
    """CPU seconds that building it is expected to take; None where nothing is built."""


class Orphan(Form):
    """One artifact in the store that no study plans."""

    label: str
    """What it was built for."""
    stage: str
    """Its stage."""
    fingerprint: str
    """Its address in the store, together with the stage."""
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
    disk_known: float
    """Share of the nodes whose size is known."""
    measured: float
    """Share of the CPU time that rests on measurements rather than on declared costs."""
    wall_h: float
    """Least wall time on `cores` cores: the longest chain of jobs, or all CPU time spread evenly."""
    cores: int
    """Cores that `wall_h` is for."""
    money: Amount | None
    """By the study's `rates:`; None without."""
    currency: str | None
    """ISO 4217 code."""


class PlanForm(Form):
    """What `simkiln plan --json` prints."""

    form: Literal[1]
    """Version of this form."""
    study: str
    """Id of the study."""
    counts: dict[Literal["build", "rebuild", "reuse", "not needed", "orphan"], int]
    """How many artifacts are in each state; `build` does not count `rebuild`."""
    estimate: Estimate
    """What building takes."""
    nodes: list[Node]
    """Everything that the study needs, parents first."""
    orphans: list[Orphan]
    """What no study plans any more; empty where `refused` is not."""
    refused: list[str]
    """Other studies that have errors, so that orphans cannot be told."""
