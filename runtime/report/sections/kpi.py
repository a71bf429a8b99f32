"""Key figures by week: what artifacts and trials say of each location, and when; see `runtime.stats.kpi.figures`.

Only manifests and trials go in: the day is that on which an artifact was built, or that of an imported trial. What is
measured of a policy is of the week in which the last of its runs was evaluated, so that a build over a Sunday's
midnight does not split a location. The command line reads `series`, `newest` and `rows`: importing this stays light.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from runtime.bound.cell import Cell
from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import Axis, band_marks, curve
from runtime.report.drawing.csv import columns
from runtime.report.forms.kpi import KpiPack, KpiRow
from runtime.report.forms.report import Report
from runtime.report.roles import BASELINE, TREATMENT, Manifest
from runtime.report.study import Study
from runtime.stats.kpi.week import week_at, week_number, week_of
from runtime.store.manifest import read_manifest

if TYPE_CHECKING:
    import pyarrow as pa

    from runtime.stats.kpi.figures import Count
    from runtime.stats.table.outcomes import Trials

METRICS = {
    "enrichment": ("artifact_pass_rate", None, "variants_passed", "variants"),
    "demos": ("world_model", "twin", "scripted_successes", "scripted_tries"),
    "world_model": ("world_model", "world_model", "scripted_successes", "scripted_tries"),
}
"""Stage -> the figure that it counts, where, and the metrics that hold what passed and what was tried."""
METHOD = {
    "week": "ISO week (UTC) in which the artifact was built or the imported trial took place; of a policy, in which "
    "the last of its runs was evaluated",
    "approach": "figures of artifacts are of those that the approach's policies were trained on",
    "success": "as in all of this report: training runs are the unit, each location and task counts the same",
    "counted": "Wilson's interval at one location; over several, Student's t with the location as unit, on the logit scale",
    "gap": "simulated trials until that week against the ones outside of simulation of the newest week until then",
    "trend": "a straight line through all weeks; its band is not narrower than the weeks' own bands make it",
}
WIDTH, HEIGHT = 320, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 308, 12, 146
"""Edges of the plot; below it stand the weeks and how many locations were measured in each."""
MOST_LABELS = 8
DODGE = 3.0
"""Approaches lie this far apart, so that none hides another."""
PER_ROW = 3


def kpi(study: Study) -> KpiPack:
    """The pack of every approach that is no control."""
    from runtime.stats.kpi.figures import MEANING, PACK, figures
    from runtime.stats.kpi.trend import trends

    evidence, there = study.evidence, set(study.table["approach"].to_pylist())
    figured = {a for a in there if study.roles.get(a, TREATMENT) in (BASELINE, TREATMENT)}
    approaches = [a for a in study.approaches if a in figured]
    batches = [(cell, read_manifest(folder)) for cell, folder in study.batches]
    by_week, undated = _by_week(study.table, _weeks(batches))
    counts, uncounted = _counts(batches, {(m["stage"], m["fingerprint"]): m for m in study.manifests})
    found = figures(counts, by_week, approaches, evidence["level"], evidence["shared_training"])
    measured = {f.kpi for f in found}
    return {
        "level": evidence["level"],
        "approaches": approaches,
        "baseline": study.frame.baseline if study.frame.baseline in approaches else None,
        "weeks": sorted({f.week for f in found}),
        "meaning": MEANING,
        "not_run": [name for name in PACK if name not in measured],
        "undated": undated + uncounted,
        "rows": [f.to_json() for f in found],
        "trends": trends(found, approaches, evidence["level"]),
        "method": METHOD,
    }


Group = tuple[str, str, str, str]
"""(approach, location, task, domain)"""


def _weeks(batches: Iterable[tuple[Cell, Manifest]]) -> dict[Group, str]:
    """When each group of cells was evaluated last; groups of which that is unknown are absent."""
    built: dict[Group, float] = {}
    for cell, manifest in batches:
        if "built" in manifest:
            group = (cell.approach, cell.location, cell.task, cell.domain)
            built[group] = max(built.get(group, 0.0), manifest["built"])
    return {group: week_at(seconds) for group, seconds in built.items()}


def _by_week(table: "pa.Table", weeks_of: Mapping[Group, str]) -> tuple[dict[str, "Trials"], int]:
    """Trials of each week, and how many are of no known week."""
    from runtime.stats.table.outcomes import Trials

    rows: dict[str, list[int]] = defaultdict(list)
    groups = zip(*(table[name].to_pylist() for name in ("approach", "location", "task", "domain")), strict=True)
    undated = 0
    for i, (group, day) in enumerate(zip(groups, table["day"].to_pylist(), strict=True)):
        week = week_of(day) if day is not None else weeks_of.get(group)
        if week is None:
            undated += 1
        else:
            rows[week].append(i)
    return {week: Trials.of(table.take(rows[week])) for week in sorted(rows)}, undated


def _counts(batches: Iterable[tuple[Cell, Manifest]], known: Mapping[tuple[str, str], Manifest]) -> tuple[list["Count"], int]:
    """What the artifacts that each approach's policies were trained on have counted, and how many have no day."""
    from runtime.stats.kpi.figures import Count

    made: dict[tuple[str, str, str], dict[tuple[str, str], Manifest]] = defaultdict(dict)
    for cell, manifest in batches:
        waiting = _parents(manifest, known, ("policy", "world_model"))
        while waiting:
            artifact = waiting.pop()
            if artifact["stage"] in METRICS:
                made[cell.approach, cell.location, cell.task][artifact["stage"], artifact["fingerprint"]] = artifact
            waiting += _parents(artifact, known, ("policy", *METRICS))
    counts, undated = [], 0
    for (approach, location, _), artifacts in sorted(made.items()):
        for (stage, _), artifact in sorted(artifacts.items()):
            figure, domain, passed, tried = METRICS[stage]
            metrics = artifact.get("metrics", {})
            if tried not in metrics:
                continue
            if "built" not in artifact:
                undated += 1
                continue
            week = week_at(artifact["built"])
            counts.append(Count(figure, domain, approach, location, week, int(metrics[passed]), int(metrics[tried])))
    return counts, undated


