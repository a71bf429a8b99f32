"""How far a judge agrees with what is known of rollouts: order, calibration, floor and ceiling, and its words with its scores."""

import numpy as np

from runtime.world.judge import Said
from runtime.world.metrics import auc

BINS = 10
EDGE = 0.05
"""Scores this near to 0 or 1 are at the floor or the ceiling."""


def agreement(said: Said, truth: np.ndarray) -> dict[str, float]:
    """Metrics of a judge over rollouts of which bool [N] is known whether they succeeded; what cannot be measured is left out.

    `ece` is the expected calibration error over ten bins of equal width (Guo et al. 2017). `stuck` is the larger of the shares of
    true successes at the floor and of true failures at the ceiling: 1 for whoever always says the same of either.
    """
    score: np.ndarray = np.nan_to_num(said.score).clip(0, 1)
    low, high = score <= EDGE, score >= 1 - EDGE
    found = {
        "auc": auc(score, truth),
        "ece": ece(score, truth),
        "brier": float(np.mean((score - truth) ** 2)),
        "floor_share": float(low.mean()),
        "ceiling_share": float(high.mean()),
        "stuck": max((float(part.mean()) for part in (low[truth], high[~truth]) if len(part)), default=0.0),
        "agrees": float(np.mean((score >= 0.5) == truth)),
        "true_share": float(truth.mean()),
        "said_share": float(score.mean()),
    }
    if said.text is not None:
        found["text_against_score"] = float(np.mean(said.text == (score >= 0.5)))
        found["text_agrees"] = float(np.mean(said.text == truth))
    return {name: round(value, 4) for name, value in found.items() if not np.isnan(value)}


def ece(score: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of mean score and share of successes in bins of equal width, by the number in each."""
    which = np.minimum((score * BINS).astype(int), BINS - 1)
    parts = [(which == b) for b in np.unique(which)]
    return float(sum(part.mean() * abs(score[part].mean() - truth[part].mean()) for part in parts))
