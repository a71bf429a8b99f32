"""Back ends that a study chooses, and licences of whatever it uses."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Severity, did_you_mean, meant, same_id
from compiler.graph.graph import Graph
from compiler.laws.subject import Subject
from compiler.project.backends import absence, benchmarks, remedy
from compiler.project.backends import chosen as chosen_by
from compiler.reading.source import SpanPath
from compiler.spec.study import Study
from runtime.backend import DEFAULTS, OF_WEIGHTS, BackendInfo, available, info
from runtime.bound.benchmark import BENCHMARK
from runtime.problem import InputError
from runtime.stage import load_stages, providers

FORBIDDING = ("noncommercial", "non-commercial", "-nc-", "research", "inria", "academic")
"""Marks of licences under which nothing may be sold, in SPDX identifiers and LicenseRef names, lower case."""
UNLICENSED = ("", "none", "noassertion", "unlicensed")
"""What stands where code has no licence, which leaves nobody the right to use it."""


def unknown_role(subject: Subject) -> Iterator[Diagnostic]:
    """B302: a role that no stage asks for."""
    roles = sorted({role for stage in load_stages().values() for role in stage.backends})
    for name, study in subject.studies():
        for role in study.backends:
            if role not in roles:
                message, help = f"no stage uses a back end as `{role}`", did_you_mean(role, roles, "roles")
                yield subject.at("study", name, ("backends", role), "B302", message, help, key=True, fix=meant(role, roles))


def unknown_backend(subject: Subject) -> Iterator[Diagnostic]:
    """B301: a back end that nobody describes."""
    installed = available()
    for name, study in subject.studies():
        for role, chosen, place in _named(subject, name, study):
            names = installed.get(role, [])
            if role in (*DEFAULTS, BENCHMARK) and chosen not in names:
                message, help = f"unknown back end `{chosen}` for `{role}`", did_you_mean(chosen, names, "back ends")
                yield subject.at(*place, "B301", message, help, fix=same_id(chosen, names))


def installed(subject: Subject) -> Iterator[Diagnostic]:
    """B305: a back end whose description is missing or broken. B304: one that is not installed on this machine.

    Without a study to build, B304 is a warning: specs can be checked where their back ends are not.
    """
    for name, study in subject.studies():
        said = {*study.backends, *_idle(subject, study)}
        by_default = {role: chosen for role, chosen in DEFAULTS.items() if role not in said}
        others = [(role, chosen, ("study", name, ())) for role, chosen in by_default.items()]
        for role, chosen, place in [*others, *_named(subject, name, study)]:
            try:
                found = info(role, chosen)
            except InputError as error:
                (problem,) = error.problems
                if problem.code == "B305":
                    yield subject.at(*place, "B305", problem.message, problem.help)
                continue
            if reason := absence(subject.project, found):
                message = f"back end `{chosen}` is not installed here: {reason}"
                severity: Severity = "warning" if subject.only is None else "error"
                yield subject.at(*place, "B304", message, remedy(found), severity=severity)


def one_place(subject: Subject) -> Iterator[Diagnostic]:
    """B306: a stage with back ends of which two say where its job runs."""
    for name, study in subject.studies():
        chosen = chosen_by(subject.project, study)
        for stage in load_stages().values():
            asked = {role: found.where for role in stage.backends if role in chosen and (found := known(role, chosen[role]))}
            away = {role: where for role, where in asked.items() if not (where.here or where.process)}
            if len(set(away.values())) > 1:
                said = ", ".join(f"`{chosen[role]}` in {where}" for role, where in away.items())
                message = f"back ends of `{stage.name}` run in different places: {said}"
                help = "choose back ends that share a place, or ones that run as a process of their own"
                yield subject.at("study", name, ("backends", list(away)[-1]), "B306", message, help)


def licence(subject: Subject) -> Iterator[Diagnostic]:
    """B303: `use: commercial` with a back end whose licence forbids it."""
    for name, study in subject.studies():
        if study.use != "commercial":
            continue
        idle = _idle(subject, study)
        for role, chosen in chosen_by(subject.project, study).items():
            terms = _licence(role, chosen)
            if (role in idle and role not in study.backends) or terms is None or not forbids_sale(terms):
                continue
            fit = [n for n in available().get(role, []) if not forbids_sale(_licence(role, n) or "noncommercial")]
            help = f"use `{fit[0]}` ({_licence(role, fit[0])}) instead" if fit else "set `use: research`"
            message = f"back end `{chosen}` has licence `{terms}`, which forbids commercial use"
            path = ("backends", role) if role in study.backends else ("use",)
            help = "try policies in another one, or set `use: research`" if role == BENCHMARK else help
            yield subject.at("study", name, path, "B303", message, help)


def licence_of_weights(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X513: weights that people chose, of which nobody says the licence. B303: one that forbids what the study is for."""
    told: set[tuple[str, str]] = set()
    for node in graph.samples:
        for role, chosen in node.backends.items():
            if (node.stage.name, role) in told or _licence(role, chosen["name"]) != OF_WEIGHTS:
                continue
            told.add((node.stage.name, role))
            terms, at = str(node.params.get("weights_licence", "")), f"stages: {{{node.stage.name}: {{weights_licence: ...}}}}"
            if not terms:
                message, help = f"nobody says what licence the weights of `{chosen['name']}` have", f"write it as `{at}`"
                yield subject.at("study", name, ("backends", role), "X513", message, help)
            elif forbids_sale(terms) and subject.project.studies[name].use == "commercial":
                message = f"weights of `{chosen['name']}` have licence `{terms}`, which forbids commercial use"
                yield subject.at("study", name, ("backends", role), "B303", message, "choose others, or set `use: research`")


