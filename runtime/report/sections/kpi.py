"""Key figures by week: what artifacts and trials say of each location, and when; see `runtime.stats.kpi.figures`.

Only manifests and trials go in: the day is that on which an artifact was built, or that of an imported trial. What is
measured of a policy is of the week in which the last of its runs was evaluated, so that a build over a Sunday's
midnight does not split a location.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.report.roles import BASELINE, TREATMENT
from runtime.report.sections.verdict import in_order
from runtime.stats.kpi.figures import MEANING, PACK, Count, figures
from runtime.stats.kpi.trend import trends
from runtime.stats.kpi.week import week_at, week_of
from runtime.stats.table.outcomes import Trials

Manifest = Mapping[str, Any]
METRICS = {
    "enrichment": ("artifact_pass_rate", None, "variants_passed", "variants"),
    "demos": ("world_model", "twin", "scripted_successes", "scripted_tries"),
}
"""Stage -> the figure that it counts, where, and the metrics that hold what passed and what was tried."""
METHOD = {
    "week": "ISO week (UTC) in which the artifact was built or the imported trial took place; of a policy, in which "
    "the last of its runs was evaluated",
    "approach": "figures of artifacts are of those that the approach's policies were trained on",
    "success": "as in all of this report: training runs are the unit, each location and task counts the same",
    "counted": "Wilson's interval at one location; over several, Student's t with the location as unit, on the logit scale",
    "gap": "simulated trials until that week against the real ones of the newest week until then",
    "trend": "a straight line through all weeks; its band is not narrower than the weeks' own bands make it",
}


def key_figures(
    frame: StudyFrame,
    cells: Sequence[Cell],
    trials: Sequence[Manifest],
    manifests: Sequence[Manifest],
    table: pa.Table,
    roles: Mapping[str, str],
    level: float,
    shared_training: bool,
) -> dict[str, Any]:
    """The pack of every approach that is no control, as JSON.

    Args:
        frame: the study.
        cells: its cells.
        trials: manifests of their trials, aligned with `cells`.
        manifests: those of everything above the report.
        table: the study's trials with a column `day`, see `runtime.stats.table.table.DATED`.
        roles: approach -> what it is for.
        level: confidence level of every band.
        shared_training: whether one training run serves all locations.
    """
    there = set(table["approach"].to_pylist())
    approaches = [a for a in in_order(frame.approaches, roles) if a in there and roles.get(a, TREATMENT) in (BASELINE, TREATMENT)]
    weeks_of = _weeks(cells, trials)
    by_week, undated = _by_week(table, weeks_of)
    counts, uncounted = _counts(cells, trials, {(m["stage"], m["fingerprint"]): m for m in manifests})
    found = figures(counts, by_week, approaches, level, shared_training)
    measured = {f.kpi for f in found}
    return {
        "level": level,
        "approaches": approaches,
        "baseline": frame.baseline if frame.baseline in approaches else None,
        "weeks": sorted({f.week for f in found}),
        "meaning": MEANING,
        "not_run": [kpi for kpi in PACK if kpi not in measured],
        "undated": undated + uncounted,
        "rows": [f.to_json() for f in found],
        "trends": trends(found, approaches, level),
        "method": METHOD,
    }


Group = tuple[str, str, str, str]
"""(approach, location, task, domain)"""


def _group(cell: Cell) -> Group:
    return cell.approach, cell.location, cell.task, cell.domain


def _weeks(cells: Sequence[Cell], trials: Sequence[Manifest]) -> dict[Group, str]:
    """When each group of cells was evaluated last; groups of which that is unknown are absent."""
    built: dict[Group, float] = {}
    for cell, manifest in zip(cells, trials, strict=True):
        if "built" in manifest:
            built[_group(cell)] = max(built.get(_group(cell), 0.0), manifest["built"])
    return {group: week_at(seconds) for group, seconds in built.items()}


def _by_week(table: pa.Table, weeks_of: Mapping[Group, str]) -> tuple[dict[str, Trials], int]:
    """Trials of each week, and how many are of no known week."""
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


def _counts(
    cells: Sequence[Cell], trials: Sequence[Manifest], known: Mapping[tuple[str, str], Manifest]
) -> tuple[list[Count], int]:
    """What the artifacts that each approach's policies were trained on have counted, and how many have no day."""
    made: dict[tuple[str, str, str], dict[tuple[str, str], Manifest]] = defaultdict(dict)
    for cell, manifest in zip(cells, trials, strict=True):
        waiting = _parents(manifest, known, ("policy",))
        while waiting:
            artifact = waiting.pop()
            if artifact["stage"] in METRICS:
                made[cell.approach, cell.location, cell.task][artifact["stage"], artifact["fingerprint"]] = artifact
            waiting += _parents(artifact, known, ("policy", *METRICS))
    counts, undated = [], 0
    for (approach, location, _), artifacts in sorted(made.items()):
        for (stage, _), artifact in sorted(artifacts.items()):
            kpi, domain, passed, tried = METRICS[stage]
            metrics = artifact.get("metrics", {})
            if tried not in metrics:
                continue
            if "built" not in artifact:
                undated += 1
                continue
            week = week_at(artifact["built"])
            counts.append(Count(kpi, domain, approach, location, week, int(metrics[passed]), int(metrics[tried])))
    return counts, undated


def _parents(manifest: Manifest, known: Mapping[tuple[str, str], Manifest], stages: Sequence[str]) -> list[Manifest]:
    """Parents of an artifact that are of these stages and still in the store."""
    addresses = [tuple(name.split("/", 1)) for of_port in manifest.get("parents", {}).values() for name in of_port]
    return [known[a] for a in addresses if a[0] in stages and a in known]
