"""Exported trials of several studies side by side: uplift of each over its own baseline, computed from the files alone.

Rates are never joined: which locations, seeds and baselines stand behind a rate differs from study to study, while an uplift
was measured within one. Even uplift stands beside another only where the same was measured in the same way.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import pyarrow as pa

from runtime.report.forms.across import DIGITS, Across, AcrossRow, AcrossStudy, ByRow
from runtime.report.forms.evidence import Evidence, UpliftRow
from runtime.stage import load_stages
from runtime.stats.causes.drivers import shifts
from runtime.stats.evidence import evidence
from runtime.stats.table.determinism import SCHEMA as SECOND
from runtime.stats.table.determinism import Determinism, determinism
from runtime.stats.table.pairing import with_fixed, with_pairing, with_placebos, with_shared, with_worlds
from runtime.stats.table.table import rows
from runtime.trials.exported import Exported, cells_of
from runtime.trials.fault import Fault, TrialsRefused, Where


def evidence_of(one: Exported) -> Evidence:
    """What `uplift.json` of the exported study says, from its rows."""
    table, twice = table_of(one)
    facts = one.facts
    how = (facts.frame.baseline, facts.frame.level, facts.priors, facts.shared_training)
    return evidence(table, cells_of(facts, table), *how, twice, facts.sequential, facts.imported, facts.repeated, facts.clean_of)


def by_factor(exports: Sequence[Exported], factor: str) -> list[ByRow]:
    """Rates and uplift of each study under each word of a factor, beside all of its trials that say it.

    Raises:
        ValueError: when a file's trials do not say it, or as more words than a table holds.
    """
    found: list[ByRow] = []
    for one in exports:
        mine = shifts(table_of(one)[0], one.facts.frame.baseline, one.facts.frame.level, one.facts.shared_training)
        names = sorted({row["factor"] for row in mine})
        if factor not in names:
            known = f"by {', '.join(names)}" if names else "by nothing: export the study again if it has factors"
            raise ValueError(f"trials of `{one.name}` cannot be told apart by `{factor}`, but {known}")
        found += [{**row, "study": one.facts.frame.id, "file": one.name} for row in mine if row["factor"] == factor]
    return found


def table_of(one: Exported) -> tuple[pa.Table, Determinism]:
    """The trials with what is known of them besides, as the stage that joins them had them; how second runs went."""
    facts = one.facts
    ran_twice = one.table.filter(one.table["again"].is_valid())
    again = pa.table([ran_twice[name if name != "success" else "again"] for name in SECOND.names], schema=SECOND)
    twice = determinism(one.table, again, facts.frame.reproducible, facts.frame.level)
    table = with_shared(with_fixed(with_pairing(one.table, twice.pairing()), facts.fixed), one.shared())
    table = with_placebos(table, facts.frame.baseline, facts.placebos)
    return with_worlds(table, {(location, task): model for location, task, model in facts.worlds}), twice


def across(exports: Sequence[Exported]) -> Across:
    """Uplift of several studies, each over its own baseline.

    Args:
        exports: at least one.

    Raises:
        TrialsRefused: T514 when two are the same trials; T519 when a stage has two versions among them, or the same task in
            the same domain two protocols.
    """
    faults = [*_same(exports), *_versions(exports), *_protocols(exports)]
    if faults:
        raise TrialsRefused(*faults)
    ids = [one.facts.frame.id for one in exports]
    named = [id if ids.count(id) == 1 else f"{id} ({one.name})" for id, one in zip(ids, exports, strict=True)]
    studies: list[AcrossStudy] = [
        {
            "study": study,
            "file": one.name,
            "rows_sha256": one.facts.rows_sha256,
            "revision": one.facts.revision,
            "stages": {name: made.version for name, made in sorted(one.facts.stages.items())},
            "protocols": {d: {t: list(found) for t, found in tasks.items()} for d, tasks in one.facts.protocols.items()},
            "evidence": evidence_of(one),
        }
        for study, one in zip(named, exports, strict=True)
    ]
    found = [row for one, study in zip(exports, studies, strict=True) for row in _rows(one, study)]
    return {"uplift": found, "studies": studies, "notes": list(_notes(exports, studies))}


def _rows(one: Exported, study: AcrossStudy) -> Iterator[AcrossRow]:
    tried = set(rows(one.table, "domain", "location", "task", "approach", "protocol"))
    baseline = study["evidence"]["baseline"] or ""
    for row in study["evidence"]["uplift"]:
        digests = {
            protocol
            for domain, location, task, approach, protocol in tried
            if domain == row["domain"] and row["location"] in (None, location) and row["task"] in (None, task)
            if approach in (row["approach"], baseline)
        }
        yield {**row, "study": study["study"], "baseline": baseline, "protocols": sorted(digests)}


def _same(exports: Sequence[Exported]) -> Iterator[Fault]:
    for first, second in combinations(exports, 2):
        if first.facts.rows_sha256 == second.facts.rows_sha256:
            message = f"`{second.name}` and `{first.name}` hold the same trials"
            yield Fault("T514", message, "name each export once", Where(second.name))


def _versions(exports: Sequence[Exported]) -> Iterator[Fault]:
    """Stages that two files have in common must have one version."""
    first: dict[str, Exported] = {}
    for one in exports:
        for stage, made in one.facts.stages.items():
            known = first.setdefault(stage, one)
            if (other := known.facts.stages[stage].version) != made.version:
                message = f"`{one.name}` was made by version {made.version} of `{stage}`, `{known.name}` by version {other}"
                older = known if other < made.version else one
                hint = f"build the study `{older.facts.frame.id}` of `{older.name}` again from a checkout like the other's"
                yield Fault("T519", message, f"{hint}, and export it again", Where(one.name))


def _protocols(exports: Sequence[Exported]) -> Iterator[Fault]:
    """The same task in the same domain must have been tried in the same way."""
    first: dict[tuple[str, str], Exported] = {}
    for one in exports:
        for domain, tasks in one.facts.protocols.items():
            for task, found in tasks.items():
                known = first.setdefault((domain, task), one)
                if (other := known.facts.protocols[domain][task]) != found:
                    message = f"`{one.name}` tried `{task}` in `{domain}` by {said(found)}, `{known.name}` by {said(other)}"
                    hint = "give both studies one horizon, control rate, success rule and set of conditions, or join others"
                    yield Fault("T519", message, hint, Where(one.name))


def said(protocols: Sequence[str]) -> str:
    """Digests of protocols for people."""
    words = [f"protocol {digest[:DIGITS]}" if digest else "no stated protocol" for digest in protocols]
    return " and ".join(words)


def _notes(exports: Sequence[Exported], studies: Sequence[AcrossStudy]) -> Iterator[str]:
    now = load_stages()["uplift"].version
    for one, study in zip(exports, studies, strict=True):
        made = one.facts.stages.get("uplift")
        if one.facts.frame.baseline is None:
            yield f"`{study['study']}` names no baseline: it has no uplift"
        if made is not None and made.version != now:
            yield f"`{study['study']}` was exported by version {made.version} of `uplift`: figures here are made by version {now}"
        about: dict[str, list[UpliftRow]] = {}
        for row in study["evidence"]["uplift"]:
            for note in row["notes"]:
                about.setdefault(note, []).append(row)
        for note, noted in sorted(about.items()):
            alone = noted[0] if len(noted) == 1 else None  # a note of many rows speaks of the study
            named = (f"`{alone[k]}`" for k in ("approach", "location", "task") if alone[k]) if alone else ()
            yield f"`{study['study']}`{''.join(f', {name}' for name in named)}: {note}"
    for (a, first), (b, second) in combinations(zip(exports, studies, strict=True), 2):
        ours, theirs = ({f for made in one.facts.stages.values() for f in made.artifacts} for one in (a, b))
        if ours & theirs:
            yield f"`{first['study']}` and `{second['study']}` have trials in common: what they say is not independent"
        for stage in sorted(a.facts.stages.keys() & b.facts.stages.keys()):
            here, there = a.facts.stages[stage].backends, b.facts.stages[stage].backends
            for role in sorted(r for r in here.keys() & there.keys() if here[r] != there[r]):
                who = f"`{first['study']}` {here[role]}, `{second['study']}` {there[role]}"
                yield f"`{stage}` had different back ends as {role}: {who}"
    several = Counter((d, t) for one in exports for d, tasks in one.facts.protocols.items() for t, p in tasks.items() if "" in p)
    for domain, task in sorted(key for key, count in several.items() if count > 1):
        yield f"nobody stated by which protocol `{task}` was tried in `{domain}`: whether it was the same is not known"
    levels = {study["evidence"]["level"] for study in studies}
    if len(levels) > 1:
        yield f"bands have different levels: {', '.join(f'{100 * level:g} %' for level in sorted(levels))}"
