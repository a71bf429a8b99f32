"""The report's first lines: which approaches help, where, how sure. Nothing is said that a band does not say."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from runtime.bound.domain import DOMAINS, REAL, SIMULATED, Domain
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import StoppedBy
from runtime.report.drawing import Drawn
from runtime.report.drawing.listing import refused
from runtime.report.drawing.words import by_reality, count, domain, number, points
from runtime.report.forms.base import Standing
from runtime.report.forms.evidence import UpliftRow
from runtime.report.forms.films import OUTCOMES, Films
from runtime.report.forms.report import Report
from runtime.report.forms.verdict import ApproachRow, Decision, NullNote, Role, Token, Weighed
from runtime.report.roles import BASELINE, PLACEBO, TREATMENT, UNTRAINED, beside
from runtime.report.study import Study
from runtime.stats.band import Band
from runtime.stats.kpi.decision import Change, decide
from runtime.stats.status import Status, combine

FOUND = {"helps": ("helps", "help"), "hurts": ("hurts", "hurt"), "undecided": ("is undecided", "are undecided")}
"""Direction -> what the first line says of one approach and of several."""
MOST_SPELLED = 2
"""Approaches up to which the first line gives each one's band."""
MOST_ANSWERED = 3
"""Approaches of which the first screen speaks."""
MANY_COMPARED = 5
"""Comparisons from which the first screen says how many would stand out by luck."""
MOST_NAMED = 4
"""Names that a list of the first lines spells out."""


def content(study: Study) -> dict[str, object]:
    """What is said of the whole study."""
    rows, roles = study.pooled, study.roles
    return {
        # What is waived counts as undecided: it no longer fails the study, and the study has not passed either.
        "status": combine(Status.UNDECIDED if v["waived"] else Status(v["status"]) for v in [*study.gates, *study.claims]),
        "headline": headline(study.frame, rows, roles, study.refused) if study.frame.approaches else _of_places(study),
        "roles": roles,
        "domains": study.domains,
        "approaches": _approaches(study),
        "null": null_note(rows, roles),
        "not_run": [*_stopped(study.stopped), *_not_run(study)],
        "stopped": [one.model_dump(mode="json") for one in study.stopped],
        "decisions": _decisions(rows, roles, study.refused),
    }


def drawn(said: Report) -> Drawn:
    """What the first screen shows: gates and claims by how they stand, approaches and controls, and films of one approach."""
    gates = [("waived", "waived") if v["waived"] else (v["status"], v["status"]) for v in said["gates"]]
    claims = [("waived", "waived") if v["waived"] else (v["verdict"], v["status"]) for v in said["claims"]]
    places = where(said)
    for approach, domain_refused in refused(said):
        places.get(approach, {}).pop(domain_refused, None)
    places = {approach: words for approach, words in places.items() if words}
    tried = [row for row in said["approaches"] if row["role"] == TREATMENT]
    tried.sort(key=lambda row: (beside(row["approach"], said["roles"]), _standing(row)))  # controls are no candidates
    spoken = [row["approach"] for row in tried[:MOST_ANSWERED]]
    return {
        "statuses": _counted(gates),
        "verdicts": _counted(claims),
        "where": {approach: words for approach, words in places.items() if approach in spoken},
        "places": bool(places),
        "tried": tried,
        "by_luck": len(tried) * (1 - said["evidence"]["level"]) if len(tried) >= MANY_COMPARED else None,
        "controls": [row for row in said["approaches"] if row["role"] in (PLACEBO, UNTRAINED)],
        "spoken": spoken,
        "most": MOST_ANSWERED,
        "top": top(said["films"], spoken),
    }


def _standing(row: ApproachRow) -> int:
    """Approaches that help come first, by the most real domain that was measured and that no gate refuses."""
    measured = next((cell["row"] for cell in row["domains"] if cell["row"] and not cell.get("refused")), None)
    return list(FOUND).index(measured["direction"]) if measured else len(FOUND)


