"""The `inputs:` of approaches: which stage reads what."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, meant
from compiler.graph.bindings import HIDDEN_SITE
from compiler.laws.subject import Subject
from compiler.project.layers import BROUGHT, approach_policy
from compiler.shape.sections import unknown_stage
from runtime.stage import Port, Stage, load_stages, providers

SITE_HELP = "only `capture`, and `evaluate` in `irl_proxy`, may see it; read `capture` or `twin` instead"


def hidden_site_read(subject: Subject) -> Iterator[Diagnostic]:
    """X407: an input that is the hidden site itself."""
    for name, stage, port, wired in _inputs(subject):
        if HIDDEN_SITE in (stage, port, wired):
            at_key = wired != HIDDEN_SITE
            path = ("inputs", stage, port) if stage != HIDDEN_SITE else ("inputs", stage)
            message = f"`{stage}` would read the hidden site"
            yield subject.at("approach", name, path, "X407", message, SITE_HELP, key=at_key)


def unknown_input(subject: Subject) -> Iterator[Diagnostic]:
    """R204 and R205: a stage or a port that does not exist."""
    stages = load_stages()
    told: set[tuple[str, str]] = set()
    for name, stage, port, wired in _inputs(subject):
        source = subject.project.source("approach", name)
        if HIDDEN_SITE in (stage, port, wired):
            continue
        if stage not in stages:
            if (name, stage) not in told:
                yield unknown_stage(stage, source, ("inputs", stage))
            told.add((name, stage))
            continue
        if stages[stage].port(port) is None:
            known = [p.name for p in stages[stage].ports]
            message, help = f"`{stage}` has no port `{port}`", did_you_mean(port, known, "ports")
            yield subject.at("approach", name, ("inputs", stage, port), "R205", message, help, key=True, fix=meant(port, known))
        if wired not in stages:
            yield unknown_stage(wired, source, ("inputs", stage, port), key=False)


def other_type(subject: Subject) -> Iterator[Diagnostic]:
    """X408: the port takes another artifact type than the stage makes."""
    for name, reader, port, maker in edges(subject):
        if port.only_own and maker is not reader:
            message = f"port `{port.name}` of `{reader.name}` takes what `{reader.name}` itself made before, not `{maker.name}`"
            path = ("inputs", reader.name, port.name)
            yield subject.at("approach", name, path, "X408", message, "remove the line")
        elif BROUGHT in maker.bound.values() and approach_policy(subject.project, name) is None:
            message = f"`{maker.name}` is the checkpoint that an approach brings, and `{name}` brings none"
            help = "name it under `policy:`; nothing has to be wired then"
            yield subject.at("approach", name, ("inputs", reader.name, port.name), "X408", message, help)
        elif maker.kind != port.kind:
            message = f"port `{port.name}` of `{reader.name}` takes `{port.kind}`, but `{maker.name}` makes `{maker.kind}`"
            fits = [n for n in providers(port.kind) if BROUGHT not in load_stages()[n].bound.values()]
            fit = ", ".join(f"`{n}`" for n in fits) or "none yet"
            path = ("inputs", reader.name, port.name)
            yield subject.at("approach", name, path, "X408", message, f"stages that make `{port.kind}`: {fit}")


def made_more_often(subject: Subject) -> Iterator[Diagnostic]:
    """X415: a port for one artifact is given a stage that makes many for each reader."""
    for name, reader, port, maker in edges(subject):
        # Of rounds the last is read, and of a set of locations there is one.
        more = [axis for axis in maker.per if axis not in (*reader.per, "round", "set")]
        if maker.kind == port.kind and more and not port.many:
            message = f"`{maker.name}` is made for each {' and '.join(more)}, but `{reader.name}` is not"
            path = ("inputs", reader.name, port.name)
            yield subject.at("approach", name, path, "X415", message, "read a stage that is made as often")


def input_cycle(subject: Subject) -> Iterator[Diagnostic]:
    """X414: with the inputs of an approach, a stage would wait for itself."""
    stages = load_stages()
    for name in subject.used("approach"):
        own = subject.project.approaches[name].inputs
        wired: dict[tuple[str, str], str] = {}
        for link in reversed(subject.chain(name)):
            spec = subject.project.approaches.get(link)
            for stage, ports in (spec.inputs if spec else {}).items():
                wired |= {(stage, port): maker for port, maker in ports.items()}
        for stage, ports in own.items():
            for port in ports:
                reader = stages[stage].port(port) if stage in stages else None
                if reader is not None and reader.whose == "previous":
                    continue  # what an earlier round made is no circle
                circle = _circle(stages, wired, stage, port)
                if circle:
                    shown = " -> ".join(f"`{s}`" for s in circle)
                    message, help = f"`{stage}` would wait for itself: {shown}", "read an earlier stage"
                    yield subject.at("approach", name, ("inputs", stage, port), "X414", message, help)


def _circle(stages: dict[str, Stage], wired: dict[tuple[str, str], str], start: str, port: str) -> list[str] | None:
    """Stages from `start` through `port` back to `start`, each reading the next; None when it never comes back."""
    waiting, seen = [[start, wired[start, port]]], set()
    while waiting:
        path = waiting.pop()
        if path[-1] == start:
            return path
        stage = stages.get(path[-1])
        if stage is None or path[-1] in seen:
            continue
        seen.add(path[-1])
        for p in stage.ports:
            if p.whose == "previous":
                continue
            made = wired.get((stage.name, p.name)) or (None if p.optional else next(iter(providers(p.kind)), None))
            if made:
                waiting.append([*path, made])
    return None


def _inputs(subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    """Approach, stage, port and what is wired to it, of every line under `inputs:`."""
    for name in subject.used("approach"):
        for stage, ports in subject.project.approaches[name].inputs.items():
            for port, wired in ports.items():
                yield name, stage, port, wired


def edges(subject: Subject) -> Iterator[tuple[str, Stage, Port, Stage]]:
    """The inputs of which both ends and the port exist."""
    stages = load_stages()
    for name, stage, port, wired in _inputs(subject):
        found = stages[stage].port(port) if stage in stages else None
        if found is not None and wired in stages:
            yield name, stages[stage], found, stages[wired]
