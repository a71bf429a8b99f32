"""Effect sizes: what the page draws of them, and their rows."""

from collections.abc import Sequence

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import refused
from runtime.report.forms.report import Report
from runtime.report.roles import UNTRAINED, in_order

DASHES = ("none", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2")
"""Dash patterns that tell lines apart without colour, in turn."""
FEWEST_RUNS = 6
"""Runs of an approach from which on the page draws profiles: of fewer, each step is one run. Never those of one place."""
WIDE, TALL = 300.0, 180.0
"""Of a profile's field, in pixels."""


def drawn(said: Report) -> Drawn:
    """One group per domain: `measures`, each with its table rows and its profiles. The untrained control is left out.

    An approach keeps its line through all figures.
    """
    found, roles = said["evidence"]["effects"], said["roles"]
    order = [a for a in in_order(said["study"]["approaches"], roles) if roles.get(a) != UNTRAINED]
    groups, by_gates = [], refused(said)
    for domain in said["domains"]:
        measures = []
        for measure in ("success", "score"):
            here = {r["approach"]: r for r in found["rows"] if (r["domain"], r["measure"]) == (domain, measure)}
            rows = [
                {
                    **here[a],
                    "refused": by_gates.get((a, domain)),
                    "line": i % 8,
                    "dash": DASHES[i % len(DASHES)],
                    "path": steps(found["thresholds"], here[a]["profile"]),
                    "area": area(found["thresholds"], here[a]["profile_band"]),
                }
                for i, a in enumerate(order)
                if a in here
            ]
            if rows:
                measures.append({"measure": measure, "rows": rows})
        if measures:
            lines = max(280, 60 + 18 * len(measures[0]["rows"]))
            groups.append({"domain": domain, "measures": measures, "lines": lines, "notes": notes(measures)})
    most = max((row["runs"] for row in found["rows"]), default=0)
    return {"groups": groups, "profiles": most >= FEWEST_RUNS and said["evidence"]["counts"]["locations"] > 1}


def steps(thresholds: Sequence[float], shares: Sequence[float]) -> str:
    """A profile as a path of steps in a field of `WIDE` by `TALL` pixels."""
    parts = [f"M0 {_y(shares[0])}"]
    for threshold, before, share in zip(thresholds[1:], shares, shares[1:], strict=False):
        if share != before:
            parts.append(f"H{_x(threshold)}V{_y(share)}")
    return "".join(parts) + f"H{_x(thresholds[-1])}"


def area(thresholds: Sequence[float], band: Sequence[Sequence[float]] | None) -> str | None:
    """A profile's band as a closed path."""
    if band is None:
        return None
    back = "".join(f"L{_x(t)} {_y(share)}" for t, share in reversed(list(zip(thresholds, band[0], strict=True))))
    return "M" + "L".join(f"{_x(t)} {_y(share)}" for t, share in zip(thresholds, band[1], strict=True)) + back + "Z"


def notes(measures: Sequence[Drawn]) -> list[Drawn]:
    """What could not be said, each reason once, with the approaches that it holds for unless it holds for all."""
    found: dict[str, list[str]] = {}
    rows = [row for part in measures for row in part["rows"]]
    for row in rows:
        for note in [*row["notes"], *(row["against"] or {"notes": []})["notes"]]:
            found.setdefault(note, []).append(row["approach"])
    everyone = {row["approach"] for row in rows}
    return [
        {"note": note, "approaches": [] if set(approaches) == everyone else list(dict.fromkeys(approaches))}
        for note, approaches in found.items()
    ]


def effect_rows(said: Report) -> Rows:
    """One row per approach, domain and measure."""
    alone = "approach domain measure tasks runs mean error iqm iqm_band optimality_gap"
    beside = "cohens_d hedges_g d_band degrees improvement improvement_band"
    rows = []
    for row in said["evidence"]["effects"]["rows"]:
        against = row["against"]
        notes = [*row["notes"], *(against["notes"] if against else [])]
        flat = columns(row, alone) | columns(against or dict.fromkeys(beside.split()), beside)
        rows.append({**flat, "notes": "; ".join(notes)})
    return rows


def profile_rows(said: Report) -> Rows:
    """One row per approach, domain, measure and threshold."""
    found = said["evidence"]["effects"]
    return [
        columns(row, "approach domain measure")
        | {"threshold": threshold, "share_above": row["profile"][i]}
        | columns({"share_band": row["profile_band"] and [side[i] for side in row["profile_band"]]}, "share_band")
        for row in found["rows"]
        for i, threshold in enumerate(found["thresholds"])
    ]


def _x(value: float) -> float:
    return round(WIDE * value / 100, 1)


def _y(share: float) -> float:
    return round(TALL * (1 - share / 100), 1)
