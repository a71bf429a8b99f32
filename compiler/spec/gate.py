"""A gate: a rule over a metric's band, and what its failure does."""

from typing import Literal

from pydantic import Field

from runtime.bound.gate import GateRule

OnFail = Literal["warn", "stop", "skip_downstream"]


class Gate(GateRule):
    """A rule over a metric's band: passed, failed, undecided or not run."""

    title: str = Field(min_length=1, max_length=200)
    """What people call it. Changing it rebuilds nothing."""
    on_fail: OnFail = "warn"
    """`warn` only says so. `stop` builds nothing that depends on the artifacts that failed, and ends `simkiln run` with
    exit code 1. `skip_downstream` leaves out the same, as planned: the study is judged over the rest."""
