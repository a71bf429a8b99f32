"""All approaches against each other: bands that hold at once, intervals of ranks, and who cannot be told from the best.

Each pair has the band of the uplift (`runtime.stats.inference`), at a level of its own that makes all of them hold together at
the study's: that of the smallest p-value among all pairs where no approach differs (Westfall and Young's 1993 min-P), simulated
from the spreads between runs as they were found. Ranks follow from the pairs, and so hold at once as well (Al Mohamad, Goeman and
van Zwet 2022): at best one place behind those who are surely better, at worst before those who are surely worse.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from runtime.bound.domain import Domain
from runtime.report.forms.ranking import Pair, Ranked, Ranking
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import fixed_rate_group, rate_group
from runtime.stats.inference.rate import rate_of
from runtime.stats.inference.uplift import POINTS, uplift_of
from runtime.stats.table.outcomes import Place, Trials

DRAWS = 20_000
"""Of the simulated study in which no approach differs, fewer where there are many pairs."""
MOST_DRAWN = 2_000_000


def rankings(trials: Trials, level: float, shared_training: bool = False) -> list[Ranking]:
    """A ranking for each domain in which three approaches or more can be compared.

    Ranked are those that ran at the same places: the largest group of them, and of two as large that at more places.
    """
    found = []
    for domain in trials.domains():
        at: dict[frozenset[Place], list[str]] = {}
        for approach in trials.approaches():
            if places := trials.places(approach, domain):
                at.setdefault(frozenset(places), []).append(approach)
        if at:
            places, approaches = max(at.items(), key=lambda item: (len(item[1]), len(item[0]), sorted(item[0])))
            if len(approaches) > 2:
                others = sorted({a for group in at.values() for a in group} - set(approaches))
                found.append(_ranking(trials, domain, sorted(places), approaches, others, level, shared_training))
    return found


def _ranking(
    trials: Trials,
    domain: Domain,
    places: list[Place],
    approaches: list[str],
    others: list[str],
    level: float,
    shared_training: bool,
) -> Ranking:
    shared = shared_training and len(places) > 1
    rates = {
        a: rate_of(
            a, domain, {p: trials.places(a, domain)[p] for p in places}, level, shared, (a, domain) in trials.fixed, trials.worlds
        ).estimate
        for a in approaches
    }
    order = sorted(approaches, key=lambda a: (-rates[a].value, a))
    each = joint_level([_spread(trials, a, domain, places, level) for a in order], level)
    pairs: list[Pair] = []
    better: set[tuple[str, str]] = set()
    for one, other in itertools.combinations(order, 2):
        compared = uplift_of(trials, one, other, domain, places, level, shared)
        if compared is None:
            continue
        found = estimate(compared.groups, each, POINTS, shared and not any(compared.groups[0].fixed))
        better |= {(one, other)} if found.band.low > 0 else {(other, one)} if found.band.high < 0 else set()
        pairs.append(
            {
                "first": one,
                "second": other,
                "value": round(found.value, 4),
                "band": found.band.to_json(),
                "direction": found.direction,
            }
        )
    letters = compact_letters(order, better)
    rows: list[Ranked] = [
        {
            "approach": a,
            "value": round(rates[a].value, 4),
            "band": rates[a].band.to_json(),
            "rank": (1 + sum((b, a) in better for b in order), len(order) - sum((a, b) in better for b in order)),
            "best": not any((b, a) in better for b in order),
            "letters": letters[a],
        }
        for a in order
    ]
    return {
        "domain": domain,
        "level": level,
        "pair_level": round(each, 4),
        "places": len(places),
        "rows": rows,
        "pairs": pairs,
        "left_out": others,
    }


def _spread(trials: Trials, approach: str, domain: Domain, places: list[Place], level: float) -> tuple[float, float]:
    """Variance of an approach's mean over places that its units bring, points squared, and the degrees of freedom of that."""
    fixed = (approach, domain) in trials.fixed
    runs = [trials.places(approach, domain)[place] for place in places]
    sides = [side for one in runs for side in (fixed_rate_group if fixed else rate_group)(one, level, len(runs)).sides]
    parts = np.array([max(side.variance, side.luck / 4) for side in sides]) / len(places) ** 2
    own = np.array([len(side.means) - 1 for side in sides])
    if own.min() < 1:
        return float("nan"), 0.0
    return float(parts.sum()), float(np.clip(parts.sum() ** 2 / (parts**2 / (own + 2)).sum() - 2, own.min(), own.sum()))


def joint_level(spreads: Sequence[tuple[float, float]], level: float, seed: int = 0) -> float:
    """The level of each pair's band at which the bands of all pairs hold together.

    Args:
        spreads: (variance, degrees of freedom) of each approach's mean; degrees of 0 where it is not known.
        level: at which all of them hold.
        seed: of the draws.
    """
    known = [(v, d) for v, d in spreads if d >= 1 and v > 0]
    pairs = list(itertools.combinations(range(len(known)), 2))
    if len(pairs) < 2:
        return level
    variance, degrees = np.array(known).T
    rng, draws = np.random.default_rng(seed), max(2_000, min(DRAWS, MOST_DRAWN // len(pairs)))
    errors = rng.standard_normal((draws, len(known))) * np.sqrt(variance)
    seen = variance * rng.chisquare(degrees, (draws, len(known))) / degrees
    smallest = np.ones(draws)
    for i, j in pairs:
        total = seen[:, i] + seen[:, j]
        own = total**2 / (seen[:, i] ** 2 / (degrees[i] + 2) + seen[:, j] ** 2 / (degrees[j] + 2)) - 2
        own = np.clip(own, min(degrees[i], degrees[j]), degrees[i] + degrees[j])
        smallest = np.minimum(smallest, 2 * stats.t.sf(np.abs(errors[:, i] - errors[:, j]) / np.sqrt(total), own))
    apart = float(np.quantile(smallest, 1 - level))
    return float(np.clip(1 - apart, level, 1 - (1 - level) / len(pairs)))


def compact_letters(order: Sequence[str], better: set[tuple[str, str]]) -> Mapping[str, str]:
    """Letters of each approach: two that share one cannot be told apart (Piepho 2004, insert and absorb).

    Args:
        order: approaches, the best first.
        better: (one, other) where one is surely better.
    """
    columns = [frozenset(order)]
    for one, other in sorted(better):
        split = [part for c in columns for part in ((c - {one}, c - {other}) if {one, other} <= c else (c,))]
        distinct = list(dict.fromkeys(split))
        columns = [c for c in distinct if not any(c < d for d in distinct)]
    columns.sort(key=lambda c: [a not in c for a in order])
    return {a: "".join(_letter(i) for i, c in enumerate(columns) if a in c) for a in order}


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else f"({index + 1})"
