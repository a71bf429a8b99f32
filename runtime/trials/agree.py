"""What simulated trials tell of real ones: agreement over policies, the gap, real success with simulation's help."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import combinations
from math import isnan

import pyarrow as pa

from runtime.bound.domain import DOMAINS, SIMULATED, Domain
from runtime.report.forms.reality import Measure as MeasureForm
from runtime.report.forms.reality import Powered, SimReal
from runtime.stats.inference.gap import gaps
from runtime.stats.table.outcomes import Trials
from runtime.stats.transfer.agreement import FEWEST_POLICIES, Agreement, Rates, agreement
from runtime.stats.transfer.powered import powered_mean
from runtime.trials.fault import Fault, TrialsRefused, refusal

Key = tuple[str, str, int, str]
"""(location, task, seed, initial state)"""


def sim_real(table: pa.Table, simulated: Domain, real: Domain, level: float) -> SimReal:
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
    asked = trials.approaches() if DOMAINS[real].real else []  # where trials are dear
    helped = {approach: _powered(trials, approach, simulated, real, level) for approach in asked}
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
        "agreement": _measured(policies, level),
        "gap": [
            {
                "approach": g.approach,
                "location": g.found.location,
                "task": g.found.task,
                "value": round(g.found.estimate.value, 4),
                "band": g.found.estimate.band.to_json(),
                "paired": g.found.paired,
                "trials": g.found.trials,
                "real_trials": g.found.baseline_trials,
                "left_out": g.left_out,
            }
            for g in gaps(trials, simulated, real, level)
        ],
        "powered": [one for one in helped.values() if isinstance(one, dict)],
        "unpowered": [{"approach": a, "reason": one} for a, one in helped.items() if isinstance(one, str)],
        "notes": notes,
    }


def all_pairs(table: pa.Table, level: float) -> list[SimReal]:
    """`sim_real` of every simulated domain with each that is closer to reality and has a policy in common with it: what is real
    or stands for it, and the twin for what is imagined of it. For a report."""
    there = set(table["domain"].to_pylist())
    found = []
    for simulated, real in ((s, r) for s, r in combinations(DOMAINS, 2) if s in SIMULATED and {s, r} <= there):
        with suppress(TrialsRefused):
            found.append(sim_real(table, simulated, real, level))
    return found


def _policies(trials: Trials, simulated: Domain, real: Domain) -> tuple[list[Rates], int]:
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


def _measured(policies: list[Rates], level: float) -> dict[str, MeasureForm]:
    def form(found: Agreement) -> MeasureForm:
        bands = [None if band is None else band.to_json() for band in (found.band, found.new_policies)]
        return {"value": None if isnan(found.value) else round(found.value, 4), "band": bands[0], "new_policies": bands[1]}

    return {name: form(found) for name, found in agreement(policies, level=level).items()} if len(policies) > 1 else {}


def _powered(trials: Trials, approach: str, simulated: Domain, real: Domain, level: float) -> Powered | str | None:
    """Real success of an approach from both domains, or why simulation cannot help; None without real trials."""
    ours, theirs = (_by_key(trials, approach, domain) for domain in (simulated, real))
    if not theirs:
        return None
    both = sorted(ours.keys() & theirs.keys())
    places = {key[:2] for key in theirs}
    more = [value for key, value in ours.items() if key not in theirs and key[:2] in places]
    if len(both) < 2:
        return "fewer than two trials there were simulated from the same initial state"
    if not more:
        return "there are no simulated trials beyond the shared initial states"
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


def _by_key(trials: Trials, approach: str, domain: Domain) -> Mapping[Key, float]:
    return {
        (location, task, seed, state): outcome
        for (location, task), runs in trials.places(approach, domain).items()
        for seed, outcomes in runs.items()
        for state, outcome in outcomes.items()
    }
