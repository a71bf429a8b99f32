"""Back ends that a study chooses, and licences of whatever it uses."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, meant
from compiler.laws.subject import Subject
from runtime.backend import DEFAULTS, BackendInfo, available, info
from runtime.problem import InputError
from runtime.stage import load_stages

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
    """B301: a back end that is not installed."""
    installed = available()
    for name, study in subject.studies():
        for role, chosen in study.backends.items():
            names = installed.get(role, [])
            if role in DEFAULTS and chosen not in names:
                message, help = f"unknown back end `{chosen}` for `{role}`", did_you_mean(chosen, names, "back ends")
                yield subject.at("study", name, ("backends", role), "B301", message, help, fix=meant(chosen, names))


def licence(subject: Subject) -> Iterator[Diagnostic]:
    """B303: `use: commercial` with a back end whose licence forbids it."""
    for name, study in subject.studies():
        if study.use != "commercial":
            continue
        for role in DEFAULTS:
            chosen = study.backends.get(role, DEFAULTS[role])
            terms = _licence(role, chosen)
            if terms is None or not forbids_sale(terms):
                continue
            fit = [n for n in available().get(role, []) if not forbids_sale(_licence(role, n) or "noncommercial")]
            help = f"use `{fit[0]}` ({_licence(role, fit[0])}) instead" if fit else "set `use: research`"
            message = f"back end `{chosen}` has licence `{terms}`, which forbids commercial use"
            path = ("backends", role) if role in study.backends else ("use",)
            yield subject.at("study", name, path, "B303", message, help)


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
    """What a back end says of itself; None for one that is not there or cannot be imported."""
    try:
        return info(role, name)
    except (InputError, ImportError):
        return None


def _licence(role: str, name: str) -> str | None:
    found = known(role, name)
    return found.licence if found else None
