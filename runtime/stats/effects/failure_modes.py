"""How approaches fail: the share of each failure mode, and its change against the baseline with a band.

A mode's share is a rate like any other, of the outcome "failed this way", so that it goes through the same machinery as
success: paired where trials pair, with the training seed as the unit.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.rate import wilson
from runtime.stats.inference.uplift import comparable, uplift_of
from runtime.stats.table.outcomes import Trials

UNNAMED = "unnamed"
"""The mode of a failure that nobody named."""


@dataclass(frozen=True)
class Shift:
    """Change of one failure mode's share of all trials, in points. A negative one is fewer such failures.

    Both shares are of the trials that were compared, each run and each place counting the same, as in the change, which
    is their difference.

    `level` is the estimate's own: raised so that the bands of all modes of one comparison hold together (Bonferroni).
    """

    approach: str
    domain: str
    mode: str
    share: float
    baseline_share: float
    estimate: Estimate
    paired: bool

    @property
    def direction(self) -> str:
        """`less often` or `more often` when the band excludes zero, else `undecided`."""
        if self.estimate.band.high < 0:
            return "less often"
        return "more often" if self.estimate.band.low > 0 else "undecided"


def modes_of(table: pa.Table) -> list[str]:
    """Failure modes that occur, most frequent first; failures that nobody named are `UNNAMED`."""
    counts = Counter(_modes(table))
    del counts[""]
    return sorted(counts, key=lambda mode: (-counts[mode], mode))


def shifts(table: pa.Table, baseline: str, level: float, shared_training: bool = False) -> list[Shift]:
    """Change of every failure mode's share, for each approach and domain pooled over places.

    Args:
        table: with the columns of `runtime.stats.table.table.SCHEMA`.
        baseline: id of the approach that the others are compared with.
        level: at which all modes of one comparison hold together.
        shared_training: as in `runtime.stats.inference.estimate.estimate`.
    """
    failed, modes = _modes(table), modes_of(table)
    single = 1 - (1 - level) / max(len(modes), 1)
    column = table.column_names.index("success")
    found = []
    for mode in modes:
        trials = Trials.of(table.set_column(column, "success", pa.array([m == mode for m in failed])))
        for approach, domain in sorted(trials.outcomes):
            if approach == baseline:
                continue
            places = comparable(trials, approach, baseline, domain)
            row = uplift_of(trials, approach, baseline, domain, places, single, shared_training)
            if row is not None:
                ours, theirs = (float(np.mean([g.rates[side] for g in row.groups])) for side in (0, 1))
                found.append(Shift(approach, domain, mode, ours, theirs, row.estimate, row.paired))
    return sorted(found, key=lambda s: (s.approach, s.domain))


def shares(table: pa.Table, level: float) -> list[dict]:
    """Share of each failure mode among all trials of an approach and domain, in points, with Wilson's interval.

    The interval is that of the trials that ran; it knows nothing of other training seeds.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    names = zip(table["approach"].to_pylist(), table["domain"].to_pylist(), _modes(table), strict=True)
    for approach, domain, mode in names:
        counts.setdefault((approach, domain), Counter())[mode] += 1
    return [
        {
            "approach": approach,
            "domain": domain,
            "mode": mode,
            "count": found[mode],
            "trials": found.total(),
            "share": round(100 * found[mode] / found.total(), 4),
            "band": wilson(found[mode], found.total(), level).to_json(),
        }
        for (approach, domain), found in sorted(counts.items())
        for mode in modes_of(table)
    ]


def _modes(table: pa.Table) -> list[str]:
    """How each trial failed; empty for a success."""
    pairs = zip(table["success"].to_pylist(), table["failure_mode"].to_pylist(), strict=True)
    return ["" if success else mode or UNNAMED for success, mode in pairs]
