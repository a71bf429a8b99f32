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
        known = _is_report(said)
    except OSError as error:
        raise ValueError(f"`{name}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"`{name}` is no report of a study, as `build/report/STUDY.json` is one") from error
    if not known:
        raise ValueError(f"`{name}` is no report of a study, as `build/report/STUDY.json` is one")
    return said


def _is_report(said: Any) -> bool:
    """Whether what is compared is there, and is what it should be.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: when it is not, too.
    """
    evidence = said["evidence"]
    tables = [evidence[key] for key in ("rates", "uplift", "scores")]
    judged = [said.get(kind, []) for kind in ("gates", "claims")]
    rows = [row for table in tables for row in table]
    return (
        all(isinstance(table, list) for table in (*tables, *judged))
        and 0 < evidence["level"] < 1
        and all(isinstance(row[key], str) for row in rows for key in ("approach", "domain"))
        and all(isinstance(row.get(key), (str, type(None))) for row in rows for key in ("location", "task"))
        and all(_fits(row["value"], *row["band"], row["degrees"]) for row in rows)
        and all(isinstance(one[key], str) for table in judged for one in table for key in ("id", "status"))
    )


def _fits(value: float, low: float, high: float, degrees: float) -> bool:
    return -1e6 < low <= high < 1e6 and -100 <= value <= 100 and degrees >= 0


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
