"""Every table as CSV and every figure as SVG, inside the page: links to data URIs, so nothing is fetched or run."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment

from runtime.report.drawing.csv import table_csv
from runtime.report.sections.beyond import belief_rows
from runtime.report.sections.cost import cost_rows
from runtime.report.sections.determinism import determinism_rows
from runtime.report.sections.effects import effect_rows, profile_rows
from runtime.report.sections.films import film_rows
from runtime.report.sections.fleet import HEIGHT, fleet_rows
from runtime.report.sections.kpi_rows import kpi_rows
from runtime.report.sections.learning import area_rows, curve_rows
from runtime.report.sections.looks import look_rows
from runtime.report.sections.places import heat_rows
from runtime.report.sections.reality import powered_rows, reality_rows
from runtime.report.sections.worth import confirmed_rows, next_rows

TYPES = {"csv": "text/csv", "svg": "image/svg+xml"}


def downloads(said: Mapping[str, Any], drawn: Mapping[str, Any], environment: Environment) -> dict[str, list[dict[str, str]]]:
    """Name of a section -> its files, each with `kind`, `name` and `uri`.

    Args:
        said: the report's content.
        drawn: what the page draws: `forest`, `rates`, `shares`, `maps`, `sim_real`, `effects`, `stacks` and `fleets`,
            with `axis` and `rates_axis`.
        environment: where the templates are.
    """
    found: dict[str, list[dict[str, str]]] = {}

    def add(name: str, kind: str, text: str) -> None:
        encoded = base64.b64encode(text.encode()).decode("ascii")
        file = {"kind": kind, "name": f"{said['study']['id']}-{name}.{kind}"}
        found.setdefault(name, []).append(file | {"uri": f"data:{TYPES[kind]};charset=utf-8;base64,{encoded}"})

    for name, make in TABLES.items():
        if rows := make(said):
            add(name, "csv", table_csv(rows))
    if drawn["maps"]:
        add("places", "csv", table_csv(heat_rows(drawn["maps"])))
    figures: dict[str, tuple[str, str, tuple[int, int], dict[str, Any]]] = {
        "uplift": ("intervals", "forest", (52, 24), {"axis": drawn["axis"], "signed": True}),
        "places": ("heat", "maps", (46, 42), {}),
        "rates": ("intervals", "rates", (52, 24), {"axis": drawn["rates_axis"], "signed": False}),
        "reality": ("scatter", "sim_real", (390, 0), {}),
        "learning": ("curves", "curves", (40, 0), {}),
        "kpi": ("kpi", "kpi_lines", (224, 0), {"pack": drawn["key_figures"], "approaches": said["kpi"]["approaches"]}),
        "failures": ("shares", "shares", (44, 30), {"modes": drawn["modes"]}),
        "profiles": ("profiles", "effects", (0, 0), {}),
        "beyond": ("stacks", "stacked", (40, 72), {"axis": drawn["stacks"] and drawn["stacks"]["axis"]}),
        "fleet": ("fleet", "fleets", (64 + HEIGHT, 0), {}),
    }
    drawn = {**drawn, "stacked": drawn["stacks"] and drawn["stacks"]["groups"]}
    for name, (template, key, (head, line), more) in figures.items():
        if drawn[key]:
            svg = environment.get_template(f"report/svg/{template}.svg.j2")
            groups = [{"lines": head + line * len(group.get("rows", ())), **group} for group in drawn[key]]
            add(name, "svg", svg.render(study=said["study"]["id"], groups=groups, **more))
    return found


def _uplift(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "approach": r["approach"],
            "baseline": said["evidence"]["baseline"],
            "domain": r["domain"],
            **_place(r),
            "uplift": r["value"],
            **_ends(r),
            "level": r["level"],
            "direction": r["direction"],
            "pairs": r["pairs"],
            "gained": r["discordant"]["gained"],
            "lost": r["discordant"]["lost"],
            "seeds": r["seeds"],
            "degrees": r["degrees"],
            **dict(zip(("expected_low", "expected_high"), r["prior"]["range"] if r["prior"] else ("", ""), strict=True)),
            "notes": "; ".join(r["notes"]),
        }
        for r in said["evidence"]["uplift"]
    ]


def _rates(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "approach": r["approach"],
            "domain": r["domain"],
            **_place(r),
            "success": r["value"],
            **_ends(r),
            "level": r["level"],
            "trials": r["trials"],
        }
        for r in said["evidence"]["rates"]
    ]


def _cells(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{k: v for k, v in r.items() if k != "band"} | _ends(r) for r in said["evidence"]["cells"]]


def _failures(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for r in said["failures"]:
        for mode in r["modes"]:
            change = mode["change"]
            more = (
                {}
                if change is None
                else {
                    "change": change["value"],
                    "change_low": change["band"][0],
                    "change_high": change["band"][1],
                    "change_level": change["level"],
                    "change_direction": change["direction"],
                }
            )
            rows.append(
                {
                    "approach": r["approach"],
                    "domain": r["domain"],
                    "mode": mode["mode"],
                    "count": mode["count"],
                    "trials": r["trials"],
                    "share": mode["share"],
                    **_ends(mode),
                    **more,
                }
            )
    return rows


def _gates(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "gate": g["id"],
            "status": g["status"],
            "metric": g["metric"],
            "approach": g["approach"],
            "domain": g["domain"],
            "stage": g["stage"],
            "wanted": g["wanted"],
            "value": g["value"],
            **_ends(g),
            "n": g["n"],
            "reason": g["reason"],
            **_waiver(g),
        }
        for g in said["gates"]
    ]


def _claims(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "claim": c["id"],
            "verdict": c["verdict"],
            "kind": c["kind"],
            "weakest": link["link"] == c["weakest"],
            "part": link["part"],
            "approach": link["approach"],
            "over": link["over"],
            "domain": link["domain"],
            "uplift": link["value"],
            **_ends(link),
            "level": link["level"],
            "wanted": link["wanted"],
            "outcome": link["verdict"],
            **_waiver(c),
        }
        for c in said["claims"]
        for link in c["links"]
    ]


def _artifacts(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**{k: v for k, v in row.items() if k != "metrics"}, **row["metrics"]} for row in said["provenance"]["artifacts"]]


def _waiver(verdict: Mapping[str, Any]) -> dict[str, Any]:
    waived = verdict.get("waived")
    return {} if not waived else {f"waived_{name}": waived[name] for name in ("owner", "until", "reason")}


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"location": row["location"] or "all", "task": row["task"] or "all"}


def _ends(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row.get("band") or ("", "")
    return {"low": low, "high": high}


TABLES: dict[str, Callable[[Mapping[str, Any]], list[dict[str, Any]]]] = {
    "uplift": _uplift,
    "rates": _rates,
    "cells": _cells,
    "failures": _failures,
    "gates": _gates,
    "claims": _claims,
    "beyond": belief_rows,
    "costs": cost_rows,
    "reality": reality_rows,
    "fleet": fleet_rows,
    "determinism": determinism_rows,
    "looks": look_rows,
    "learning": curve_rows,
    "areas": area_rows,
    "films": film_rows,
    "effects": effect_rows,
    "profiles": profile_rows,
    "next": next_rows,
    "worth": confirmed_rows,
    "powered": powered_rows,
    "kpi": kpi_rows,
    "stages": lambda said: [
        {**row, "versions": " ".join(map(str, row["versions"])), "backends": ", ".join(row["backends"])}
        for row in said["provenance"]["stages"]
    ],
    "artifacts": _artifacts,
}
"""Section -> its rows."""
