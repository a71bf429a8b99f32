"""The report's first lines: which approaches help, where, how sure. Nothing is said that a band does not say."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.bound.frame import StudyFrame
from runtime.bound.gate import StoppedBy
from runtime.report.drawing.words import by_reality, count, domain, number, points
from runtime.report.roles import BASELINE, PLACEBO, TREATMENT, UNTRAINED
from runtime.stats.status import Status

FOUND = {"helps": ("helps", "help"), "hurts": ("hurts", "hurt"), "undecided": ("is undecided", "are undecided")}
"""Direction -> what the first line says of one approach and of several."""
MOST_SPELLED = 2
"""Approaches up to which the first line gives each one's band."""
MOST_NAMED = 4
"""Names that a list of the first lines spells out."""
Token = dict[str, str]
"""A piece of a sentence: `{"text": …}`, or `{"kind": …, "id": …}` for a thing whose title is put in later."""


def text(value: str) -> Token:
    """Plain words."""
    return {"text": value}


def ref(kind: str, name: str) -> Token:
    """A thing by its id."""
    return {"kind": kind, "id": name}


def headline(frame: StudyFrame, rows: Sequence[Mapping[str, Any]], roles: Mapping[str, str]) -> list[Token]:
    """One sentence about the treatments in the most real domain that was measured.

    Args:
        rows: pooled uplift rows, as in `uplift.json`.
    """
    treated = [row for row in rows if roles.get(row["approach"]) == TREATMENT]
    if not treated or frame.baseline is None:
        return [text("Nothing has been compared yet.")]
    where = by_reality([row["domain"] for row in treated])[0]
    here = sorted((row for row in treated if row["domain"] == where), key=lambda row: list(FOUND).index(row["direction"]))
    clauses: list[list[Token]] = []
    if len(here) <= MOST_SPELLED:
        clauses = [[ref("approach", row["approach"]), text(_by(row))] for row in here]
    else:
        for direction, (one, many) in FOUND.items():
            found = [ref("approach", row["approach"]) for row in here if row["direction"] == direction]
            if found:
                clauses.append([*_listed(found), text(f" {one if len(found) == 1 else many}")])
    parts = [token for i, clause in enumerate(clauses) for token in (*([text("; ")] if i else []), *clause)]
    return [text(f"{_in(where).capitalize()}, "), *parts, text(".")]


def approach_rows(
    frame: StudyFrame, rows: Sequence[Mapping[str, Any]], roles: Mapping[str, str], domains: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per approach but the baseline, with its comparison in every domain, or None where it was not run."""
    found = {(row["approach"], row["domain"]): row for row in rows}
    return [
        {
            "approach": approach,
            "role": roles.get(approach, TREATMENT),
            "domains": [{"domain": d, "row": found.get((approach, d))} for d in domains],
        }
        for approach in in_order(frame.approaches, roles)
        if approach != frame.baseline
    ]


def in_order(approaches: Sequence[str], roles: Mapping[str, str]) -> list[str]:
    """Approaches as the report lists them: baseline, treatments, then the controls."""
    order = (BASELINE, TREATMENT, PLACEBO, UNTRAINED)
    return sorted(approaches, key=lambda a: order.index(roles.get(a, TREATMENT)))


def null_note(rows: Sequence[Mapping[str, Any]], roles: Mapping[str, str]) -> dict[str, Any]:
    """What the placebo says: passed when its bands cover zero, failed when one does not, undecided when they have no
    bounds, not run when there is none."""
    placebo = [row for row in rows if roles.get(row["approach"]) == PLACEBO]
    if not placebo:
        return {"status": Status.NOT_RUN, "rows": [], "moved": []}
    moved = [row for row in placebo if row["direction"] != "undecided"]
    known = all(row["degrees"] > 0 for row in placebo)
    status = Status.FAILED if moved else Status.PASSED if known else Status.UNDECIDED
    return {"status": status, "rows": placebo, "moved": moved}


def not_run(
    frame: StudyFrame,
    evidence: Mapping[str, Any],
    gates: Sequence[Mapping[str, Any]],
    claims: Sequence[Mapping[str, Any]],
    roles: Mapping[str, str],
) -> list[list[Token]]:
    """Everything that was planned but did not happen, as sentences."""
    lines: list[list[Token]] = []
    measured = {(c["approach"], c["location"], c["task"], c["seed"], c["domain"]): c["trials"] for c in evidence["cells"]}
    order = by_reality(list(frame.trials))
    for approach in frame.approaches:
        for where, planned in sorted(frame.trials.items(), key=lambda item: order.index(item[0])):
            keys = [(approach, x, t, s, where) for x in frame.locations for t in frame.tasks for s in frame.seeds]
            absent = sum(key not in measured for key in keys)
            early = {s["domain"] for s in (evidence.get("sequential") or {}).get("domains", ())}
            short = 0 if where in early else sum(0 < measured.get(key, 0) < planned for key in keys)
            if absent:
                lines.append([ref("approach", approach), text(f" {_in(where)}: {absent} of {len(keys)} cells not run")])
            if short:
                lines.append(
                    [ref("approach", approach), text(f" {_in(where)}: {count(short, 'cell')} with fewer than {planned} trials")]
                )
    lines += [
        [text(f"{kind} "), ref(kind, v["id"]), text(f": {v['reason']}")]
        for kind, verdicts in (("gate", gates), ("claim", claims))
        for v in verdicts
        if v["status"] == Status.NOT_RUN
    ]
    if frame.baseline is None:
        lines.append([text("no baseline: no approach can be compared")])
    elif PLACEBO not in roles.values():
        lines.append([text("placebo: no approach repeats the baseline with other training seeds, so no null was measured")])
    if BASELINE not in roles.values() and frame.baseline is not None:
        lines.append([ref("approach", frame.baseline), text(" (the baseline): no trials")])
    return lines


def stopped(found: Sequence[StoppedBy]) -> list[list[Token]]:
    """A sentence for each gate that stopped something."""
    return [
        [
            *_listed([ref("location", x) for x in one.places], len(one.places)),
            text(" stopped by gate "),
            ref("gate", one.gate),
            text(f": {one.reason}" + ("; left out of all that is judged" if one.on_fail == "skip_downstream" else "")),
        ]
        for one in found
    ]


def _by(row: Mapping[str, Any]) -> str:
    """What one approach does, by its band: ` helps by 25.5 to 37.8 points`."""
    low, high = row["band"]
    if row["direction"] == "undecided":
        return f" is undecided ({points(low)} to {points(high)} points)"
    ends = sorted((abs(low), abs(high)))
    return f" {row['direction']} by {number(ends[0])} to {number(ends[1])} points"


def _in(name: str) -> str:
    return {"irl": "on the real robot", "irl_proxy": "at the hidden site", "world_model": "in the world model"}.get(
        name, f"in the {domain(name)}"
    )


def _listed(tokens: list[Token], most: int = MOST_NAMED) -> list[Token]:
    spoken: list[Token] = []
    if len(tokens) > most:
        tokens = [*tokens[: most - 1], text(f"{len(tokens) - most + 1} more")]
    for i, token in enumerate(tokens):
        if i:
            spoken.append(text(" and " if i == len(tokens) - 1 else ", "))
        spoken.append(token)
    return spoken
