"""Perturbed approaches beside the ones that they perturb: the very same policies, from the very same initial states.

An approach that changes what its policies meet (a filter over pictures, another camera) says little by its uplift over a
baseline: that holds the policies' own, too. What the change did is the difference to the clean twin, pair by pair.
"""

from collections.abc import Mapping

from runtime.report.forms.evidence import Twin
from runtime.stats.inference.uplift import Uplift, comparable, uplift_of
from runtime.stats.table.outcomes import Trials


def twin_rows(trials: Trials, clean_of: Mapping[str, str], level: float, shared_training: bool = False) -> list[Twin]:
    """Per perturbed approach and domain: over all places, then each place, each followed by its cells.

    Args:
        trials: of the study; only approaches that tried the very same policies as their twin are told.
        clean_of: perturbed approach -> the one that it perturbs.
        level: confidence level of the bands.
        shared_training: whether one training run serves all places.
    """
    rows: list[Twin] = []
    for approach, domain in sorted(trials.outcomes):
        clean = clean_of.get(approach)
        if clean is None or (clean, domain) not in trials.outcomes:
            continue
        ours, theirs = trials.places(approach, domain), trials.places(clean, domain)
        places = [
            p
            for p in comparable(trials, approach, clean, domain)
            if trials.same_runs(approach, clean, domain, p, ours[p].keys() & theirs[p].keys())
        ]
        for scope in ([places] if len(places) > 1 else []) + [[place] for place in places]:
            found = uplift_of(trials, approach, clean, domain, scope, level, shared_training and len(scope) > 1)
            if found is None:
                continue
            rows.append(_over_seeds(found, clean))
            if len(scope) == 1:
                for seed in sorted(ours[scope[0]].keys() & theirs[scope[0]].keys()):
                    rows += _cell(found, clean, seed, ours[scope[0]][seed], theirs[scope[0]][seed])
    return rows


def _over_seeds(found: Uplift, clean: str) -> Twin:
    pairs = sum(g.pairs for g in found.groups)
    return {
        "approach": found.approach,
        "domain": found.domain,
        "location": found.location,
        "task": found.task,
        "clean": clean,
        "seed": None,
        "clean_rate": round(sum(g.rates[1] for g in found.groups) / len(found.groups), 4),
        "value": round(found.estimate.value, 4),
        "band": found.estimate.band.to_json(),
        "direction": found.direction,
        "pairs": pairs,
        "gained": sum(g.gained for g in found.groups),
        "lost": sum(g.lost for g in found.groups),
    }


def _cell(found: Uplift, clean: str, seed: int, ours: Mapping[str, float], theirs: Mapping[str, float]) -> list[Twin]:
    states = ours.keys() & theirs.keys()
    if not states:
        return []
    won, base = (sum(side[s] for s in states) for side in (ours, theirs))
    return [
        {
            "approach": found.approach,
            "domain": found.domain,
            "location": found.location,
            "task": found.task,
            "clean": clean,
            "seed": seed,
            "clean_rate": round(100 * base / len(states), 4),
            "value": round(100 * (won - base) / len(states), 4),
            "band": None,
            "direction": None,
            "pairs": len(states),
            "gained": sum(ours[s] > theirs[s] for s in states),
            "lost": sum(ours[s] < theirs[s] for s in states),
        }
    ]
