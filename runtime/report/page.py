"""The page: content set in type by the templates under `rules/`."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runtime.report.downloads import downloads
from runtime.report.drawing import words
from runtime.report.drawing.axis import RATES, axis_of, strip
from runtime.report.roles import UNTRAINED
from runtime.report.sections import effects, fleet, reality
from runtime.report.sections import kpi_drawing as kpi_drawn
from runtime.report.sections.beyond import beyond, stacks
from runtime.report.sections.learning import charts, saving, saving_band
from runtime.report.sections.places import heat_maps
from runtime.report.sections.verdict import in_order
from runtime.report.sections.where import where
from runtime.stats.status import Status

FILTERS = (
    "points",
    "band",
    "number",
    "metric",
    "count",
    "level",
    "duration",
    "domain",
    "code",
    "expected",
    "chance",
    "percent",
    "hours",
    "figure",
    "measured",
)
MOST_LISTED = 1000
"""Rows of a table that a page holds; of longer ones only the file."""
TEMPLATES = Path(__file__).resolve().parents[2] / "rules"


def render(said: dict[str, Any]) -> str:
    """The offline HTML page. Every text is escaped; only the style sheet is inserted as it is."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    for name in FILTERS:
        environment.filters[name] = getattr(words, name)
    environment.filters["saving"], environment.filters["saving_band"] = saving, saving_band
    evidence = said["evidence"]
    controls = {approach for approach, role in said["roles"].items() if role == UNTRAINED}
    axis = axis_of([row for row in evidence["uplift"] if row["approach"] not in controls] or evidence["uplift"])
    style = Markup((TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"))  # ours, not input
    drawn: dict[str, Any] = {
        "axis": {"ticks": [{"x": axis.at(t), "value": t} for t in axis.ticks]},
        "rates_axis": {"ticks": [{"x": RATES.at(t), "value": t} for t in RATES.ticks]},
        "forest": _by_domain(said, [_forest_row(axis, row) for row in evidence["uplift"]]),
        "rates": _by_domain(said, [{**row, "marks": strip(RATES, row["value"], row["band"])} for row in evidence["rates"]]),
        "maps": heat_maps(said),
        "shares": _by_domain(said, said["failures"]),
        "modes": [mode["mode"] for row in said["failures"][:1] for mode in row["modes"]],
    }
    drawn["beyond"] = beyond(said)
    drawn["curves"] = charts(said)
    drawn["sim_real"] = reality.drawn(said)
    drawn["stacks"] = stacks(drawn["beyond"])
    drawn["effects"] = effects.drawn(said)
    drawn["fleets"] = fleet.fleets(said)
    drawn["key_figures"] = kpi_drawn.drawn(said["kpi"])
    drawn["where"] = where(said)
    drawn["kpi_lines"] = drawn["key_figures"].get("lines", [])
    return environment.get_template("report.html.j2").render(
        **(said | drawn),
        style=style,
        few=fleet.FEW,
        most_listed=MOST_LISTED,
        statuses=_counted(said["gates"], "status"),
        verdicts=_counted(said["claims"], "verdict"),
        files=downloads(said, drawn, environment),
    )


def _counted(judged: list[dict[str, Any]], word: str) -> list[tuple[str, str, int]]:
    """(word, its status, how often) of gates or claims, the best first; waived ones count as waived."""
    shown = [("waived", "waived") if v["waived"] else (v[word], v["status"]) for v in judged]
    order = [*Status, "waived"]
    return [(*pair, shown.count(pair)) for pair in sorted(set(shown), key=lambda pair: order.index(pair[1]))]


def _forest_row(axis: Any, row: dict[str, Any]) -> dict[str, Any]:
    prior = row["prior"]["range"] if row["prior"] else None
    return {**row, "marks": strip(axis, row["value"], row["band"], prior)}


def _by_domain(said: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows grouped by domain, most real first; per approach the pooled row before the single places.

    `rank` tells pooled rows from single ones; where there is only one place, its rows stand for all (`only` names it).
    """
    order = {a: i for i, a in enumerate(in_order(said["study"]["approaches"], said["roles"]))}
    groups = []
    for domain in said["domains"]:
        here = [row for row in rows if row["domain"] == domain]
        here.sort(key=lambda r: (order.get(r["approach"], len(order)), r.get("location") is not None, str(r.get("location"))))
        if here:
            places = {(row.get("location"), row.get("task")) for row in here}
            alone = len(places) == 1
            ranked = [
                {
                    **row,
                    "rank": "pooled" if alone or row.get("location") is None else "single",
                    "order": order.get(row["approach"], len(order)),
                }
                for row in here
            ]
            groups.append({"domain": domain, "rows": ranked, "only": here[0].get("location") if alone else None})
    return groups
