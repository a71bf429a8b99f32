"""Where the remaining trials should go: to the cells whose outcomes are least certain (Neyman 1934)."""

from collections.abc import Sequence

import numpy as np


def neyman(
    spreads: Sequence[float],
    done: Sequence[int],
    budget: int,
    weights: Sequence[float] | None = None,
    most: Sequence[int] | None = None,
) -> list[int]:
    """Trials to add to each cell so that the weighted mean over cells has the least variance for `budget` more.

    Trials are handed out one by one to the cell whose variance falls most: exact for whole trials, and what has been
    run already counts. More trials do not make up for few training seeds: this divides what a budget allows.

    Args:
        spreads: standard deviation of one outcome in each cell.
        done: trials each cell has.
        budget: trials to hand out.
        weights: what each cell counts in the mean; equal by default.
        most: trials that a cell can have at most, as many as it has initial states.

    Raises:
        ValueError: when the lists differ in length or the budget is negative.
    """
    weights = [1.0] * len(spreads) if weights is None else weights
    most = [done_ + budget for done_ in done] if most is None else most
    if not len(spreads) == len(done) == len(weights) == len(most) or budget < 0:
        raise ValueError("a spread, trials done, a weight and a limit for each cell and a budget of 0 or more are needed")
    have, limit = np.array(done, dtype=float), np.array(most, dtype=float)
    share = (np.array(weights, dtype=float) * np.array(spreads, dtype=float)) ** 2
    for _ in range(budget):
        with np.errstate(divide="ignore"):
            # A cell without trials has no variance to fall from: it comes first, the least certain of them first.
            gain = np.where(have > 0, share / np.maximum(have * (have + 1), 1e-12), 1e9 * (share + 1e-9))
        gain = np.where(have < limit, gain, -1.0)
        best = int(np.argmax(gain)) if len(gain) else -1
        if best < 0 or gain[best] < 0:
            break
        have[best] += 1
    return [int(n - before) for n, before in zip(have, done, strict=True)]
