"""A gate: a rule over a metric's band."""

from pydantic import Field

from runtime.spec.gate import GateRule


class Gate(GateRule):
    """A rule over a metric's band: passed, failed, undecided or not run."""

    title: str = Field(min_length=1, max_length=200)
    """What people call it. Changing it rebuilds nothing."""
