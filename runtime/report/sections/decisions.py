"""What the report recommends: the rules of `runtime.stats.kpi.decision` over each treatment's uplift."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.drawing.words import domain
from runtime.report.roles import TREATMENT
from runtime.stats.band import Band
from runtime.stats.kpi.decision import Change, decide

SIMULATED = ("world_model", "twin")
REAL = ("irl", "irl_proxy")


def decisions(rows: Sequence[Mapping[str, Any]], roles: Mapping[str, str]) -> list[dict[str, Any]]:
    """One recommendation per treatment that was compared with the baseline.

    Args:
        rows: pooled uplift rows, as in `uplift.json`.
        roles: approach -> its role.
    """
    found = []
    for approach in dict.fromkeys(row["approach"] for row in rows if roles.get(row["approach"]) == TREATMENT):
        mine = {row["domain"]: row for row in rows if row["approach"] == approach}
        changes, domains = {}, {}
        for kpi, fit in (("world_model", SIMULATED), ("irl", REAL)):
            # A world model stands before a twin; a real robot before its stand-in.
            where = next((domain for domain in fit if domain in mine), None)
            if where is not None:
                row = mine[where]
                changes[kpi], domains[kpi] = Change(row["value"], Band(*row["band"])), where
        named = {kpi: f"success ({domain(where)})" for kpi, where in domains.items()}
        said = decide(changes, words={"world_model": "success in simulation", "irl": "success in reality", **named})
        because = [{**number, "domain": domains.get(number["kpi"])} for number in said["because"]]
        found.append({"approach": approach, **said, "because": because})
    return found
