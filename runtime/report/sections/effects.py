"""Effect sizes: what the page draws of them, and their rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.roles import UNTRAINED
from runtime.report.sections.verdict import in_order

DASHES = ("none", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2")
"""Dash patterns that tell lines apart without colour, in turn."""
WIDE, TALL = 300.0, 180.0
"""Of a profile's field, in pixels."""


def drawn(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One group per domain: `measures`, each with its table rows and its profiles. The untrained control is left out.

    An approach keeps its line through all figures.
    """
    found, roles = said["evidence"]["effects"], said["roles"]
    order = [a for a in in_order(said["study"]["approaches"], roles) if roles.get(a) != UNTRAINED]
    groups = []
    for domain in said["domains"]:
        measures = []
        for measure in ("success", "score"):
            here = {r["approach"]: r for r in found["rows"] if (r["domain"], r["measure"]) == (domain, measure)}
            rows = [
                {
                    **here[a],
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
    return groups


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


def notes(measures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
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


def effect_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per approach, domain and measure."""
    rows = []
    for row in said["evidence"]["effects"]["rows"]:
        beside = row["against"] or {}
        flat = {k: row[k] for k in ("approach", "domain", "measure", "tasks", "runs", "mean", "error", "iqm")}
        rows.append(
            {
                **flat,
                **_ends("iqm", row["iqm_band"]),
                "optimality_gap": row["optimality_gap"],
                **{k: beside.get(k) for k in ("cohens_d", "hedges_g")},
                **_ends("d", beside.get("d_band")),
                "degrees": beside.get("degrees"),
                "improvement": beside.get("improvement"),
                **_ends("improvement", beside.get("improvement_band")),
                "notes": "; ".join([*row["notes"], *beside.get("notes", [])]),
            }
        )
    return rows


def profile_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per approach, domain, measure and threshold."""
    found = said["evidence"]["effects"]
    return [
        {
            "approach": row["approach"],
            "domain": row["domain"],
            "measure": row["measure"],
            "threshold": threshold,
            "share_above": row["profile"][i],
            **_ends("share", row["profile_band"] and [row["profile_band"][0][i], row["profile_band"][1][i]]),
        }
        for row in found["rows"]
        for i, threshold in enumerate(found["thresholds"])
    ]


def _ends(name: str, band: Sequence[float] | None) -> dict[str, Any]:
    low, high = band or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _x(value: float) -> float:
    return round(WIDE * value / 100, 1)


def _y(share: float) -> float:
    return round(TALL * (1 - share / 100), 1)