def _parents(manifest: Manifest, known: Mapping[tuple[str, str], Manifest], stages: Sequence[str]) -> list[Manifest]:
    """Parents of an artifact that are of these stages and still in the store."""
    addresses = [tuple(name.split("/", 1)) for of_port in manifest.get("parents", {}).values() for name in of_port]
    return [known[a] for a in addresses if a[0] in stages and a in known]


Measured = tuple[str, str | None, str | None]
"""(figure, domain, real domain)"""


def _key(row: KpiRow) -> Measured:
    return row["kpi"], row["domain"], row["real"]


def series(said: KpiPack) -> list[Measured]:
    """Everything measured, in the order of the pack."""
    return list(dict.fromkeys(map(_key, said["rows"])))


def newest(said: KpiPack) -> list[Drawn]:
    """A row per location that was measured in the newest week, and approach: its newest value of every figure.

    Each has `location`, `approach` and `values`, aligned with `series`; None where a figure was not measured.
    """
    places = {r["location"] for r in said["rows"] if r["location"] is not None and r["week"] == said["weeks"][-1]}
    values: dict[tuple[str, str], dict[Measured, KpiRow]] = defaultdict(dict)
    for row in said["rows"]:  # weeks rise: the last one stays
        if row["location"] in places:
            values[row["location"], row["approach"]][_key(row)] = row
    order = {approach: i for i, approach in enumerate(said["approaches"])}
    columns = series(said)
    return [
        {"location": location, "approach": approach, "values": [values[location, approach].get(c) for c in columns]}
        for location, approach in sorted(values, key=lambda key: (key[0], order[key[1]]))
    ]


