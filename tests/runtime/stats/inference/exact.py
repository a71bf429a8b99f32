"""Exact one-sided bounds of a binomial rate, as probabilities (0..1)."""

from scipy import optimize, stats


def exact_lower(successes: int, trials: int, alpha: float) -> float:
    """One-sided lower bound of Clopper and Pearson (1934): true rates lie above it with probability at least 1 - alpha.

    Raises:
        ValueError: when the counts are no counts.
    """
    return randomised_lower(successes, trials, alpha, 0.0)


def exact_upper(successes: int, trials: int, alpha: float) -> float:
    """One-sided upper bound of Clopper and Pearson."""
    return 1.0 - exact_lower(trials - successes, trials, alpha)


def randomised_lower(successes: int, trials: int, alpha: float, draw: float) -> float:
    """The uniformly most accurate lower bound, which covers with probability exactly 1 - alpha.

    It solves P(X > k) + (1 - draw) P(X = k) = alpha for the rate, with `draw` from [0, 1) at random: two people who
    counted the same get different bounds. A draw of 0 is Clopper and Pearson's, the lowest of them all.

    Raises:
        ValueError: when the counts are no counts, or the draw is outside [0, 1].
    """
    if not 0 <= successes <= trials or trials < 1 or not 0 <= draw <= 1 or not 0 < alpha < 1:
        raise ValueError(f"no bound for {successes} of {trials}, alpha {alpha}, draw {draw}")

    def excess(rate: float) -> float:
        above = float(stats.binom.sf(successes, trials, rate))
        return above + (1 - draw) * float(stats.binom.pmf(successes, trials, rate)) - alpha

    low, high = 1e-15, 1 - 1e-15
    if excess(low) >= 0:  # no success: every rate down to 0 explains it
        return 0.0
    return high if excess(high) <= 0 else float(optimize.brentq(excess, low, high, xtol=1e-13))


def draw_of(successes: int, trials: int, alpha: float, bound: float) -> float | None:
    """The draw that gives a randomised bound; None where no draw does."""
    lowest, highest = (randomised_lower(successes, trials, alpha, d) for d in (0.0, 1.0))
    if not lowest <= bound <= highest:
        return None
    found = optimize.brentq(lambda d: randomised_lower(successes, trials, alpha, d) - bound, 0.0, 1.0)
    return float(found)
