"""Paired uplift of an approach over the baseline, in points.

Trials pair by location, task, initial state and seed index. An approach that trains with other seeds than the baseline
(a placebo does, by an offset) pairs by position: the study's first seed with the first, and so on. Such pairs share
initial states but no luck in training. How the spread between training runs enters the band, and from how many seeds on
it is that of pairs, says `runtime.stats.inference.group.PAIRED_FROM`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime.bound.domain import Domain
from runtime.report.forms.base import Direction, Question
from runtime.stats.inference import reference
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import Group, fixed_group, uplift_group
from runtime.stats.table.outcomes import Place, Trials

POINTS = (-100.0, 100.0)


QUESTIONS = {
    (True, True): "speaks of these very policies, over initial states: not of what training again would give",
    (True, False): "speaks of the approach's one policy against training runs of the baseline",
    (False, True): "speaks of training runs of the approach against the baseline's one policy",
}
"""Which sides are one policy whatever the seed -> the question that a comparison answers."""


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
    def question(self) -> Question:
        """Of what the comparison speaks."""
        if self.groups and all(group.world for group in self.groups):
            return "in new world models" if len({group.world for group in self.groups}) > 1 else "in this world model"
        return _ASKED[self.groups[0].fixed if self.groups else ()]

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
    also say that of themselves. Placebos count as `runtime.stats.inference.reference` says."""
    if not places:
        return None
    found = _against(trials, approach, baseline, domain, places, level, shared_training, same_runs)
    counted = () if shared_training or same_runs else reference.counted(trials, approach, baseline, domain, places)
    if not counted:
        return found
    named = " and ".join(f"`{name}`" for name in counted)
    pooled = _against(trials, approach, baseline, domain, places, level, placebos=counted)
    moved = [name for name in counted if _moved(trials, name, baseline, domain, level)]
    if not moved:
        return replace(pooled, notes=(*pooled.notes, f"the baseline and {named} are one reference: its recipe, trained again"))
    both = replace(found.estimate, band=found.estimate.band.hull(pooled.estimate.band))
    odd = " and ".join(f"`{name}`" for name in moved)
    note = f"{odd} came out apart from the baseline: the band holds what the baseline alone says, and it with {named}"
    return replace(found, estimate=both, notes=(*found.notes, note))


def _moved(trials: Trials, placebo: str, baseline: str, domain: Domain, level: float) -> bool:
    """Whether a placebo's band, over all places, leaves out zero."""
    places = comparable(trials, placebo, baseline, domain)
    key = (placebo, baseline, domain, level)
    if key not in trials.known:
        trials.known[key] = _against(trials, placebo, baseline, domain, places, level).direction != "undecided"
    return trials.known[key]


def _against(
    trials: Trials,
    approach: str,
    baseline: str,
    domain: Domain,
    places: list[Place],
    level: float,
    shared_training: bool = False,
    same_runs: bool = False,
    placebos: Sequence[str] = (),
) -> Uplift:
    treated, base = trials.places(approach, domain), trials.places(baseline, domain)
    if placebos:
        base = reference.joined(base, [trials.places(name, domain) for name in placebos])
    pairing = trials.pairing.get(domain)
    pair = pairing is None or pairing.pair
    same = [same_runs or trials.same_runs(approach, baseline, domain, p, treated[p].keys() & base[p].keys()) for p in places]
    fixed = ((approach, domain) in trials.fixed, (baseline, domain) in trials.fixed)
    if any(fixed):
        groups = tuple(fixed_group(treated[p], base[p], fixed, len(places), pair) for p in places)
    else:
        groups = tuple(
            uplift_group(treated[p], base[p], len(places), one, pair, all_runs=not shared_training)
            for p, one in zip(places, same, strict=True)
        )
    if domain == "world_model" and all(p in trials.worlds for p in places):
        groups = tuple(replace(g, world=trials.worlds[p]) for g, p in zip(groups, places, strict=True))
    single = places[0] if len(places) == 1 else (None, None)
    counts = [sum(g.trials[side] for g in groups) for side in (0, 1)]
    notes = [pairing.note] if pairing else []
    if all(same) and not same_runs:
        notes.append("both tried the very same policies: compared run by run")
    if pair and any(not g.paired for g in groups):
        notes.append("initial states differ from the baseline's: compared unpaired")
    if any(fixed):
        notes.append(QUESTIONS[fixed])
    elif (left_out := sum(len(treated[p].keys() ^ base[p].keys()) for p in places)) and not placebos:
        more = sum(g.more_runs for g in groups)
        notes.append(
            f"{_many(more, 'run')} of seed indices that only one side has count as well"
            if more
            else f"{_many(left_out, 'run')} without a counterpart of the same seed index left out"
        )
    if models := {g.world for g in groups if g.world}:
        notes.append(_of_worlds(groups, level, shared_training and not any(fixed), len(models)))
    if cut := sum(g.left_out for g in groups):
        notes.append(f"compared over the initial states that both ran: {_many(cut, 'trial')} that only one side ran left out")
    if not all(fixed) and any(len(g.seeds) < 2 for g in groups):
        notes.append("one training seed: the spread between seeds is unknown, so the band is unbounded")
    return Uplift(
        approach,
        domain,
        *single,
        estimate(groups, level, POINTS, shared_training and not any(fixed)),
        groups,
        tuple(places),
        *counts,
        tuple(notes),
    )


def _of_worlds(groups: Sequence[Group], level: float, shared_training: bool, models: int) -> str:
    """What is to be said of runs that share world models."""
    if models == 1:
        return "all runs share one world model: this holds in it, and says nothing of what another one would show"
    band = estimate([replace(g, world="") for g in groups], level, POINTS, shared_training).band
    return (
        f"each of {models} world models is shared by all runs there, and is one unit: this speaks of new ones; "
        f"in these very models the band is [{band.low:.1f}, {band.high:.1f}]"
    )


_ASKED: dict[tuple[bool, ...], Question] = {
    (): "training runs",
    (True, True): "these policies",
    (True, False): "this policy against training runs",
    (False, True): "training runs against this policy",
}


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
