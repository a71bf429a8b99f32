"""Baseline and placebo as one reference: the placebo is the baseline's recipe, trained again, so its runs are further runs of it.

Whether they count is said beforehand, by the study, and not decided by what came out: a rule such as *unless they differ* would
pick the baseline that suits. The mean over all their runs says nothing of their difference, so that a band against both keeps its
level also among studies whose placebo came out apart by luck. There, the band is that band and the one against the baseline
alone, from the lower end to the higher: it holds at least as often as either, whether luck or a fault set them apart.
"""

from collections.abc import Sequence

from runtime.bound.domain import Domain
from runtime.stats.table.outcomes import Place, Runs, Trials

APART = 1_000_000
"""Seed indices of a placebo's runs begin here, those of the next one twice as far: they are nobody's counterpart."""


def counted(trials: Trials, approach: str, baseline: str, domain: Domain, places: Sequence[Place]) -> list[str]:
    """Placebos that count in a comparison: those that ran at each of its places, where training runs are compared.

    None where the approach is a placebo itself, one of both is a fixed policy, or both tried the very same policies.
    """
    names = [name for name in trials.placebos.get(baseline, ()) if name != baseline]
    if approach in names or {(approach, domain), (baseline, domain)} & trials.fixed:
        return []
    ours, theirs = trials.places(approach, domain), trials.places(baseline, domain)
    if any(trials.same_runs(approach, baseline, domain, p, ours[p].keys() & theirs[p].keys()) for p in places):
        return []
    return [name for name in names if all(trials.places(name, domain).get(place) for place in places)]


def joined(base: Runs, placebos: Sequence[Runs]) -> Runs:
    """The baseline's runs and those of placebos at each place of the baseline, under seed indices of their own."""
    return {
        place: runs | {APART * (i + 1) + s: run for i, one in enumerate(placebos) for s, run in one.get(place, {}).items()}
        for place, runs in base.items()
    }
