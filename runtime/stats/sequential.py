"""Comparisons that may stop at any time: always-valid tests of paired outcomes, whenever one looks.

They speak of *these training runs*: episode after episode, does this policy beat that one from the same initial states?
What another training seed would do is not in them; for that, look a few times with `look_levels` at the usual band.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln

from runtime.stats.band import Band

GRID = 401
"""Candidate differences that a confidence sequence tests."""


def evidence_value(gained: np.ndarray | int, lost: np.ndarray | int) -> np.ndarray:
    """Evidence against equal success rates after so many discordant pairs; 1 / alpha rejects at alpha, at any time.

    Under equality a discordant pair is a fair coin. The mixture of all other coins over it (Robbins 1970, uniform on
    the coin's chance) is a martingale that starts at 1, so by Ville's inequality it ever passes 1 / alpha with
    probability alpha at most.
    """
    gained, lost = np.asarray(gained, dtype=float), np.asarray(lost, dtype=float)
    return np.exp(np.minimum(betaln(gained + 1, lost + 1) + (gained + lost) * np.log(2), 700))


@dataclass(frozen=True)
class Stop:
    """When a comparison stopped, after `trials` pairs, with `saved` not run; `direction` helps, hurts or undecided."""

    trials: int
    saved: int
    direction: str


def first_stop(differences: np.ndarray, level: float, max_trials: int | None = None) -> Stop:
    """Where a comparison stops on paired differences [N] in {-1, 0, 1}, in the order in which they came.

    Args:
        differences: treatment minus baseline, one per initial state.
        level: one minus the chance of ever stopping where there is no difference.
        max_trials: budget; by default all of `differences`.
    """
    planned = len(differences) if max_trials is None else min(max_trials, len(differences))
    seen = np.asarray(differences)[:planned]
    gained, lost = np.cumsum(seen > 0), np.cumsum(seen < 0)
    found = np.flatnonzero(evidence_value(gained, lost) >= 1 / (1 - level))
    if len(found) == 0:
        return Stop(planned, 0, "undecided")
    at = int(found[0])
    return Stop(at + 1, planned - at - 1, "helps" if gained[at] > lost[at] else "hurts")


def confidence_sequence(differences: np.ndarray, level: float, bounds: tuple[float, float] = (-1.0, 1.0)) -> Band:
    """Band of the mean after all of `differences` [N], valid however N was chosen; in their units.

    Hedged betting (Waudby-Smith and Ramdas 2024): against every candidate mean one gambler bets on more and one on
    less, each by the predictable mean and variance so far; candidates against which one of them has won
    2 / alpha are out. Any outcome between `bounds` will do, scores too.
    """
    low, high = bounds
    if len(differences) == 0:
        return Band(low, high)
    x = (np.asarray(differences, dtype=float) - low) / (high - low)
    candidates = np.linspace(0, 1, GRID)
    wealth = _log_wealth(x[None, :], candidates[:, None], level)[:, -1]
    kept = candidates[wealth < np.log(2 / (1 - level))]
    if len(kept) == 0:  # the truth lies between two candidates
        kept = candidates[[int(np.argmin(wealth))]]
    step = 1 / (GRID - 1)
    inner = max(kept.min() - step, 0.0), min(kept.max() + step, 1.0)
    return Band(low + (high - low) * inner[0], low + (high - low) * inner[1])


def leaves_out_zero(differences: np.ndarray, level: float) -> np.ndarray:
    """Whether the band of `confidence_sequence` has left out zero by then: [..., N] of bool.

    Args:
        differences: [..., N] in -1..1, in the order in which they came.
        level: one minus the chance that it ever does where the mean is zero, however often one looks.
    """
    wealth = _log_wealth((np.asarray(differences, dtype=float) + 1) / 2, np.array(0.5), level)
    return wealth >= np.log(2 / (1 - level))


def _log_wealth(x: np.ndarray, candidate: np.ndarray, level: float) -> np.ndarray:
    """Logarithm [..., N] of the most that either gambler has ever held against `candidate` after x [..., N] in 0..1."""
    t = np.arange(1, x.shape[-1] + 1)
    mean = (0.5 + np.cumsum(x, -1)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2, -1)) / (t + 1)
    before = np.concatenate([np.full_like(x[..., :1], 0.25), variance[..., :-1]], -1)
    stake = np.sqrt(2 * np.log(2 / (1 - level)) / (before * t * np.log(1 + t)))
    up = np.minimum(stake, 0.5 / np.maximum(candidate, 1e-12))
    down = np.minimum(stake, 0.5 / np.maximum(1 - candidate, 1e-12))
    away = x - candidate
    won = np.maximum(np.cumsum(np.log1p(up * away), -1), np.cumsum(np.log1p(-down * away), -1))
    return np.maximum.accumulate(won, -1)


def look_levels(level: float, looks: int) -> list[float]:
    """Levels of the usual band at each of a few planned looks, so that all of them together hold at `level`.

    A look's share of the error is that of O'Brien and Fleming's spending (Lan and DeMets 1983) at equal steps: little
    early, most of it at the last look. Shares add up at worst (Bonferroni), so any band will do, ours over seeds too.

    Raises:
        ValueError: when there is no look.
    """
    from scipy.stats import norm

    if looks < 1:
        raise ValueError("at least one look is needed")
    z = norm.ppf(1 - (1 - level) / 2)
    spent = [2 * (1 - norm.cdf(z / ((k + 1) / looks) ** 0.5)) for k in range(looks)]
    return [1 - (now - before) for now, before in zip(spent, [0.0, *spent[:-1]], strict=True)]
