"""The gap: success in a simulated domain minus success on the real robot, in points, with a band.

The same inference as for uplift: the simulated trials stand where an approach would, the real ones where its baseline
would. Trials of the same location, task, seed and initial state pair; the training seed is the unit.
"""

from dataclasses import dataclass

from runtime.stats.trials import Place, Trials
from runtime.stats.uplift import Uplift, comparable, uplift_of


@dataclass(frozen=True)
class Gap:
    """Simulated minus real success of one approach. `location` None: pooled over places, each counting the same."""

    approach: str
    simulated: str
    real: str
    location: str | None
    task: str | None
    found: Uplift


def gaps(trials: Trials, simulated: str, real: str, level: float, shared_training: bool = False) -> list[Gap]:
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
        sides = {(domain, "gap"): trials.places(approach, domain) for domain in (simulated, real)}
        both = Trials(sides, {})
        places = comparable(both, simulated, real, "gap")
        scopes: list[list[Place]] = [[place] for place in places] + ([places] if len(places) > 1 else [])
        for scope in scopes:
            found = uplift_of(both, simulated, real, "gap", scope, level, shared_training and len(scope) > 1)
            if found is not None:
                rows.append(Gap(approach, simulated, real, found.location, found.task, found))
    return rows
