"""Ranking of imagined rollouts, and the mix of them that is learned from.

Failures are ranked by rank(-judge) + rank(-proxy) + disagreement, each scaled to 0..1: what judge and reward call bad, and what
the members of the world model are apart about. Learning from those alone forgets what went well, so a stated share of successes
and near-successes is kept beside them.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

CLASSES = ("success", "near", "hard")
How = Literal["hardest", "random", "successes"]


@dataclass(frozen=True)
class Ranked:
    """N rollouts. `badness` is NaN for successes."""

    kind: np.ndarray  # int [N], of CLASSES
    badness: np.ndarray  # [N]


def ranked(score: np.ndarray, proxy: np.ndarray, apart: np.ndarray, success_at: float, near_at: float) -> Ranked:
    """Sort rollouts [N] into successes (the judge's score is at least `success_at`), near-successes (the mean of score and proxy
    is at least `near_at`) and hard failures, and rank the failures."""
    from scipy.stats import rankdata

    failed = score < success_at
    kind = np.where(~failed, 0, np.where((score + proxy) / 2 >= near_at, 1, 2))
    badness = np.full(len(score), np.nan)
    if n := int(failed.sum()):
        places = [(rankdata(-x[failed]) - 1) / max(1, n - 1) for x in (score, proxy)]
        badness[failed] = places[0] + places[1] + apart[failed] / max(float(apart[failed].max()), 1e-12)
    return Ranked(kind, badness)


def select(
    found: Ranked, score: np.ndarray, mix: tuple[float, float, float], keep: int, how: How, rng: np.random.Generator
) -> np.ndarray:
    """Indices of `keep` rollouts (or of all, where there are fewer), the same number however they are chosen.

    `hardest` keeps shares `mix` of successes (by lot), near-successes (the least bad) and hard failures (the worst); what one
    class lacks comes from the next to it, so the mix is what was stated only where there is enough of each. `random` has the
    same share of successes, and failures by lot. `successes` takes what the judge thinks best of.
    """
    n = min(keep, len(score))
    if how == "successes":
        return np.argsort(-score, kind="stable")[:n]
    lots = rng.permutation(len(score))
    by_badness = np.argsort(np.where(np.isnan(found.badness), -1, found.badness), kind="stable")
    pools = [lots[found.kind[lots] == 0], by_badness[found.kind[by_badness] == 1], by_badness[found.kind[by_badness] == 2][::-1]]
    if how == "random":
        failures = lots[found.kind[lots] > 0]
        near = round(len(failures) * mix[1] / max(mix[1] + mix[2], 1e-12))
        pools[1:] = [failures[:near], failures[near:]]
    wanted = [round(share * n) for share in mix[:2]]
    wanted.append(n - sum(wanted))
    taken = [min(w, len(pool)) for w, pool in zip(wanted, pools, strict=True)]
    for i in (1, 0, 2):  # near-successes stand in first, hard failures last
        taken[i] += min(n - sum(taken), len(pools[i]) - taken[i])
    return np.concatenate([pool[:t] for pool, t in zip(pools, taken, strict=True)]).astype(int)