def _idle(subject: Subject, study: Study) -> set[str]:
    """Roles that only stages have which nothing is made of unless it is wired, and that the study wires nowhere."""
    wired = {*study.targets}
    for approach in study.approaches:
        for link in subject.chain(approach):
            spec = subject.project.approaches.get(link)
            wired |= {maker for ports in (spec.inputs if spec else {}).values() for maker in ports.values()}
    kinds = {port.kind for stage in load_stages().values() for port in stage.ports}
    first = {makers[0] for makers in map(providers, kinds) if makers}
    made = {name for name, stage in load_stages().items() if name in wired or name in first or stage.role}
    return {role for role in DEFAULTS if not any(role in load_stages()[name].backends for name in made)}


def _named(subject: Subject, name: str, study: Study) -> Iterator[tuple[str, str, tuple[str, str, SpanPath]]]:
    """Role, back end and place of each that the study or one of its locations names."""
    for role, chosen in study.backends.items():
        if role != BENCHMARK:  # X475
            yield role, chosen, ("study", name, ("backends", role))
    for location, source in benchmarks(subject.project, study).items():
        yield BENCHMARK, source.suite, ("location", location, ("source", "suite"))


def approach_licence(subject: Subject) -> Iterator[Diagnostic]:
    """B303: `use: commercial` with an approach whose row brings code that forbids it."""
    for name, study, at, approach, spec in subject.approaches():
        if study.use == "commercial" and spec.row.licence and forbids_sale(spec.row.licence):
            message = f"approach `{approach}` brings code with licence `{spec.row.licence}`, which forbids commercial use"
            notes = (subject.note("its row says so", "approach", approach, ("row", "licence")),)
            other = spec.row.substitute
            help = f"use approach `{other}` instead" if other else f"take `{approach}` out, or set `use: research`"
            yield subject.at("study", name, at, "B303", message, help, notes=notes)


def forbids_sale(terms: str) -> bool:
    """Whether a licence (an SPDX expression) forbids commercial use. Of alternatives (`OR`) the freest may be taken."""
    terms = terms.lower()
    return all(map(_forbids, [terms] if "(" in terms else terms.split(" or ")))


def _forbids(terms: str) -> bool:
    marked = any(mark in f"{terms}-" for mark in FORBIDDING)
    return marked or any(part.strip() in UNLICENSED for part in terms.split(" and "))


def known(role: str, name: str) -> BackendInfo | None:
    """What the description of a back end says; None where there is none that can be read."""
    try:
        return info(role, name)
    except InputError:
        return None


def _licence(role: str, name: str) -> str | None:
    found = known(role, name)
    return found.licence if found else None
