"""Can places be told apart? Only then is a verdict told place by place: *helps here, undecided there* may be one uplift."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.multiple import holm, p_value
from runtime.stats.inference.uplift import POINTS, Uplift


@dataclass(frozen=True)
class Apart:
    """Of one approach in one domain over its places. `p_value` is the chance that places with one true uplift differ as much
    (None from one seed), `adjusted` are Holm's p-values of no uplift at each place, in the order of the rows: good to tell at
    which places it helps or hurts at `level`, all of them taken together."""

    p_value: float | None
    adjusted: tuple[float, ...]
    level: float

    @property
    def told_apart(self) -> bool:
        """Whether places differ by more than luck."""
        return self.p_value is not None and self.p_value <= 1 - self.level


def places_apart(rows: Sequence[Uplift], level: float) -> dict[tuple[str, str], Apart]:
    """(approach, domain) -> whether its places can be told apart; none with one place. Pooled rows are passed over."""
    found: dict[tuple[str, str], list[Uplift]] = defaultdict(list)
    for row in rows:
        if row.location is not None:
            found[row.approach, row.domain].append(row)
    return {key: apart(own, level) for key, own in found.items() if len(own) > 1}


def apart(rows: Sequence[Uplift], level: float) -> Apart:
    """Cochran's (1954) Q over places, read as F of one variance that places share, since few runs tell little of their own.

    Degrees of freedom are Brown and Forsythe's (1974), with Mehrotra's (1997) for the numerator, so that a noisy place does not
    pass for a different one. Where one training run serves all places, its luck is common to them and counts here all the same:
    places are then told apart less often than they could be.
    """
    # An undecided place needs no p-value of its own: whatever it is, it is above what the level leaves over.
    each = [
        1.0 if row.direction == "undecided" else p_value(lambda at, row=row: estimate(row.groups, at, POINTS).band)
        for row in rows
    ]
    groups = [row.groups[0] for row in rows]
    free = np.array([sum(len(side.means) - 1 for side in g.sides) for g in groups], dtype=float)
    if free.sum() < 1:
        return Apart(None, tuple(holm(each)), level)
    sides = [side for g in groups for side in g.sides]
    spread = sum(float(side.means.var()) * len(side.means) for side in sides) / free.sum()
    shared = np.array([max(spread * sum(1 / len(s.means) for s in g.sides), g.floor_variance) for g in groups])
    weights = 1 / (shared + np.array([max(g.state_variance, 0.0) for g in groups]))
    values = np.array([row.estimate.value for row in rows])
    q = float((weights * (values - np.average(values, weights=weights)) ** 2).sum())
    own, kept, share = (
        np.array([max(sum(s.variance for s in g.sides), g.floor_variance / 4) for g in groups]),
        free > 0,
        1 / len(rows),
    )
    squares = float((own**2 * free / (free + 2))[kept].sum()) * len(rows) / kept.sum()
    more = np.clip((own.sum() * (1 - share)) ** 2 / (squares * (1 - 2 * share) + (own.sum() * share) ** 2), 1, len(rows) - 1)
    less = np.clip(own[kept].sum() ** 2 / (own**2 / (free + 2))[kept].sum() - 2, free[kept].min(), free.sum())
    return Apart(float(stats.f.sf(q / (len(rows) - 1), more, less)), tuple(holm(each)), level)
