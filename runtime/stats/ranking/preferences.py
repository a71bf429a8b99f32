"""Approaches from preferences between two at a time: Bradley and Terry's strengths with ties as Davidson (1970) has them.

The chance that `a` is preferred to `b` is s_a / (s_a + s_b + v sqrt(s_a s_b)), that of a tie the last term's share; v is the same
for all pairs. To keep strengths finite where somebody always wins, each approach is taken to have won and lost half a comparison
against one of average strength (Whelan 2017). Errors are those of the sandwich with judges as clusters where they are named, in
no direction smaller than those of comparisons that count one by one: few judges agree by chance, and fewer than approaches leave
directions without any spread.
Bands of all pairs hold at once: the largest of all standardised differences, drawn from their joint normal law (Hothorn, Bretz
and Westfall 2008).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from scipy.stats import norm

from runtime.report.forms.ranking import Pair, Preferences, Preferred
from runtime.stats.ranking.ranking import compact_letters

HALF = 0.5
"""Comparisons that each approach is taken to have won, and lost, against one of average strength."""
DRAWS = 40_000
"""Of the joint normal law, fewer where there are many pairs."""
MOST_DRAWN = 8_000_000
FEW_JUDGES = 8
"""Judges below which their agreement with themselves cannot be told, and comparisons count one by one."""


@dataclass(frozen=True)
class Compared:
    """One comparison: what was preferred is `first`, `second`, or neither (`won` 1, -1, 0)."""

    first: str
    second: str
    won: int
    judge: str | None = None


def preferences(found: Sequence[Compared], level: float) -> Preferences:
    """Strengths, ranks and pairs.

    Args:
        found: comparisons; all approaches hang together through them (`apart`).
        level: at which the bands of all pairs hold at once.

    Returns:
        Percentages: how probably one is preferred where it is no tie.
    """
    names = sorted({name for one in found for name in (one.first, one.second)})
    index = {name: i for i, name in enumerate(names)}
    i, j = (np.array([index[getattr(one, side)] for one in found]) for side in ("first", "second"))
    won = np.array([one.won for one in found])
    ties = bool((won == 0).any())
    count = len(names)

    def terms(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log chances [N, (first, second, tie)], and those of half a win and loss against an average one [K, 2]."""
        a, b, tie = x[i], x[j], x[count] + (x[i] + x[j]) / 2 if ties else np.full(len(i), -np.inf)
        parts = np.stack([a, b, tie], 1)
        return parts - logsumexp(parts, axis=1, keepdims=True), np.stack(
            [-np.log1p(np.exp(-x[:count])), -np.log1p(np.exp(x[:count]))], 1
        )

    chosen = np.where(won > 0, 0, np.where(won < 0, 1, 2))

    def scores(x: np.ndarray) -> np.ndarray:
        """Gradient of each comparison's log chance, [N, K + ties]."""
        chance = np.exp(terms(x)[0])
        rows, out = np.arange(len(i)), np.zeros((len(i), len(x)))
        seen = np.eye(3)[chosen] - chance
        out[rows, i] += seen[:, 0] + seen[:, 2] / 2
        out[rows, j] += seen[:, 1] + seen[:, 2] / 2
        if ties:
            out[:, count] = seen[:, 2]
        return out

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        log, prior = terms(x)
        away = np.zeros(len(x))
        away[:count] = HALF * (1 - 2 * expit(x[:count]))
        return -float(log[np.arange(len(i)), chosen].sum() + HALF * prior.sum()), -(scores(x).sum(0) + away)

    x = minimize(objective, np.zeros(count + ties), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    step = 1e-5
    bent = np.stack([(objective(x + step * e)[1] - objective(x - step * e)[1]) / (2 * step) for e in np.eye(len(x))])
    inverse = np.linalg.inv((bent + bent.T) / 2)
    judges = {one.judge for one in found}
    clustered = None not in judges and len(judges) >= FEW_JUDGES
    if clustered:
        order = {judge: k for k, judge in enumerate(sorted(map(str, judges)))}
        sums = np.zeros((len(order), len(x)))
        np.add.at(sums, [order[str(one.judge)] for one in found], scores(x))
        inverse = _at_least(inverse @ (sums.T @ sums) @ inverse * len(order) / (len(order) - 1), inverse)
    strengths, covariance = x[:count], inverse[:count, :count]
    pairs = list(itertools.combinations(sorted(range(count), key=lambda k: -strengths[k]), 2))
    contrast = np.zeros((len(pairs), count))
    for row, (a, b) in enumerate(pairs):
        contrast[row, [a, b]] = 1, -1
    error = np.sqrt(np.maximum(np.einsum("pk,kl,pl->p", contrast, covariance, contrast), 1e-12))
    draws = max(4_000, min(DRAWS, MOST_DRAWN // len(pairs)))
    drawn = np.random.default_rng(0).multivariate_normal(np.zeros(count), covariance, draws, method="eigh") @ contrast.T / error
    reach = float(np.quantile(np.abs(drawn).max(1), level)) if len(pairs) > 1 else float(norm.ppf((1 + level) / 2))
    better: set[tuple[str, str]] = set()
    said: list[Pair] = []
    for row, (a, b) in enumerate(pairs):
        value = float(strengths[a] - strengths[b])
        low, high = value - reach * error[row], value + reach * error[row]
        better |= {(names[a], names[b])} if low > 0 else set()
        share, ends = 100 * expit(value), (100 * float(expit(low)), 100 * float(expit(high)))
        direction = "helps" if low > 0 else "undecided"
        band = (round(ends[0], 4), round(ends[1], 4))
        said.append(
            {"first": names[a], "second": names[b], "value": round(float(share), 4), "band": band, "direction": direction}
        )
    ranked = [names[k] for k in sorted(range(count), key=lambda k: -strengths[k])]
    letters = compact_letters(ranked, better)
    rows: list[Preferred] = [
        {
            "approach": name,
            "value": round(100 * float(expit(strengths[index[name]] - strengths.mean())), 4),
            "compared": sum(name in (one.first, one.second) for one in found),
            "rank": (1 + sum((b, name) in better for b in names), count - sum((name, b) in better for b in names)),
            "best": not any((b, name) in better for b in names),
            "letters": letters[name],
        }
        for name in ranked
    ]
    return {
        "level": level,
        "comparisons": len(found),
        "ties": int((won == 0).sum()),
        "judges": len(judges) if clustered else None,
        "rows": rows,
        "pairs": said,
    }


def _at_least(covariance: np.ndarray, least: np.ndarray) -> np.ndarray:
    """The covariance, with every direction's variance raised to that of `least` where it is below."""
    root = np.linalg.cholesky(least)
    half = np.linalg.solve(root, np.linalg.solve(root, covariance).T)
    values, vectors = np.linalg.eigh((half + half.T) / 2)
    turned = root @ vectors
    return turned * np.maximum(values, 1.0) @ turned.T


def apart(found: Sequence[Compared]) -> list[list[str]]:
    """Groups of approaches that no comparison joins, the largest first; one where all hang together."""
    groups: list[set[str]] = []
    for one in found:
        joined = {one.first, one.second}.union(*(g for g in groups if g & {one.first, one.second}))
        groups = [g for g in groups if not g & joined] + [joined]
    return sorted(map(sorted, groups), key=lambda g: (-len(g), g))
