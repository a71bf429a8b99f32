"""Simulated against real success: what the page draws of every pair of domains."""

from collections.abc import Mapping
from typing import Any

from runtime.report.sections.verdict import in_order


def drawn(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each pair of `sim_real` with `approaches`, a `group` number for each policy, and its gaps over all places."""
    pairs = []
    for pair in said["sim_real"]:
        names = [policy["policy"].rpartition(", seed ")[0] for policy in pair["policies"]]
        approaches = [a for a in in_order(said["study"]["approaches"], said["roles"]) if a in names]
        policies = [{**p, "group": approaches.index(a)} for p, a in zip(pair["policies"], names, strict=True)]
        widest: dict[str, Mapping[str, Any]] = {}
        for row in pair["gap"]:
            if row["approach"] not in widest or row["location"] is None:
                widest[row["approach"]] = row
        gaps = [widest[a] for a in approaches if a in widest]
        pairs.append({**pair, "approaches": approaches, "policies": policies, "gaps": gaps})
    return pairs


def reality_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per policy and pair of domains."""
    return [
        {
            "simulated": pair["simulated"],
            "real": pair["real"],
            "policy": policy["policy"],
            "simulated_success": policy["simulated"],
            "real_success": policy["real"],
            "simulated_trials": policy["simulated_trials"],
            "real_trials": policy["real_trials"],
        }
        for pair in said["sim_real"]
        for policy in pair["policies"]
    ]


def powered_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per approach and pair of domains: real success alone and with simulation's help."""
    return [
        {
            "simulated": pair["simulated"],
            "real": pair["real"],
            "approach": row["approach"],
            "real_alone": row["classical"],
            "real_alone_low": row["classical_band"][0],
            "real_alone_high": row["classical_band"][1],
            "powered": row["value"],
            "powered_low": row["band"][0],
            "powered_high": row["band"][1],
            "trust": row["weight"],
            "real_trials": row["real_trials"],
            "simulated_trials": row["simulated_trials"],
            "real_trials_saved": row["trials_saved"],
        }
        for pair in said["sim_real"]
        for row in pair["powered"]
    ]
