"""What comparisons say beyond their own band: what was expected, what is believed now, what to expect elsewhere."""

from collections.abc import Mapping
from typing import Any

from runtime.report.roles import UNTRAINED
from runtime.report.verdict import in_order


def beyond(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The widest row of uplift of each approach and domain with `joint`, its entry of `evidence.together`.

    The untrained control is left out; rows follow domains and approaches as the report lists them.
    """
    evidence, roles = said["evidence"], said["roles"]
    joint = {(row["approach"], row["domain"]): row for row in evidence["together"]}
    widest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in evidence["uplift"]:
        key = (row["approach"], row["domain"])
        if key not in widest or row["location"] is None:
            widest[key] = row
    return [
        {**widest[approach, domain], "joint": joint[approach, domain]}
        for domain in said["domains"]
        for approach in in_order(said["study"]["approaches"], roles)
        if (approach, domain) in joint and roles.get(approach) != UNTRAINED
    ]


def belief_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same, flat."""
    rows = []
    for row in beyond(said):
        joint, belief = row["joint"], row["joint"]["belief"]
        there = joint["new_location"]
        rows.append({
            "approach": row["approach"], "domain": row["domain"], "measured": row["value"], **ends("measured", row),
            **ends("expected", {"band": row["prior"]["range"]} if row["prior"] else None), **ends("together", joint),
            "p_value": joint["p_value"], "p_holm": joint["p_holm"],
            **({"believed": belief["posterior"]["mean"], "helps": belief["posterior"]["helps"]} if belief else {}),
            **ends("believed", belief["posterior"] if belief else None), **ends("new_location", there),
        })  # fmt: skip
    return rows


def fleet_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per approach, domain and location of a fleet."""
    return [
        {"approach": fleet["approach"], "domain": fleet["domain"], "location": row["location"], "measured": row["raw"],
         "value": row["value"], **ends("value", row), "p_value": row["p_value"], "p_adjusted": row["adjusted"],
         "direction": row["direction"]}
        for fleet in said["evidence"]["fleet"] for row in fleet["locations"]
    ]  # fmt: skip


def ends(name: str, row: Mapping[str, Any] | None) -> dict[str, float]:
    """The ends of a band as two columns; none where there is no band."""
    return {} if row is None else {f"{name}_low": row["band"][0], f"{name}_high": row["band"][1]}
