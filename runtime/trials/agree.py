"""What simulated trials tell of real ones: agreement over policies, the gap, real success with simulation's help."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pyarrow as pa

from runtime.stats.inference.gap import gaps
from runtime.stats.table.outcomes import Trials
from runtime.stats.transfer.agreement import FEWEST_POLICIES, MEASURES, Rates, agreement
from runtime.stats.transfer.powered import powered_mean
from runtime.trials.fault import Fault, TrialsRefused, refusal

SIMULATED, REAL = ("world_model", "twin"), ("irl_proxy", "irl")
Key = tuple[str, str, int, str]
"""(location, task, seed, initial state)"""


def sim_real(table: pa.Table, simulated: str, real: str, level: float) -> dict[str, Any]:
    """Agreement of two domains, as one JSON-able value.

    A policy is one training run of an approach, at every place where it ran in both domains. Approaches, or runs of
    them, that ran in one domain only are counted in the notes.

    Args:
        table: with the columns of `runtime.stats.table.table.SCHEMA`.
        simulated: domain, such as `twin`.
        real: domain, such as `irl`.
        level: confidence level of every band.

    Raises:
        TrialsRefused: T515 when a domain has no trials, or both have no policy in common.
    """
    trials = Trials.of(table)
    for domain in (simulated, real):
        if domain not in trials.domains():
            message, known = f"there are no trials in `{domain}`", tuple(trials.domains())
            hint = "name the two that are meant with `--simulated` and `--real`"
            raise TrialsRefused(Fault("T515", message, hint, known=known, word=domain, what="domains with trials"))
    policies, alone = _policies(trials, simulated, real)
    if not policies:
        message = f"no policy has trials in both `{simulated}` and `{real}`"
        raise refusal("T515", message, "approach, location, task and seed must be the same in both")
    notes = [f"{alone} training runs have trials in one of the domains only and were left out"] if alone else []
    if len(policies) < FEWEST_POLICIES:
        notes.append(f"{len(policies)} policies: what further ones would do is unknown ({FEWEST_POLICIES} are needed)")
    return {
        "simulated": simulated,
        "real": real,
        "level": level,
        "unit": "a policy: one training run of an approach, at all places where it ran in both domains",
        "policies": [
            {
                "policy": p.policy,
                "simulated": round(100 * p.simulated, 4),
                "real": round(100 * p.real, 4),
                "simulated_trials": p.simulated_trials,
                "real_trials": p.real_trials,
            }
            for p in policies
        ],
        "agreement": _agreement(policies, level) if len(policies) > 1 else {},
        "gap": [
            {
                "approach": g.approach,
                "location": g.location,
                "task": g.task,
                "value": round(g.found.estimate.value, 4),
                "band": g.found.estimate.band.to_json(),
                "paired": g.found.paired,
                "trials": g.found.trials,
                "real_trials": g.found.baseline_trials,
                "left_out": g.left_out,
            }
            for g in gaps(trials, simulated, real, level)
        ],
        **_with_help(trials, simulated, real, level),
        "notes": notes,
    }


def all_pairs(table: pa.Table, level: float) -> list[dict[str, Any]]:
    """`sim_real` of every simulated domain with every real one that have a policy in common, for a report."""
    there = set(table["domain"].to_pylist())
    found = []
    for simulated, real in ((s, r) for s in SIMULATED for r in REAL if {s, r} <= there):
        with suppress(TrialsRefused):
            found.append(sim_real(table, simulated, real, level))
    return found


def _policies(trials: Trials, simulated: str, real: str) -> tuple[list[Rates], int]:
    """Rates of every training run that has trials in both domains, and how many have them in one only."""
    policies, alone = [], 0
    for approach in trials.approaches():
        sides = [trials.places(approach, domain) for domain in (simulated, real)]
        runs = [{(place, seed) for place, seeds in side.items() for seed in seeds} for side in sides]
        alone += len(runs[0] ^ runs[1])
        for seed in sorted({seed for _, seed in runs[0] & runs[1]}):
            places = sorted(place for place, s in runs[0] & runs[1] if s == seed)
            found = [[v for p in places for v in side[p][seed].values()] for side in sides]
            s, r = (sum(values) / len(values) for values in found)
            policies.append(Rates(f"{approach}, seed {seed}", s, r, len(found[0]), len(found[1])))
    return policies, alone


def _agreement(policies: list[Rates], level: float) -> dict[str, Any]:
    rows = {}
    for name, measure in MEASURES.items():
        found = agreement(policies, measure, level)
        rows[name] = {
            "value": None if found.value != found.value else round(found.value, 4),
            "band": found.band.to_json() if found.band else None,
            "new_policies": found.new_policies.to_json() if found.new_policies else None,
        }
    return rows


def _with_help(trials: Trials, simulated: str, real: str, level: float) -> dict[str, Any]:
    """Real success of each approach with simulation's help, and why of others there is none."""
    powered, unpowered = [], []
    for approach in trials.approaches():
        found = _powered(trials, approach, simulated, real, level)
        if isinstance(found, str):
            unpowered.append({"approach": approach, "reason": found})
        elif found:
            powered.append(found)
    return {"powered": powered, "unpowered": unpowered}


def _powered(trials: Trials, approach: str, simulated: str, real: str, level: float) -> dict[str, Any] | str | None:
    """Real success of an approach from both domains, or why simulation cannot help; None without real trials."""
    ours, theirs = (_by_key(trials, approach, domain) for domain in (simulated, real))
    if not theirs:
        return None
    both = sorted(ours.keys() & theirs.keys())
    places = {key[:2] for key in theirs}
    more = [value for key, value in ours.items() if key not in theirs and key[:2] in places]
    if len(both) < 2:
        return "fewer than two real trials were simulated from the same initial state"
    if not more:
        return "there are no simulated trials beyond the real ones' initial states"
    found = powered_mean([theirs[k] for k in both], [ours[k] for k in both], more, level)
    return {
        "approach": approach,
        "value": round(found.value, 4),
        "band": found.band.to_json(),
        "weight": round(found.weight, 4),
        "classical": round(found.classical, 4),
        "classical_band": found.classical_band.to_json(),
        "saved": round(found.saved, 4),
        "trials_saved": round(found.trials_saved, 1),
        "real_trials": found.real_trials,
        "simulated_trials": found.simulated_trials,
    }


def _by_key(trials: Trials, approach: str, domain: str) -> Mapping[Key, float]:
    return {
        (location, task, seed, state): outcome
        for (location, task), runs in trials.places(approach, domain).items()
        for seed, outcomes in runs.items()
        for state, outcome in outcomes.items()
    }
