"""The gap: success in a simulated domain minus success on the real robot, in points, with a band.

The same inference as for uplift: the simulated trials stand where an approach would, the real ones where its baseline
would. Trials of the same location, task, seed and initial state pair, and so do the training runs: the unit is the run,
whose luck is the same in both domains.
"""

from dataclasses import dataclass

from runtime.bound.domain import Domain
from runtime.stats.inference.uplift import Uplift, comparable, uplift_of
from runtime.stats.table.outcomes import Place, Runs, Trials
from runtime.stats.table.pairing import Pairing, weakest


@dataclass(frozen=True)
class Gap:
    """Simulated minus real success of one approach, at one place or pooled over all, each counting the same."""

    approach: str
    found: Uplift
    left_out: int = 0
    """Simulated trials without a real counterpart, where all real ones have a simulated one: the rest pairs."""


def gaps(trials: Trials, simulated: Domain, real: Domain, level: float, shared_training: bool = False) -> list[Gap]:
    """The gap of every approach: per place, then pooled where there are several.

    Args:
        trials: with trials of both domains.
        simulated: domain, such as `world_model`.
        real: domain, such as `irl`.
        level: confidence level of the bands.
        shared_training: whether one training run serves all places.

    Raises:
        ValueError: when both are the same domain.
    """
    if simulated == real:
        raise ValueError(f"a gap needs two domains, not `{real}` twice")
    rows = []
    for approach in trials.approaches():
        both, left_out = _side_by_side(trials, approach, simulated, real)
        places = comparable(both, simulated, real, real)
        scopes: list[list[Place]] = [[place] for place in places] + ([places] if len(places) > 1 else [])
        for scope in scopes:
            shared = shared_training and len(scope) > 1
            found = uplift_of(both, simulated, real, real, scope, level, shared, same_runs=True)
            if found is not None:
                skipped = sum(left_out.get(place, 0) for place in scope)
                rows.append(Gap(approach, found, skipped))
    return rows


def gap_of(
    trials: Trials, approach: str, simulated: Domain, real: Domain, level: float, shared_training: bool = False
) -> tuple[Uplift | None, list[Place]]:
    """The pooled gap of one approach, and the places that it was tried at in both domains."""
    both, _ = _side_by_side(trials, approach, simulated, real)
    places = comparable(both, simulated, real, real)
    return uplift_of(both, simulated, real, real, places, level, shared_training and len(places) > 1, same_runs=True), places


def _side_by_side(trials: Trials, approach: str, simulated: Domain, real: Domain) -> tuple[Trials, dict[Place, int]]:
    """Both sides as tried in the real domain, the simulated one in the place of an approach; simulated trials left out."""
    known = weakest(trials.pairing.get(simulated), trials.pairing.get(real))
    pairing: dict[str, Pairing] = {real: known} if known else {}
    ours, left_out = _counterparts(trials.places(approach, simulated), trials.places(approach, real))
    fixed = [(side, real) for side in (simulated, real) if (approach, side) in trials.fixed]
    both = {(simulated, real): ours, (real, real): trials.places(approach, real)}
    return Trials(both, {}, pairing, {}, frozenset(fixed)), left_out


def _counterparts(simulated: Runs, real: Runs) -> tuple[Runs, dict[Place, int]]:
    """Simulated trials cut to the real initial states of each place where that makes pairs of all real trials.

    Few real trials beside many simulated ones are the rule. What simulation says of further initial states belongs to
    `runtime.stats.transfer.powered`; a gap is about the states that were tried in both.
    """
    kept: Runs = {}
    left_out: dict[Place, int] = {}
    for place, runs in simulated.items():
        theirs = real.get(place, {})
        whole = all(theirs[seed].keys() <= runs[seed].keys() for seed in runs.keys() & theirs.keys())
        kept[place] = {
            seed: {state: v for state, v in outcomes.items() if not whole or state in theirs.get(seed, outcomes)}
            for seed, outcomes in runs.items()
        }
        left_out[place] = sum(len(runs[seed]) - len(kept[place][seed]) for seed in runs)
    return kept, left_out
