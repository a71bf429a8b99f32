"""Simulation against reality, as lines for people."""

from collections.abc import Mapping
from typing import Any

from compiler.render.columns import columns
from compiler.render.uplift import band
from runtime.report.drawing.words import points

NAMES = {"pearson": "Pearson's r", "spearman": "Spearman's rank", "kendall": "Kendall's tau", "mmrv": "MMRV (0 is best)"}


def sim_real_lines(found: Mapping[str, Any]) -> list[str]:
    """Policies, agreement, gaps and powered estimates."""
    level = f"{100 * found['level']:g} %"
    lines = [f"`{found['simulated']}` against `{found['real']}`, {level} bands; {found['unit']}", ""]
    rows = [("policy", found["simulated"], found["real"], "trials")]
    for p in found["policies"]:
        trials = f"{p['simulated_trials']}/{p['real_trials']}"
        rows.append((p["policy"], f"{p['simulated']:.1f}", f"{p['real']:.1f}", trials))
    lines += columns(rows)
    if found["agreement"]:
        rows = [("", "value", "these policies", "new policies")]
        for name, row in found["agreement"].items():
            value = "undefined" if row["value"] is None else f"{row['value']:.3f}"
            rows.append((NAMES[name], value, _interval(row["band"]), _interval(row["new_policies"])))
        lines += ["", "agreement", *columns(rows)]
    if found["gap"]:
        rows = [("approach", "location", "task", "gap", "band", "")]
        for g in found["gap"]:
            paired = "paired" if g["paired"] else "not paired"
            paired += f", {g['left_out']} without a counterpart left out" if g["left_out"] else ""
            place = (g["location"] or "all", g["task"] or "pooled")
            rows.append((g["approach"], *place, points(g["value"]), band(g["band"]), paired))
        lines += ["", f"gap: {found['simulated']} minus {found['real']}, in points", *columns(rows)]
    if found["powered"]:
        rows = [("approach", "real trials alone", "", "with simulation", "", "worth")]
        for p in found["powered"]:
            alone, helped = (f"[{low:.1f}, {high:.1f}]" for low, high in (p["classical_band"], p["band"]))
            worth = f"{100 * p['saved']:.0f} % of real trials"
            rows.append((p["approach"], f"{p['classical']:.1f}", alone, f"{p['value']:.1f}", helped, worth))
        lines += ["", f"success in {found['real']}, of these very policies", *columns(rows)]
    return lines + ([""] if found["notes"] else []) + [f"note: {note}" for note in found["notes"]]


def _interval(found: list[float] | None) -> str:
    return "unknown" if found is None else f"[{found[0]:.3f}, {found[1]:.3f}]"
