"""Imported trials against what a study compares."""

from collections.abc import Iterator
from typing import Any

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from compiler.laws.subject import Subject
from compiler.project.project import Project
from compiler.spec.study import Study
from runtime.bound.domain import DOMAINS
from runtime.trials.listing import FOLDER, read_manifest, set_names

SHOWN = 3
KEYS = ("imported", "repeated")
"""Where a study names sets: as evidence, or as a second run of trials that it has."""


def imported_trials(subject: Subject) -> Iterator[Diagnostic]:
    """T515 and T517: a study names a set that is not there, or one that does not fit what it compares."""
    for name, study in subject.studies():
        listed = [(key, i, wanted) for key in KEYS for i, wanted in enumerate(getattr(study, key))]
        repetitions = _one_question(subject.project, study)
        for key, i, wanted in listed:
            found = manifest(subject.project, wanted)
            if isinstance(found, str):
                known, again = set_names(subject.project.root), "import it again with `--replace`"
                help = again if wanted in known else did_you_mean(wanted, known, "sets of trials")
                yield subject.at("study", name, (key, i), "T515", found, help)
                continue
            for message, help in (*_misfits(wanted, found, study, key), *repetitions.get((key, wanted), ())):
                yield subject.at("study", name, (key, i), "T517", message, help)


def manifest(project: Project, name: str) -> dict[str, Any] | str:
    """The manifest of a set, or why there is none."""
    if name not in set_names(project.root):
        return f"there is no set of trials `{name}`"
    try:
        return read_manifest(project.root, name)
    except (OSError, ValueError) as error:
        return f"`{FOLDER}/{name}` is damaged: {getattr(error, 'strerror', None) or error}"


def domains(project: Project, study: Study) -> set[str]:
    """Domains in which a study will have trials: planned ones, and those of imported sets."""
    found: set[str] = set(study.trials)
    for name in study.imported:
        known = manifest(project, name)
        found |= set() if isinstance(known, str) else {d for d in known["domains"] if isinstance(d, str)}
    return found


def way_to(domain: str | None) -> str:
    """How a study comes by trials in a domain: the help of whoever misses them."""
    if domain in DOMAINS and DOMAINS[domain].by_people:
        return "import trials of the robot (`simkiln trials import`) and list the set under `imported`"
    return "add the domain to `trials`"


def _one_question(project: Project, study: Study) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Sets whose seeds are repetitions with one policy, where another set has training runs of the same approach and domain:
    no verdict over both could name the question that it answers."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    sets = {name: known for name in study.imported if not isinstance(known := manifest(project, name), str)}
    for name, own in sets.items():
        for other, theirs in sets.items():
            both = [a for a in own["approaches"] if a in theirs["approaches"]]
            kinds = own.get("seeds_count"), theirs.get("seeds_count", "training")
            if both and kinds == ("evaluation", "training") and not set(own["domains"]).isdisjoint(theirs["domains"]):
                message = (
                    f"the seeds of set `{name}` are repetitions with one policy of `{both[0]}`, those of `{other}` training runs"
                )
                help = "a verdict answers one question: import both with the same `seeds`, or leave one of them out"
                found.setdefault(("imported", name), []).append((message, help))
    return found


def _misfits(name: str, found: dict[str, Any], study: Study, key: str) -> Iterator[tuple[str, str]]:
    kinds = {"approaches": "approach", "locations": "location", "tasks": "task", "seeds": "seed"}
    if found.get("seeds_count") == "evaluation":
        del kinds["seeds"]  # repetitions: they are none of the study's training runs
    for many, one in kinds.items():
        listed = getattr(study, many)
        odd = [word for word in found[many] if word not in listed]
        if odd:
            shown = ", ".join(f"`{word}`" for word in odd[:SHOWN]) + (" …" if len(odd) > SHOWN else "")
            words = [str(word) for word in listed]
            what = one if len(odd) == 1 else many
            help = f"{did_you_mean(str(odd[0]), words, many)}; list it, or `rename` it in the mapping and import again"
            yield f"set `{name}` holds trials of {what} {shown}, which this study does not list", help
    if key == "repeated":
        return  # the very trials that the study has, once more
    for domain in found["domains"]:
        if domain in study.trials:
            help = "leave the domain out of `trials`, or the set out of `imported`"
            yield f"set `{name}` holds trials in `{domain}`, where this study makes its own", help
