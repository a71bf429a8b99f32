"""A comparison of approaches by imported trials, as lines for people."""

from collections.abc import Mapping
from typing import Any

from compiler.render.columns import columns
from runtime.report.drawing.words import points


def comparison_lines(found: Mapping[str, Any]) -> list[str]:
    """Uplift by place and pooled, then failure modes, then what must be known about the numbers."""
    level = f"{100 * found['level']:g} %"
    counts = found["counts"]
    lines = [f"{counts['trials']:,} trials, baseline `{found['baseline']}`, uplift in points with {level} bands", ""]
    head = ("approach", "domain", "location", "task", "uplift", "over seeds", "these policies", "gained/lost", "McNemar p", "")
    lines += columns([head, *(_row(row) for row in found["uplift"])])
    lines += _many(found)
    if not found["uplift"]:
        lines.append("  nothing to compare: no other approach ran where the baseline did")
    if found["failure_mode_shifts"]:
        lines += ["", f"failure modes, share of all trials, pooled; the bands of all modes hold together at {level}"]
        rows = [("approach", "domain", "failure mode", "baseline", "approach", "change", "band", "")]
        for s in found["failure_mode_shifts"]:
            shares = (f"{s['baseline_share']:.1f}", f"{s['share']:.1f}", points(s["value"]), band(s["band"]))
            rows.append((s["approach"], s["domain"], s["mode"], *shares, s["direction"]))
        lines += columns(rows)
    notes = list(dict.fromkeys([*found["notes"], *(n for row in found["uplift"] for n in row["notes"])]))
    return lines + ([""] if notes else []) + [f"note: {note}" for note in notes]


def _many(found: Mapping[str, Any]) -> list[str]:
    """What several comparisons say at once: each band of the table above stands alone."""
    lines = []
    if any(row["comparisons"] > 1 for row in found["together"]):
        rows = [("approach", "domain", "band that holds with the others'", "Holm p")]
        rows += [(r["approach"], r["domain"], band(r["band"]), f"{r['p_holm']:.2g}") for r in found["together"]]
        lines += ["", "all approaches of a domain together", *columns(rows)]
    for fleet in found["fleet"]:
        directions = [place["direction"] for place in fleet["locations"]]
        said = ", ".join(f"{way} at {n}" for way in ("helps", "hurts", "undecided") if (n := directions.count(way)))
        held = f"false discoveries held at {100 * fleet['false_discovery_rate']:g} %"
        lines += ["", f"`{fleet['approach']}` in `{fleet['domain']}` over {len(directions)} locations, {held}: {said}"]
    return lines


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    place = ("all", "pooled") if row["location"] is None else (row["location"], row["task"])
    paired = ("not paired", "", "")
    if these := row["these_policies"]:
        paired = (band(these["band"]), f"{these['gained']}/{these['lost']}", f"{these['mcnemar_exact_p']:.2g}")
    return row["approach"], row["domain"], *place, points(row["value"]), band(row["band"]), *paired, row["direction"]


def band(found: list[float]) -> str:
    """A band in points."""
    return f"[{points(found[0])}, {points(found[1])}]"
