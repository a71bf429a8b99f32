"""More than one thread for the kernels, which release the GIL: whoever wants it says so with `OMP_NUM_THREADS`.

Jobs run with one, as their environment says. What a kernel computes does not depend on how a range is cut, so neither does
any result on the number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

PIECES = 4  # for each thread, so that none waits long for another


def count() -> int:
    """`OMP_NUM_THREADS`; 1 where it is not a number above zero."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(given)) if given.isdecimal() else 1


@cache
def pool(threads: int, process: int) -> ThreadPoolExecutor:
    """The threads of this process: one that was forked has its own."""
    return ThreadPoolExecutor(threads, "splat")


def even_cuts(total: int, work: np.ndarray | None = None, each: int = PIECES) -> np.ndarray:
    """Where to cut 0..total: ends [P + 1] of ranges that cost about the same, with `work` [total + 1] the sum up to each.

    A thread gets `each` of them, or all of them where there is one thread.
    """
    pieces = 1 if count() == 1 else each * count()
    if work is None or pieces == 1:
        return np.linspace(0, total, pieces + 1).astype(np.int64)
    inner = np.searchsorted(work, np.linspace(0, work[-1], pieces + 1)[1:-1])
    return np.clip(np.concatenate([[0], inner, [total]]), 0, total).astype(np.int64)


def over(cuts: np.ndarray, call: Callable[[int, int], Any]) -> list[Any]:
    """`call(start, stop)` over the ranges between `cuts`, in as many threads as there are; the returns in order."""
    return both(lambda: None, cuts, call)[1:]


def both(first: Callable[[], Any], cuts: np.ndarray, call: Callable[[int, int], Any]) -> list[Any]:
    """Like `over`, beside another call, whose return comes first."""
    calls = [first, *(partial(call, int(a), int(b)) for a, b in pairwise(cuts))]
    if count() == 1:
        return [c() for c in calls]
    return list(pool(count(), os.getpid()).map(lambda c: c(), calls))
