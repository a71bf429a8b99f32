"""The four outcomes that anything measured can have. Not run is never success."""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """Outcome of a node, a gate, a claim, a comparison or a whole study."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"

    @property
    def rank(self) -> int:
        """Place among the four, the worst first: failed, not run, undecided, passed."""
        return _WORST_FIRST.index(self)

    @property
    def exit_code(self) -> int:
        """What a command that reports it returns: 0 for passed alone. 2 stays what it always is, wrong usage."""
        return {Status.PASSED: 0, Status.FAILED: 1, Status.UNDECIDED: 3, Status.NOT_RUN: 4}[self]


_WORST_FIRST = (Status.FAILED, Status.NOT_RUN, Status.UNDECIDED, Status.PASSED)


def combine(statuses: Iterable[Status]) -> Status:
    """The verdict over several outcomes: the worst of failed, not run, undecided, passed.

    Nothing at all is `not run`: a verdict needs something that was measured.
    """
    return min(statuses, key=lambda status: status.rank, default=Status.NOT_RUN)