def rows(said: Report) -> Rows:
    """Every figure, flat: one row per figure, approach, week and location (`all` for all of that week)."""
    names = "week location approach kpi domain against=real value band level n locations"
    return [columns({**row, "level": said["kpi"]["level"]}, names) for row in said["kpi"]["rows"]]


def drawn(said: Report) -> Drawn:
    """`charts`, one per figure and domain (none where nothing was measured in a known week), and `columns` and `newest` of
    the table."""
    pack = said["kpi"]
    everywhere = [row for row in pack["rows"] if row["location"] is None]
    charts = [_chart(pack, key, [r for r in everywhere if _key(r) == key]) for key in series(pack)]
    rows = newest(pack)
    return {
        "charts": charts,
        "columns": series(pack),
        "newest": rows,
        "week": pack["weeks"][-1] if charts else None,
        "locations": len({row["location"] for row in rows}),
        "width": WIDTH,
        "height": HEIGHT,
        "groups": [{"charts": charts[i : i + PER_ROW]} for i in range(0, len(charts), PER_ROW)],
        "frame": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "approaches": pack["approaches"],
    }


def _chart(said: KpiPack, key: Measured, rows: Sequence[KpiRow]) -> Drawn:
    axis = _gap_axis(rows) if key[0] == "gap" else _rate_axis(rows)
    first, last = (week_number(said["weeks"][i]) for i in (0, -1))

    def x(week: str) -> float:
        share = (week_number(week) - first) / (last - first) if last > first else 0.5
        return LEFT + 12 + share * (RIGHT - LEFT - 24)

    def y(value: float) -> float:
        return round(BOTTOM - axis.at(value) / 100 * (BOTTOM - TOP), 1)

    lines = []
    shown = [a for a in said["approaches"] if any(r["approach"] == a for r in rows)]
    for i, approach in enumerate(shown):
        off = DODGE * (i - (len(shown) - 1) / 2)
        mine = sorted((r for r in rows if r["approach"] == approach), key=lambda r: r["week"])
        points = [{**band_marks(r, y), "x": round(x(r["week"]) + off, 1), "row": r} for r in mine]
        group = said["approaches"].index(approach)
        lines.append({**curve(points), "approach": approach, "group": group, "points": points, "last": mine[-1]})
    counts = {week: max((r["locations"] for r in rows if r["week"] == week), default=0) for week in said["weeks"]}
    every = math.ceil(len(said["weeks"]) / MOST_LABELS)
    ticks = [
        {"x": round(x(week), 1), "week": week, "label": week.partition("-")[2], "n": counts[week]}
        for i, week in enumerate(reversed(said["weeks"]))
        if i % every == 0
    ]
    return {
        **dict(zip(("kpi", "domain", "real"), key, strict=True)),
        "lines": lines,
        "weeks": ticks[::-1],
        "ticks": [{"y": y(t), "value": t} for t in axis.ticks],
        "zero": y(0.0) if key[0] == "gap" else None,
    }


def _rate_axis(rows: Sequence[KpiRow]) -> Axis:
    """Up to 100, from as far above 0 as every band allows: 95 and 97 must not look alike."""
    low, step = next(
        (low, step) for low, step in ((80, 5), (50, 10), (0, 25)) if low == 0 or all(r["band"][0] >= low for r in rows)
    )
    return Axis(float(low), 100.0, tuple(float(t) for t in range(low, 101, step)))


def _gap_axis(rows: Sequence[KpiRow]) -> Axis:
    """From the lowest end to the highest, zero included, in round steps; unbounded bands run off it."""
    bounded = [end for r in rows for end in r["band"] if abs(end) < 100]
    values = [-10.0, 10.0, *(r["value"] for r in rows), *bounded]
    span = max(values) - min(values)
    step = next(s for s in (5, 10, 20, 25, 50) if span / s <= 6 or s == 50)
    low, high = step * math.floor(min(values) / step), step * math.ceil(max(values) / step)
    return Axis(low, high, tuple(float(t) for t in range(low, high + 1, step)))
