"""The four outcomes that anything measured can have. Not run is never success."""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """Outcome of a gate, a comparison or a whole study."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"


_WORST_FIRST = (Status.FAILED, Status.NOT_RUN, Status.UNDECIDED, Status.PASSED)


def combine(statuses: Iterable[Status]) -> Status:
    """The verdict over several outcomes: the worst of failed, not run, undecided, passed.

    Nothing at all is `not run`: a verdict needs something that was measured.
    """
    found = set(statuses)
    return next((status for status in _WORST_FIRST if status in found), Status.NOT_RUN)
