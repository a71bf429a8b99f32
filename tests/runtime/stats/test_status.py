import pytest

from runtime.stats.status import Status, combine

P, F, U, N = Status.PASSED, Status.FAILED, Status.UNDECIDED, Status.NOT_RUN


@pytest.mark.parametrize(
    ("parts", "whole"), [([], N), ([P, P], P), ([P, N], N), ([P, U], U), ([U, N], N), ([N, F], F), ([P, U, N, F], F)]
)
def test_the_worst_counts_and_not_run_is_never_success(parts: list[Status], whole: Status) -> None:
    assert combine(parts) is whole
