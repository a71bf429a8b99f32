"""How many more training seeds would decide: the honest answer to `undecided`."""

from dataclasses import dataclass

from scipy import stats

from runtime.stats.inference.estimate import Estimate

MOST_SEEDS = 200


@dataclass(frozen=True)
class Needed:
    """Seeds per location that would decide if the estimate stayed where it is, and whether more are of no use."""

    seeds: int | None
    trials: int | None


def needed(found: Estimate, distance: float, groups: int, trials: int) -> Needed:
    """Seeds per group so that the band's half-width falls below `distance`, at the present trials per seed.

    Takes the present standard error as the truth, scaled by the number of seeds: a guide, not a guarantee. More trials
    with the same seeds shrink only part of the error, so the answer is in seeds; trials follow from it.

    Args:
        found: the present estimate.
        distance: points between the estimate and the threshold.
        groups: number of (location, task) that the estimate pools.
        trials: trials of one approach so far.

    Returns:
        `seeds` None when the spread is unknown (one seed) or even 200 seeds would not do.
    """
    if found.degrees <= 0 or distance <= 0:
        return Needed(None, None)
    per_group = found.units / groups
    for seeds in range(2, MOST_SEEDS + 1):
        degrees = max(1.0, found.degrees * (seeds - 1) / max(per_group - 1, 1))
        reach = stats.t.ppf((1 + found.level) / 2, degrees) * found.standard_error * (per_group / seeds) ** 0.5
        if reach < distance:
            return Needed(seeds, round(trials / found.units * seeds * groups))
    return Needed(None, None)
