"""What comparisons say beyond their own band: what was expected, what is believed now, what to expect elsewhere."""

from collections.abc import Sequence

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import Axis, axis_of, strip
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import pooled, refused
from runtime.report.forms.report import Report
from runtime.report.roles import UNTRAINED, in_order

WIDEST = 40.0
"""Points to either side of an estimate up to which its band stretches the axis; wider ones run off it."""


def beyond(said: Report) -> list[Drawn]:
    """The widest row of uplift of each approach and domain with `joint`, its entry of `evidence.together`.

    The untrained control is left out; rows follow domains and approaches as the report lists them.
    """
    evidence, roles = said["evidence"], said["roles"]
    joint = {(row["approach"], row["domain"]): row for row in evidence["together"]}
    widest = pooled(evidence["uplift"])
    return [
        {**widest[approach, domain], "joint": joint[approach, domain]}
        for domain in said["domains"]
        for approach in in_order(said["study"]["approaches"], roles)
        if (approach, domain) in joint and roles.get(approach) != UNTRAINED
    ]


def stacks(rows: Sequence[Drawn]) -> Drawn:
    """Range, measurement and belief of every row that has a range, as marks on one axis.

    Returns:
        `axis` with its ticks, `groups` of rows by domain, each row with the marks `before`, `measured` and `after`.
    """
    kept = [row for row in rows if row["joint"]["belief"]]
    # Ranges and beliefs set the scale, and measurements as far as they are within reach of them.
    reach = [[max(row["band"][0], row["value"] - WIDEST), min(row["band"][1], row["value"] + WIDEST)] for row in kept]
    axis = axis_of([{**row, "location": None, "band": band} for row, band in zip(kept, reach, strict=True)])
    groups: dict[str, list[Drawn]] = {}
    for row in kept:
        groups.setdefault(row["domain"], []).append({**row, **_stack(axis, row)})
    return {"axis": axis.ticked(), "groups": [{"domain": domain, "rows": members} for domain, members in groups.items()]}


def _stack(axis: Axis, row: Drawn) -> Drawn:
    belief, (low, high) = row["joint"]["belief"], row["prior"]["range"]
    return {
        "before": strip(axis, (low + high) / 2, (low, high)),
        "measured": strip(axis, row["value"], row["band"]),
        "after": strip(axis, belief["posterior"]["mean"], belief["posterior"]["band"]),
    }


def drawn(said: Report) -> Drawn:
    """Rows of the table, and stacks of those that have a range."""
    by_gates = refused(said)
    rows = [{**row, "direction": "refused"} if (row["approach"], row["domain"]) in by_gates else row for row in beyond(said)]
    return {"rows": rows, **stacks(rows)}


def rows(said: Report) -> Rows:
    """The table, flat."""
    found = []
    for row in beyond(said):
        joint, belief = row["joint"], row["joint"]["belief"]
        flat = columns(row, "approach domain measured=value measured=band")
        flat |= columns(row["prior"], "expected=range") if row["prior"] else {}
        flat |= columns(joint, "together=band p_value p_holm")
        if belief:
            before, after = belief["prior"], belief["posterior"]
            flat |= columns(after, "believed=mean measured_share=share")
            flat |= columns(before, "range_weight_before=range_weight") | columns(after, "range_weight_after=range_weight")
            flat |= columns(before, "above_zero_before_measurement=helps")
            flat |= columns(after, "above_zero_after_measurement=helps believed=band")
            flat |= columns(belief["sceptic"], "sceptic=mean above_zero_to_a_sceptic=helps") | columns(belief, "likelihood_ratio")
            flat |= columns(belief["alone"], "above_zero_by_measurement_alone=helps") if belief["alone"] else {}
        flat |= columns(joint["new_location"], "new_location=band") if joint["new_location"] else {}
        found.append(flat)
    return found
