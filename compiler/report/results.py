"""Two built reports against each other: which numbers moved, which verdicts changed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.project.project import Project
from compiler.report.publish import built_report
from runtime.files import read_file
from runtime.report.forms.report import Report

if TYPE_CHECKING:
    from runtime.stats.inference.moved import Moved

LARGEST = 256 * 2**20
"""Bytes of a report that is read from a file."""


def result_of(project: Project, name: str) -> Report:
    """The report of a study of this project, or of a file such as another clone's `build/report/STUDY.json`.

    Raises:
        ValueError: when it is not there, or no report.
    """
    if name in project.ids("study"):
        from compiler.plan.study import plan_study

        found = built_report(project, plan_study(project, name).graph)
        if found is None:
            raise ValueError(f"the report of study `{name}` is not built yet: `simkiln plan {name}` says what is missing")
        return found
    if not name.endswith(".json"):
        raise ValueError(f"`{name}` is neither a study of this project nor a report's `.json`")
    try:
        said = json.loads(read_file(Path(name), LARGEST))
        evidence = said["evidence"]
        known = all(isinstance(evidence[key], list) for key in ("rates", "uplift", "scores")) and isinstance(
            evidence["level"], float
        )
        known = known and all({"value", "band", "degrees", "approach", "domain"} <= row.keys() for row in _rows(evidence))
    except OSError as error:
        raise ValueError(f"`{name}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"`{name}` is no report of a study, as `build/report/STUDY.json` is one") from error
    if not known:
        raise ValueError(f"`{name}` is no report of a study, as `build/report/STUDY.json` is one")
    return said


def _rows(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    return [*evidence["rates"], *evidence["uplift"], *evidence["scores"]]


def verdicts(before: Report, after: Report) -> list[tuple[str, str, str]]:
    """Gates and claims of both whose standing changed: what it is, before, after."""
    found = []
    for kind in ("gates", "claims"):
        old = {one["id"]: one["status"] for one in before.get(kind, ())}
        new = {one["id"]: one["status"] for one in after.get(kind, ())}
        found += [(f"{kind[:-1]} `{name}`", old[name], new[name]) for name in old if name in new and old[name] != new[name]]
    return found


def result_lines(
    names: tuple[str, str], found: "Sequence[Moved]", changed: Sequence[tuple[str, str, str]], most: int | None
) -> list[str]:
    """For people: what moved, then verdicts, then how much was compared."""
    from compiler.render.columns import columns
    from runtime.report.drawing.words import points

    lines = [f"{names[0]} -> {names[1]}, points; bands of all differences hold at once", ""]
    told = [one for one in found if one.way in ("moved", "perhaps", "unknown")]
    rows = [("", "measure", "approach", "domain", "place", "before", "after", "moved by", "band")]
    for one in told[:most]:
        place = "all" if one.location is None else f"{one.location} / {one.task}"
        band = "" if one.way == "unknown" else f"[{points(one.band.low)}, {points(one.band.high)}]"
        values = (f"{one.before:.1f}", f"{one.after:.1f}", points(one.after - one.before), band)
        rows.append(({"unknown": "one run"}.get(one.way, one.way), one.measure, one.approach, one.domain, place, *values))
    lines += [*columns(rows)] if told else ["no number moved beyond its band"]
    if most is not None and len(told) > most:
        lines.append(f"and {len(told) - most} more: --all")
    lines += [f"{what}: {old} -> {new}" for what, old, new in changed]
    counts = {way: sum(one.way == way for one in found) for way in ("moved", "perhaps", "within", "same", "unknown")}
    told_of = f"{counts['moved']} moved, {counts['perhaps']} perhaps (beyond their own band, not beyond all at once)"
    rest = f"{counts['within']} within, {counts['same']} the same, {counts['unknown']} of a single run"
    return [*lines, "", f"{len(found)} numbers in both: {told_of}, {rest}"]
