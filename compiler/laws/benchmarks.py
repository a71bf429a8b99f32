"""Benchmarks from outside: studies of nothing else, in environments that their suite has, with policies that are brought."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note, did_you_mean, same_id
from compiler.laws.subject import Subject
from compiler.project.backends import benchmarks
from compiler.project.layers import approach_policy
from compiler.reading.source import SpanPath
from compiler.spec.study import Study
from runtime.backend import info
from runtime.bound.benchmark import BENCHMARK, BenchmarkSuite, BenchmarkTask, SuiteFacts
from runtime.problem import InputError

ELSEWHERE = ("targets", "learning", "gap_factors", "robot", "cameras", "sets")
"""Sections that speak of twins, captures or robots."""


def benchmark_alone(subject: Subject) -> Iterator[Diagnostic]:
    """X475: a study that mixes a benchmark with places, tasks or trials of another kind."""
    for name, study in subject.studies():
        mixed = list(_mixed(subject, study))
        for path, message, help, notes in mixed:
            yield subject.at("study", name, path, "X475", message, help, key=path[-1] in (*ELSEWHERE, BENCHMARK), notes=notes)
        if mixed or BENCHMARK not in study.trials:
            continue
        for section in ELSEWHERE:
            if getattr(study, section):
                message = f"`{section}` speaks of captured places, and the study tries policies in a benchmark"
                yield subject.at("study", name, (section,), "X475", message, f"take `{section}` out", key=True)


def _mixed(subject: Subject, study: Study) -> Iterator[tuple[SpanPath, str, str, tuple[Note, ...]]]:
    tried, alone = BENCHMARK in study.trials, "give the benchmark a study of its own"
    for domain in study.trials if tried else ():
        if domain != BENCHMARK:
            yield ("trials", domain), f"the study tries policies in a benchmark and in `{domain}`", alone, ()
    if tried and BENCHMARK in study.backends:
        help = "take it out: `source: {kind: benchmark, suite: NAME}`"
        yield ("backends", BENCHMARK), "a benchmark's back end is what its location names as `suite`", help, ()
    first: tuple[str, str] | None = None
    for i, place in subject.places(study):
        spec = subject.project.locations.get(place)
        if spec is None or not (tried or study.tasks):
            continue
        suite = spec.source.suite if isinstance(spec.source, BenchmarkSuite) else None
        if (suite is not None) != tried:
            is_one = "is a benchmark, where only trials in `benchmark` run" if suite else "is no benchmark"
            note = subject.note("this is what it is", "location", place, ("source", "kind"))
            yield ("locations", i), f"location `{place}` {is_one}", "set `trials: {benchmark: N}`" if suite else alone, (note,)
        elif suite is not None:
            first = first or (place, suite)
            if first[1] != suite:
                message = f"`{place}` is of suite `{suite}`, and `{first[0]}` of `{first[1]}`"
                yield ("locations", i), message, "give each suite a study of its own", ()
    for i, task in enumerate(study.tasks):
        spec = subject.project.tasks.get(task)
        if spec is not None and (spec.kind == BENCHMARK) != tried:
            note = subject.note("this is its kind", "task", task, ("kind",))
            what = "is of a benchmark, and the study tries policies elsewhere" if not tried else "is none of a benchmark"
            yield ("tasks", i), f"task `{task}` {what}", alone, (note,)


def unknown_environment(subject: Subject) -> Iterator[Diagnostic]:
    """X476: an environment that the suite does not have, or pictures of a size in which it does not draw them."""
    for _, study in subject.studies():
        for place, source in benchmarks(subject.project, study).items():
            facts = _facts(source.suite)
            if facts is None:
                continue
            if source.size_px is not None and not facts.resizable and source.size_px not in facts.cameras.values():
                sizes = ", ".join(f"{w} x {h}" for w, h in dict.fromkeys(facts.cameras.values()))
                message = f"`{source.suite}` draws pictures in no other size than its own"
                help = f"take it out: they are {sizes} pixels"
                yield subject.at("location", place, ("source", "size_px"), "X476", message, help)
            names = list(facts.names())
            for task in study.tasks:
                spec = subject.project.tasks.get(task)
                if not isinstance(spec, BenchmarkTask) or spec.environment in names:
                    continue
                message = f"suite `{source.suite}` has no environment `{spec.environment}`"
                notes = (subject.note("the suite is named here", "location", place, ("source", "suite")),)
                help, sure = did_you_mean(spec.environment, names, "environments"), same_id(spec.environment, names)
                yield subject.at("task", task, ("environment",), "X476", message, help, notes=notes, fix=sure)


def brought(subject: Subject) -> Iterator[Diagnostic]:
    """X477: an approach without a checkpoint of its own, where no policy can be made."""
    for name, study, at, approach, _ in subject.approaches():
        if BENCHMARK in study.trials and subject.in_shape(approach) and approach_policy(subject.project, approach) is None:
            message = f"approach `{approach}` brings no policy, and in a benchmark none is trained"
            notes = (subject.note("the study's trials are here", "study", name, ("trials", BENCHMARK)),)
            help = "name a checkpoint in it: `policy: {kind: lerobot, units: native, ...}`"
            yield subject.at("study", name, at, "X477", message, help, notes=notes)


def _facts(suite: str) -> SuiteFacts | None:
    try:
        return info(BENCHMARK, suite).benchmark
    except InputError:
        return None