def top(films: Films, approaches: Sequence[str]) -> list[dict[str, Any]]:
    """A success and a failure to show beside the answer, each with `location`, `approach` and `domain`: those of the first of
    `approaches` that has both in one cell, else of any cell that has both, else whatever there is."""
    cells = [
        (room["location"], row["approach"], cell)
        for room in films["rooms"]
        for row in room["rows"]
        for cell in row["cells"]
        if cell["films"]
    ]
    rank = {approach: i for i, approach in enumerate(approaches)}
    cells.sort(key=lambda found: (len(found[2]["films"]) < len(OUTCOMES), rank.get(found[1], len(rank))))
    return [
        {**film, "location": location, "approach": approach, "domain": cell["domain"]}
        for location, approach, cell in cells[:1]
        for film in cell["films"]
    ]


def _counted(judged: Sequence[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """(word, its status, how often) of gates or claims, the best first; waived ones count as waived."""
    order = [*Status, "waived"]
    return [(*pair, judged.count(pair)) for pair in sorted(set(judged), key=lambda pair: order.index(pair[1]))]


def text(value: str) -> Token:
    """Plain words."""
    return {"text": value}


def ref(kind: str, name: str) -> Token:
    """A thing by its id."""
    return {"kind": kind, "id": name}


def headline(
    frame: StudyFrame,
    rows: Sequence[UpliftRow],
    roles: Mapping[str, Role],
    refused: Mapping[tuple[str, Domain], str] = MappingProxyType({}),
) -> list[Token]:
    """One sentence about the treatments in the most real domain that was measured; of arms beside them (controls, earlier
    rounds) it names those that help as well.

    Args:
        rows: pooled uplift rows, as in `uplift.json`.
        refused: (approach, domain) -> the gate that refuses its uplift there.
    """
    treated = [row for row in rows if roles.get(row["approach"]) == TREATMENT]
    if not treated or frame.baseline is None:
        if len(frame.approaches) == 1:
            return [ref("approach", frame.approaches[0]), text(" was tried alone: there is nothing to compare it with.")]
        return [text("Nothing has been compared yet.")]
    where = by_reality([row["domain"] for row in treated])[0]
    here = sorted((row for row in treated if row["domain"] == where), key=lambda row: list(FOUND).index(row["direction"]))
    arms = [row for row in here if beside(row["approach"], roles)]
    if len(arms) < len(here):
        here = [row for row in here if row not in arms]
    else:
        arms = []
    barred = [row["approach"] for row in here if (row["approach"], where) in refused]
    by_gates = list(dict.fromkeys(refused[approach, where] for approach in barred))
    here = [row for row in here if row["approach"] not in barred]
    clauses: list[list[Token]] = []
    if len(here) <= MOST_SPELLED:
        clauses = [[ref("approach", row["approach"]), text(_by(row))] for row in here]
    else:
        for direction, (one, many) in FOUND.items():
            found = [ref("approach", row["approach"]) for row in here if row["direction"] == direction]
            if found:
                clauses.append([*_listed(found), text(f" {one if len(found) == 1 else many}")])
    if barred:
        verb = "is" if len(barred) == 1 else "are"
        gates = _listed([ref("gate", gate) for gate in by_gates])
        clauses.append(
            [*_listed([ref("approach", a) for a in barred]), text(f" {verb} refused by gate{'s' * (len(by_gates) > 1)} "), *gates]
        )
    helpful = [row["approach"] for row in arms if row["direction"] == "helps" and (row["approach"], where) not in refused]
    if too := [ref("approach", approach) for approach in helpful]:
        clauses.append([text("of the arms beside them, "), *_listed(too), text(f" {FOUND['helps'][len(too) > 1]}")])
    if {row["question"] for row in here} == {"these policies"}:
        clauses.append([text("this speaks of these very policies, not of training again")])
    parts = [token for i, clause in enumerate(clauses) for token in (*([text("; ")] if i else []), *clause)]
    return [text(f"{_in(where).capitalize()}, "), *parts, text(".")]


def _of_places(study: Study) -> list[Token]:
    """How places came out that nothing was to be tried at."""
    passed, gates = sum(gate["status"] == Status.PASSED for gate in study.gates), len(study.gates)
    judged = f"{passed} of {gates} gate{'s' * (gates != 1)} passed" if gates else "no gate judges it"
    return [*_listed([ref("location", x) for x in study.locations]), text(f": {judged}; nothing was to be tried.")]


def _approaches(study: Study) -> list[ApproachRow]:
    """One row per approach but the baseline, with its comparison in every domain, or None where it was not run."""
    found = {(row["approach"], row["domain"]): row for row in study.pooled}
    return [
        {
            "approach": approach,
            "role": study.roles.get(approach, TREATMENT),
            "domains": [
                {"domain": d, "row": found.get((approach, d)), "refused": study.refused.get((approach, d))} for d in study.domains
            ],
        }
        for approach in study.approaches
        if approach != study.frame.baseline
    ]


def null_note(rows: Sequence[UpliftRow], roles: Mapping[str, Role]) -> NullNote:
    """What the placebo says: passed when its bands cover zero, failed when one does not, undecided when they have no
    bounds, not run when there is none."""
    placebo = [row for row in rows if roles.get(row["approach"]) == PLACEBO]
    if not placebo:
        return {"status": "not run", "rows": [], "moved": []}
    moved = [row for row in placebo if row["direction"] != "undecided"]
    known = all(row["degrees"] > 0 for row in placebo)
    status: Standing = "failed" if moved else "passed" if known else "undecided"
    return {"status": status, "rows": placebo, "moved": moved}


def _not_run(study: Study) -> list[list[Token]]:
    """Everything that was planned but did not happen, as sentences."""
    frame, evidence, roles = study.frame, study.evidence, study.roles
    lines: list[list[Token]] = []
    measured = {(c["approach"], c["location"], c["task"], c["seed"], c["domain"]): c["trials"] for c in evidence["cells"]}
    order = by_reality(list(frame.trials))
    for approach in frame.approaches:
        seeds = (*frame.seeds, *frame.more_seeds.get(approach, ()))
        for where, planned in sorted(frame.trials.items(), key=lambda item: order.index(item[0])):
            keys = [(approach, x, t, s, where) for x in frame.locations for t in frame.tasks for s in seeds]
            absent = sum(key not in measured for key in keys)
            early = {s["domain"] for s in (evidence.get("sequential") or {}).get("domains", ())}
            short = 0 if where in early else sum(0 < measured.get(key, 0) < planned for key in keys)
            if absent:
                lines.append([ref("approach", approach), text(f" {_in(where)}: {absent} of {len(keys)} cells not run")])
            if short:
                lines.append(
                    [ref("approach", approach), text(f" {_in(where)}: {count(short, 'cell')} with fewer than {planned} trials")]
                )
    bad: dict[tuple[str, str], tuple[int, int]] = {}
    for row in evidence.get("invalid", ()):  # an older evidence has none
        n, of = bad.get((row["approach"], row["domain"]), (0, 0))
        bad[row["approach"], row["domain"]] = n + row["invalid"], of + row["trials"]
    lines += [
        [
            ref("approach", approach),
            text(f" {_in(where)}: {n} trials were invalid (of {of} at those places), and count for nothing"),
        ]
        for (approach, where), (n, of) in bad.items()
    ]
    lines += [
        [text(f"{kind} "), ref(kind, v["id"]), text(f": {v['reason']}")]
        for kind, verdicts in (("gate", study.gates), ("claim", study.claims))
        for v in verdicts
        if v["status"] == Status.NOT_RUN
    ]
    if frame.baseline is None and frame.approaches:
        lines.append([text("no baseline: no approach can be compared")])
    elif frame.approaches and PLACEBO not in roles.values():
        lines.append([text("placebo: no approach repeats the baseline with other training seeds, so no null was measured")])
    if BASELINE not in roles.values() and frame.baseline is not None:
        lines.append([ref("approach", frame.baseline), text(" (the baseline): no trials")])
    return lines


def _stopped(found: Sequence[StoppedBy]) -> list[list[Token]]:
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


def _by(row: UpliftRow) -> str:
    """What one approach does, by its band: ` helps by 25.5 to 37.8 points`."""
    low, high = row["band"]
    if row["direction"] == "undecided":
        return f" is undecided ({points(low)} to {points(high)} points)"
    ends = sorted((abs(low), abs(high)))
    return f" {row['direction']} by {number(ends[0])} to {number(ends[1])} points"


def _in(name: str) -> str:
    return DOMAINS[name].at if name in DOMAINS else f"in `{name}`"


def _listed(tokens: list[Token], most: int = MOST_NAMED) -> list[Token]:
    spoken: list[Token] = []
    if len(tokens) > most:
        tokens = [*tokens[: most - 1], text(f"{len(tokens) - most + 1} more")]
    for i, token in enumerate(tokens):
        if i:
            spoken.append(text(" and " if i == len(tokens) - 1 else ", "))
        spoken.append(token)
    return spoken


def where(said: Report) -> dict[str, dict[str, str]]:
    """Approach -> domain -> words such as `helps at 2 of 3 places`; nothing where there is one place only.

    Nothing is said place by place where places cannot be told apart. Else of a fleet they are its decisions, false discoveries
    under control; of a few places, what holds of all of them at once (Holm).
    """
    fleets = {
        (fleet["approach"], fleet["domain"]): [row["direction"] for row in fleet["locations"]]
        for fleet in said["evidence"]["fleet"]
    }
    words: dict[str, dict[str, str]] = {}
    for row in said["evidence"]["together"]:
        if (places := row["places"]) is None:
            continue
        key = (row["approach"], row["domain"])
        of = f"{len(fleets[key])} locations" if key in fleets else f"{places['count']} places"
        counts = {"helps": places["helps"], "hurts": places["hurts"]}
        if key in fleets:
            counts = {word: fleets[key].count(word) for word in ("helps", "hurts")}
        decided = " and ".join(f"{word} at {n}" for word, n in counts.items() if n)
        told = f"{decided} of {of}" if decided else f"undecided at each of {of}"
        apart = f"{of} cannot be told apart: read them together"
        words.setdefault(key[0], {})[key[1]] = told if places["told_apart"] else apart
    return words


def _decisions(rows: Sequence[UpliftRow], roles: Mapping[str, Role], refused: Mapping[tuple[str, Domain], str]) -> list[Decision]:
    """One recommendation per treatment that was compared with the baseline, by `runtime.stats.kpi.decision`; none for arms
    beside it, which nobody would use. Uplift that a gate refuses decides nothing."""
    found: list[Decision] = []
    for approach in dict.fromkeys(row["approach"] for row in rows if roles.get(row["approach"]) == TREATMENT):
        if beside(approach, roles):
            continue
        barred = {where: gate for (name, where), gate in refused.items() if name == approach}
        mine = {row["domain"]: row for row in rows if row["approach"] == approach and row["domain"] not in barred}
        fit = {kpi: [d for d in names if d in mine] for kpi, names in (("world_model", SIMULATED), ("irl", REAL[::-1]))}
        domains = {kpi: there[0] for kpi, there in fit.items() if there}
        changes = {kpi: Change(mine[d]["value"], Band(*mine[d]["band"])) for kpi, d in domains.items()}
        named = {kpi: f"success ({domain(d)})" for kpi, d in domains.items()}
        said = decide(changes, words={"world_model": "success in simulation", "irl": "success outside of simulation", **named})
        because: list[Weighed] = [{**number, "domain": domains.get(number["kpi"])} for number in said["because"]]
        leave = [f"build nothing on what it gains {_in(where)}, which gate `{gate}` refuses" for where, gate in barred.items()]
        found.append({"approach": approach, **said, "advice": "; ".join([*leave, said["advice"]]), "because": because})
    return found
