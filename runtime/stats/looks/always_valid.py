"""Comparisons that may stop at any time: an always-valid band of the mean of bounded outcomes, whenever one looks.

Outcomes are differences of two sides at the same initial states, one state after another. Over a few training runs they
speak of *these training runs*; what other training seeds would do is not in them.
"""

import numpy as np

from runtime.stats.band import Band

FINER = 50
"""Candidates between two of those, at the ends of a band."""
GRID = 401
"""Candidate differences that a confidence sequence tests."""


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
    wealth = _against(x, candidates, level)
    kept = candidates[wealth < np.log(2 / (1 - level))]
    if len(kept) == 0:  # the truth lies between two candidates
        kept = candidates[[int(np.argmin(wealth))]]
    ends = [_end(x, float(kept.min()), -1 / (GRID - 1), level), _end(x, float(kept.max()), 1 / (GRID - 1), level)]
    return Band(*(float(low + (high - low) * end) for end in ends))


def leaves_out_zero(differences: np.ndarray, level: float) -> np.ndarray:
    """Whether the band of `confidence_sequence` has left out zero by then: [..., N] of bool.

    Args:
        differences: [..., N] in -1..1, in the order in which they came.
        level: one minus the chance that it ever does where the mean is zero, however often one looks.
    """
    wealth = _log_wealth((np.asarray(differences, dtype=float) + 1) / 2, np.array(0.5), level)
    return wealth >= np.log(2 / (1 - level))


def _end(x: np.ndarray, kept: float, step: float, level: float) -> float:
    """Where between a kept candidate and its neighbour, `step` away, the band ends: on a finer grid, outwards."""
    finer = np.clip(kept + step * np.arange(1, FINER + 1) / FINER, 0.0, 1.0)
    out = np.flatnonzero(_against(x, finer, level) >= np.log(2 / (1 - level)))
    return float(finer[out[0]] if len(out) else finer[-1])


def _against(x: np.ndarray, candidates: np.ndarray, level: float) -> np.ndarray:
    return _log_wealth(x[None, :], candidates[:, None], level)[:, -1]


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
