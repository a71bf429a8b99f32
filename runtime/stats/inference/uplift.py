"""Paired uplift of an approach over the baseline, in points.

Trials pair by location, task, initial state and seed index. An approach that trains with other seeds than the baseline
(a placebo does, by an offset) pairs by position: the study's first seed with the first, and so on. Such pairs share
initial states but no luck in training. How the spread between training runs enters the band, and from how many seeds on
it is that of pairs, says `runtime.stats.inference.group.PAIRED_FROM`.
"""

from dataclasses import dataclass

from runtime.bound.domain import Domain
from runtime.report.forms.base import Direction
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import Group, uplift_group
from runtime.stats.table.outcomes import Place, Trials

POINTS = (-100.0, 100.0)


@dataclass(frozen=True)
class Uplift:
    """Uplift of one approach in one domain. `location` None: pooled *at these locations*, each counting the same."""

    approach: str
    domain: Domain
    location: str | None
    task: str | None
    estimate: Estimate
    groups: tuple[Group, ...]
    places: tuple[Place, ...]
    trials: int
    baseline_trials: int
    notes: tuple[str, ...]

    @property
    def direction(self) -> Direction:
        """`helps` or `hurts` when the band excludes zero, else `undecided`: never `equal`."""
        return self.estimate.direction

    @property
    def paired(self) -> bool:
        """Whether every run was compared state by state."""
        return all(g.paired for g in self.groups)


def uplifts(trials: Trials, baseline: str | None, level: float, shared_training: bool = False) -> list[Uplift]:
    """All comparisons with `baseline`: per approach and domain one row per place, then one pooled over places."""
    rows = []
    for approach, domain in sorted(trials.outcomes):
        if baseline is None or approach == baseline:
            continue
        shared = comparable(trials, approach, baseline, domain)
        rows += [row for place in shared if (row := uplift_of(trials, approach, baseline, domain, [place], level))]
        if len(shared) > 1 and (pooled := uplift_of(trials, approach, baseline, domain, shared, level, shared_training)):
            rows.append(pooled)
    return rows


def comparable(trials: Trials, approach: str, baseline: str, domain: Domain) -> list[Place]:
    """Places where both ran with at least one seed index in common, sorted."""
    treated, base = trials.places(approach, domain), trials.places(baseline, domain)
    return sorted(p for p in treated if p in base and treated[p].keys() & base[p].keys())


def uplift_of(
    trials: Trials,
    approach: str,
    baseline: str,
    domain: Domain,
    places: list[Place],
    level: float,
    shared_training: bool = False,
    same_runs: bool = False,
) -> Uplift | None:
    """The comparison over `places`, or None when nothing can be compared there; `same_runs` as in `uplift_group`; trials may
    also say that of themselves."""
    if not places:
        return None
    treated, base = trials.places(approach, domain), trials.places(baseline, domain)
    pairing = trials.pairing.get(domain)
    pair = pairing is None or pairing.pair
    same = [same_runs or trials.same_runs(approach, baseline, domain, p, treated[p].keys() & base[p].keys()) for p in places]
    groups = tuple(uplift_group(treated[p], base[p], len(places), one, pair) for p, one in zip(places, same, strict=True))
    single = places[0] if len(places) == 1 else (None, None)
    counts = [sum(g.trials[side] for g in groups) for side in (0, 1)]
    notes = [pairing.note] if pairing else []
    if all(same) and not same_runs:
        notes.append("both tried the very same policies: compared run by run")
    if pair and any(not g.paired for g in groups):
        notes.append("initial states differ from the baseline's: compared unpaired")
    left_out = sum(len(treated[p].keys() ^ base[p].keys()) for p in places)
    if left_out:
        notes.append(f"{_many(left_out, 'run')} without a counterpart of the same seed index left out")
    if cut := sum(g.left_out for g in groups):
        notes.append(f"compared over the initial states that both ran: {_many(cut, 'trial')} that only one side ran left out")
    if any(len(g.seeds) < 2 for g in groups):
        notes.append("one training seed: the spread between seeds is unknown, so the band is unbounded")
    return Uplift(
        approach, domain, *single, estimate(groups, level, POINTS, shared_training), groups, tuple(places), *counts, tuple(notes)
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
