"""What comparisons say beyond their own band: what was expected, what is believed now, what to expect elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.drawing.axis import Axis, axis_of, strip
from runtime.report.roles import UNTRAINED
from runtime.report.sections.verdict import in_order

WIDEST = 40.0
"""Points to either side of an estimate up to which its band stretches the axis; wider ones run off it."""


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


def stacks(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Range, measurement and belief of every row that has a range, as marks on one axis; None where there is none.

    Returns:
        `axis` with its ticks, `groups` of rows by domain, each row with the marks `before`, `measured` and `after`.
    """
    kept = [row for row in rows if row["joint"]["belief"]]
    if not kept:
        return None
    # Ranges and beliefs set the scale, and measurements as far as they are within reach of them.
    axis = axis_of(
        [
            {
                "value": row["value"],
                "location": None,
                "prior": row["prior"],
                "band": [max(row["band"][0], row["value"] - WIDEST), min(row["band"][1], row["value"] + WIDEST)],
            }
            for row in kept
        ]
    )
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in kept:
        groups.setdefault(row["domain"], []).append({**row, **_stack(axis, row)})
    return {
        "axis": {"ticks": [{"x": axis.at(t), "value": t} for t in axis.ticks]},
        "groups": [{"domain": domain, "rows": members} for domain, members in groups.items()],
    }


def _stack(axis: Axis, row: Mapping[str, Any]) -> dict[str, Any]:
    belief, (low, high) = row["joint"]["belief"], row["prior"]["range"]
    return {
        "before": strip(axis, (low + high) / 2, (low, high)),
        "measured": strip(axis, row["value"], row["band"]),
        "after": strip(axis, belief["posterior"]["mean"], belief["posterior"]["band"]),
    }


def belief_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same, flat."""
    rows = []
    for row in beyond(said):
        joint, belief = row["joint"], row["joint"]["belief"]
        there = joint["new_location"]
        rows.append(
            {
                "approach": row["approach"],
                "domain": row["domain"],
                "measured": row["value"],
                **ends("measured", row),
                **ends("expected", {"band": row["prior"]["range"]} if row["prior"] else None),
                **ends("together", joint),
                "p_value": joint["p_value"],
                "p_holm": joint["p_holm"],
                **(
                    {
                        "believed": belief["posterior"]["mean"],
                        "measured_share": belief["posterior"]["share"],
                        "range_weight_before": belief["prior"]["range_weight"],
                        "range_weight_after": belief["posterior"]["range_weight"],
                        "above_zero_before_measurement": belief["prior"]["helps"],
                        "above_zero_after_measurement": belief["posterior"]["helps"],
                    }
                    if belief
                    else {}
                ),
                **ends("believed", belief["posterior"] if belief else None),
                **ends("new_location", there),
            }
        )
    return rows


def ends(name: str, row: Mapping[str, Any] | None) -> dict[str, float]:
    """The ends of a band as two columns; none where there is no band."""
    return {} if row is None else {f"{name}_low": row["band"][0], f"{name}_high": row["band"][1]}
