"""What an undecided comparison can tell: the smallest distance that it would see, and how many seeds might decide it.

Both take the band's own error for the truth, with its two parts apart: what training runs bring shrinks with further seeds, what
initial states that all runs share bring does not. Power is the chance that the band leaves out the threshold, of the estimate
as normal round its true value.
"""

from dataclasses import dataclass

from scipy import stats

from runtime.report.forms.base import Outlook as OutlookForm
from runtime.stats.inference.estimate import Estimate

POWER = 0.8
"""Chance of a decision that is meant wherever nothing else is said."""
LIKELY = 0.8
"""Level of the band of true distances that a promise is made for."""
MOST_SEEDS = 200
"""Beyond which more seeds count as of no use."""
FURTHEST = 100.0


@dataclass(frozen=True)
class Outlook:
    """Of an undecided comparison, in points from the threshold.

    `detectable` is the smallest true distance that a study like this decides with a chance of `POWER`; None where it is beyond
    all that is possible. `seeds` is how many per location would decide with that chance, fewest and most over true distances
    within `distance`; the most None where 200 would not do. Both None where the estimate may well be at the threshold.
    """

    detectable: float | None
    distance: tuple[float, float] | None = None
    seeds: tuple[int, int | None] | None = None

    def to_json(self) -> OutlookForm:
        """The numbers, in points to one digit."""
        return {
            "detectable": None if self.detectable is None else round(self.detectable, 1),
            "seeds_needed": self.seeds,
            "if_true": None if self.distance is None else (round(self.distance[0], 1), round(self.distance[1], 1)),
        }

    def words(self) -> list[str]:
        """The smallest distance, and the seeds with what is assumed; what cannot be told is left out."""
        said = [] if self.detectable is None else [f"a study like this sees {self.detectable:.0f} points four times in five"]
        if self.seeds is not None and self.distance is not None:
            fewest, most = self.seeds
            many = (
                f"{fewest} seeds" if most == fewest else f"{fewest} to {most} seeds" if most else f"{fewest} seeds, or over 200,"
            )
            away = f"{self.distance[1]:.0f} to {self.distance[0]:.0f} points away"
            said.append(f"{many} would decide as often if the truth is {away} and runs differ as here")
        return said


def outlook(found: Estimate, distance: float) -> Outlook:
    """The outlook of an estimate that lies `distance` points from its threshold, zero or more.

    Seeds are told only of training runs, and where a band that is wrong twice as often as the study's (90 % for 95 %) leaves out
    the threshold. Which studies come that far is partly luck, and their estimates are too far out: hence fewest and most.
    """
    if found.degrees <= 0:
        return Outlook(None)
    here = _reach(found, found.runs)
    detectable = here if here <= FURTHEST else None
    if (
        found.of_states
        or found.of_worlds
        or distance <= _quantile(max(2 * found.level - 1, 0.0), found.degrees) * found.standard_error
    ):
        return Outlook(detectable)
    off = _quantile(LIKELY, found.degrees) * found.standard_error
    ends = (max(distance - off, 0.0), distance + off)
    more = range(found.runs + 1, MOST_SEEDS + 1)
    most, fewest = (next((n for n in more if _reach(found, n) <= far), None) for far in ends)
    return Outlook(detectable) if fewest is None else Outlook(detectable, ends, (fewest, most))


def _reach(found: Estimate, runs: int) -> float:
    """True distance, in points, that is decided with a chance of `POWER` by so many seeds for each location and task."""
    states = found.state_error**2
    seeds = max(found.standard_error**2 - states, 0.0) * found.runs / runs
    degrees = max(1.0, found.degrees * (runs - 1) / max(found.runs - 1, 1))
    band = _quantile(found.level, degrees) ** 2 * seeds + float(stats.norm.ppf((1 + found.level) / 2)) ** 2 * states
    return band**0.5 + float(stats.norm.ppf(POWER)) * (seeds + states) ** 0.5


def _quantile(level: float, degrees: float) -> float:
    return float(stats.t.ppf((1 + level) / 2, degrees))
