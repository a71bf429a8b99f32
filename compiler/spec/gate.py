"""A gate: a rule over a metric's band, and what its failure does."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from compiler.spec.base import Spec
from runtime.bound.gate import GateRule

OnFail = Literal["warn", "stop", "skip_downstream"]


class Gate(Spec, GateRule):
    """A rule over a metric's band: passed, failed, undecided or not run."""

    advice: Annotated[str, StringConstraints(max_length=300)] = ""
    """What to do where it fails; `simkiln status` says it."""
    on_fail: OnFail = "warn"
    """`warn` only says so. `stop` builds nothing that depends on the artifacts that failed, and ends `simkiln run` with
    exit code 1. `skip_downstream` leaves out the same, as planned: the study is judged over the rest."""
