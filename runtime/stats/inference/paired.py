"""Two policies on the same initial states: the four counts, an exact test, and a band for these very policies.

These speak of the two policies that ran, not of what another training seed would have made of the approach; for that
see `runtime.stats.inference.uplift`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.inference.group import Outcomes


@dataclass(frozen=True)
class PairedCounts:
    """Initial states at which both succeeded, only the treated one (gained), only the baseline (lost), or neither."""

    both: int
    gained: int
    lost: int
    neither: int

    @classmethod
    def of(cls, treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes]) -> "PairedCounts":
        """Counts over the seeds and states that both have; an outcome counts as success from one half on."""
        cells = [0, 0, 0, 0]
        for seed in treated.keys() & base.keys():
            for state in treated[seed].keys() & base[seed].keys():
                cells[2 * (treated[seed][state] < 0.5) + (base[seed][state] < 0.5)] += 1
        return cls(*cells)

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.both + self.gained + self.lost + self.neither

    @property
    def uplift(self) -> float:
        """Points; 0 without pairs."""
        return 100 * (self.gained - self.lost) / self.pairs if self.pairs else 0.0


def mcnemar_exact(gained: int, lost: int) -> float:
    """Two-sided p of McNemar's test in its exact form: are gains and losses equally likely, pair by pair?

    Pairs count as independent. Pairs of one seed are not, quite, so that this is too sure where seeds differ.
    """
    return 1.0 if gained + lost == 0 else float(stats.binomtest(min(gained, lost), gained + lost).pvalue)


def paired_band(strata: Sequence[PairedCounts], level: float) -> Band:
    """Band of the mean uplift over strata (each counts the same), for these very policies, in points.

    Adjusted Wald of Bonett and Price (2012): one gained and one lost pair added, shared among the strata.

    Raises:
        ValueError: when there is no stratum, or one without pairs.
    """
    if not strata or any(c.pairs == 0 for c in strata):
        raise ValueError("a paired band needs strata with at least one pair each")
    add = 1 / len(strata)
    centres, variances = [], []
    for c in strata:
        n = c.pairs + 2 * add
        up, down = (c.gained + add) / n, (c.lost + add) / n
        centres.append(100 * (up - down))
        variances.append(1e4 * (up + down - (up - down) ** 2) / n)
    reach = float(stats.norm.ppf((1 + level) / 2)) * sum(variances) ** 0.5 / len(strata)
    centre = float(np.mean(centres))
    return Band(centre - reach, centre + reach).clip(-100.0, 100.0)


def spread_over_seeds(treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes]) -> float | None:
    """Standard deviation over seeds of the uplift, in points; None with fewer than two seeds."""
    seeds = sorted(treated.keys() & base.keys())
    if len(seeds) < 2:
        return None
    means = [100 * (np.mean(list(treated[s].values())) - np.mean(list(base[s].values()))) for s in seeds]
    return float(np.std(means, ddof=1))
