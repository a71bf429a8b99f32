"""Success and uplift are in points of a hundred, and a fraction there is mostly a slip."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.laws.subject import Subject
from compiler.reading.source import SpanPath
from runtime.bound.gate import TRIAL_METRICS


def fractions(subject: Subject) -> Iterator[Diagnostic]:
    """X454: a threshold, a margin or a prior below one point, or above all that there are."""
    found: list[tuple[str, str, SpanPath, object]] = []
    for name in subject.used("gate"):
        rule = subject.project.gates[name]
        if rule.metric in TRIAL_METRICS:
            found.append(("gate", name, ("threshold",), rule.threshold))
    for name, study in subject.studies():
        found += [("study", name, ("claims", c, "margin"), getattr(claim, "margin", 0)) for c, claim in study.claims.items()]
        found += [("study", name, ("target_uplift", domain), ends) for domain, ends in _stated(study.target_uplift)]
    for name in subject.used("approach"):
        row = subject.project.approaches[name].row
        found += [("approach", name, ("row", "prior", domain), ends) for domain, ends in _stated(row.prior if row else None)]
    for kind, name, path, value in found:
        ends = [float(end) for end in (value if isinstance(value, tuple | list) else (value,)) if isinstance(end, int | float)]
        largest = max(map(abs, ends), default=0.0)
        if 0 < largest < 1:
            meant = ", ".join(f"{100 * end:g}" for end in ends)
            meant = f"[{meant}]" if len(ends) > 1 else meant
            message = f"`{path[-1]}` is less than one point of a hundred"
            help = f"write `{meant}` if a share of trials was meant"
            yield subject.at(kind, name, path, "X454", message, help, severity="warning")
        elif largest > 100 and kind == "approach":
            yield subject.at(kind, name, path, "X454", "no uplift is more than 100 points", "write it in points of a hundred")


def _stated(holder: object) -> Iterator[tuple[str, object]]:
    """Domain -> what a holder of uplift by domain states for it."""
    yield from vars(holder).items() if holder is not None else ()
