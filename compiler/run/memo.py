"""What a plan found out of each location, so that the next one works out only what an edit touches.

Kept of a study are the fingerprints of all locations that are whole in the store, each under the digest of its spec and of what
its capture reads, all under one digest of what the locations share. The next plan takes over those of which nothing has changed
(`compiler.graph.settled`). The file below `build/` is only a cache: without it, or with any byte of it changed, everything is
worked out; and of each kind of locations one is made anew in any case and held against what is kept.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compiler.graph.graph import Graph
from compiler.graph.node import Address
from compiler.graph.settled import Kind, Settled, Unsettled
from compiler.graph.stops import guards, stopping
from compiler.plan.plan import Plan, make_plan
from compiler.plan.study import SpecsRefused, checked_graph, open_project, plan_study
from compiler.project.collector import without_gc
from compiler.project.layers import brings
from compiler.project.project import Project
from compiler.reading.spec_cache import enabled, write_quietly
from compiler.reading.spec_files import file_of
from compiler.run.idle import WORTHWHILE, Asked, signature
from compiler.run.remember import as_asked, folders_of, is_as_planned
from compiler.store.listing import listing
from runtime.problem import InputError
from runtime.sealed import sealed, unsealed
from runtime.stage import load_stages
from runtime.store.store import MANIFEST


@dataclass
class Memo:
    """`shared` is the digest of what all locations depend on; `specs` and `outside` those of each location: of its spec, and
    of the folders outside the project that its capture reads, which `folders` names. `judged` tells the artifacts of each that a
    gate judges which may stop something from others at their addresses: one that is built again may have other metrics."""

    shared: str = ""
    specs: dict[str, str] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    folders: dict[str, list[str]] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    kinds: list[Kind] = field(default_factory=list)

    def places(self) -> dict[str, tuple[int, int]]:
        """Location -> its kind and row."""
        return {x: (k, row) for k, kind in enumerate(self.kinds) for row, x in enumerate(kind.locations)}


def _from_memo(memo: Memo, root: Path, study: str, asked: Asked, roots: Mapping[str, Path] | None) -> tuple[Project, Plan] | None:
    """The project and its plan from what is kept of an earlier one; None where that would save little, or does not do.

    Of the locations that are taken over, the project reads a spec when it is looked at; whoever asks more of their nodes than an
    address gets `Unsettled`.
    """
    same = {x for x, digest in memo.specs.items() if asked.files.get(file_of("location", x)) == digest}
    same = {x for x in same if f"specs/locations/{x}.yml" not in asked.files and _outside(memo, x)}
    try:
        project = open_project(root, roots, later={file_of("location", x) for x in same})
        spec = project.studies.get(study)
        if spec is None or project.code != "rebuild" or memo.shared != _shared(project, study, asked):
            return None
        listed = same.intersection(spec.locations)
        places = {x: place for x, place in memo.places().items() if x in listed}
        published = listing(root, project.store).published()
        settled = _as_judged(memo, _whole(memo, places, published), project, study)
        made_anew = {}
        for x in spec.locations:
            if x in settled.rows and settled.rows[x][0] not in made_anew:
                made_anew[settled.rows[x][0]] = x
        rows = {x: settled.rows[x] for x in settled.rows if made_anew[settled.rows[x][0]] != x}
        if 2 * len(rows) < len(spec.locations):
            return None
        project.settled[study] = settled = Settled(memo.kinds, rows, memo.folders, memo.outside)
        graph = checked_graph(project, study)
        if not _agrees(graph, memo, made_anew) or any(f in settled.published.get(s, ()) for s, f in graph.nodes):
            return None
        return project, make_plan(graph, published)
    except (SpecsRefused, Unsettled, OSError):
        return None


def with_plan[T](root: Path, study: str, asked: Asked, roots: Mapping[str, Path] | None, use: Callable[[Project, Plan], T]) -> T:
    """What `use` makes of the project and the study's plan, with as little as possible worked out anew.

    Args:
        asked: what `compiler.run.idle.key` said before specs were read.
        roots: capture roots from the command line.
        use: may be called a second time, when it asks more of the first plan than was worked out.

    Raises:
        SpecsRefused: when a spec that the study uses has an error.
    """
    with without_gc():
        memo = _load(root, study) if enabled() and asked.files else None
        found = _from_memo(memo, root, study, asked, roots) if memo is not None else None
        with suppress(Unsettled):
            if found is not None:
                said = use(*found)
                _keep(*found, asked, memo)
                return said
        project = open_project(root, roots)
        plan = plan_study(project, study)
        said = use(project, plan)
        _keep(project, plan, asked, None)
        return said


def _keep(project: Project, plan: Plan, asked: Asked, before: Memo | None) -> None:
    """Remember what a plan found out, for the next one, beside what it took over from `before`."""
    graph, study = plan.graph, project.studies[plan.graph.study]
    if not enabled() or not asked.files or graph.size < WORTHWHILE or not _apart(project, graph) or brings(project, study):
        return
    if not as_asked(project, asked):
        return
    memo = Memo(_shared(project, graph.study, asked))
    known = {} if before is None else before.places()
    stages = {str(rule.stage) for _, rule in stopping(project, graph.study)}
    kinds: dict[tuple[str, int], Kind] = {}
    new = False
    for location, (like, pattern, nodes) in graph.rows.items():
        digest = asked.files.get(file_of("location", location))
        if digest is None or any(f not in plan.published.get(s, ()) for s, f in (node.address for node in nodes)):
            continue
        try:
            folders = folders_of(project, location)
            outside = signature(folders) if folders else ""  # first: what changes after the digest is taken again, changes it
            if not is_as_planned(project, location, nodes):
                continue
            memo.judged[location] = _states(project.store, stages, [node.address for node in nodes]) if stages else ""
        except (OSError, InputError):
            continue
        kind = kinds.get((like, id(pattern)))
        if kind is None:
            kind = kinds[like, id(pattern)] = _kind_of(memo, Kind.of(like, pattern))
        kind.add(location, [node.fingerprint for node in nodes])
        memo.specs[location], memo.folders[location], memo.outside[location] = digest, folders, outside
        new = (
            new
            or before is None
            or before.specs.get(location) != digest
            or (before.outside[location], before.judged[location]) != (memo.outside[location], memo.judged[location])
        )
    if not new:
        return
    listed = set(study.locations)
    for location, (k, row) in known.items():
        if before is not None and location in listed and location not in memo.specs:
            _kind_of(memo, before.kinds[k]).add(location, before.kinds[k].row(row))
            memo.specs[location], memo.folders[location] = before.specs[location], before.folders[location]
            memo.outside[location], memo.judged[location] = before.outside[location], before.judged[location]
    _save(project.root, graph.study, memo)


def _outside(memo: Memo, location: str) -> bool:
    """Whether what a capture reads outside the project is as it was."""
    folders = memo.folders.get(location, [])
    try:
        return not folders or memo.outside.get(location) == signature(folders)
    except OSError:  # it cannot be looked at, or changed a moment ago
        return False


def _whole(memo: Memo, places: Mapping[str, tuple[int, int]], published: Mapping[str, set[str]]) -> Settled:
    """The locations of which everything is in the store."""
    lacking: set[tuple[int, int]] = set()
    for k, kind in enumerate(memo.kinds):
        for slot, column in zip(kind.slots, kind.columns, strict=True):
            there = published.get(slot.stage.name, set())
            if not there.issuperset(column):
                lacking |= {(k, row) for row, fingerprint in enumerate(column) if fingerprint not in there}
    return Settled(memo.kinds, {x: place for x, place in places.items() if place not in lacking}, memo.folders, memo.outside)


def _as_judged(memo: Memo, settled: Settled, project: Project, study: str) -> Settled:
    """Those of which what gates judge was not built again."""
    stages = {str(rule.stage) for _, rule in stopping(project, study)}
    columns = [[(s.name, c) for s, c in zip(k.slots, k.columns, strict=True) if s.name in stages] for k in memo.kinds]
    rows = {}
    for x, (k, row) in settled.rows.items():
        if memo.judged[x] == _states(project.store, stages, [(stage, column[row]) for stage, column in columns[k]]):
            rows[x] = k, row
    return Settled(settled.kinds, rows, settled.folders, settled.outside)


def _states(store: Path, stages: set[str], addresses: Iterable[Address]) -> str:
    """What tells the artifacts of some stages from others at their addresses; raises OSError where one is absent."""
    found = [os.stat(store / stage / name / MANIFEST) for stage, name in addresses if stage in stages]
    return " ".join(f"{s.st_mtime_ns}.{s.st_ctime_ns}.{s.st_ino}" for s in found)


def _agrees(graph: Graph, memo: Memo, made_anew: Mapping[int, str]) -> bool:
    """Whether one location of each kind came out as it is kept."""
    places = memo.places()
    for location in made_anew.values():
        found = graph.rows.get(location)
        if found is None:
            return False
        (like, pattern, nodes), (k, row) = found, places[location]
        if not memo.kinds[k].alike(Kind.of(like, pattern)) or memo.kinds[k].row(row) != [node.fingerprint for node in nodes]:
            return False
    return True


def _apart(project: Project, graph: Graph) -> bool:
    """Whether each location of a study can be known by itself: no gate has stopped anything or judges locations together,
    nothing stands for a set of them, no budget counts them all, and no two come to the same artifact."""
    study = project.studies[graph.study]
    limits = study.budget.cpu_hours, study.budget.gpu_hours, study.budget.money
    if graph.stopped is not None or limits != (None, None, None):
        return False
    if any(node.scope.set is not None for node in graph.samples):
        return False
    if any(project.gates[guard.gate].scope == "study" for guard in guards(project, graph)):
        return False
    own = [node for _, _, nodes in graph.rows.values() for node in nodes]
    return len({node.address for node in own}) == len(own)


def _kind_of(memo: Memo, kind: Kind) -> Kind:
    """The kind of a memo that is like `kind`; a new and empty one where there is none."""
    for known in memo.kinds:
        if known.alike(kind):
            return known
    memo.kinds.append(Kind(kind.like, kind.slots, kind.keys, [], [[] for _ in kind.slots]))
    return memo.kinds[-1]


def _shared(project: Project, study: str, asked: Asked) -> str:
    """A digest of all that locations share: specs of other kinds without their titles, this study without its list of
    locations, this machine's file, sets of trials, the code and the day."""
    values: dict[str, Any] = {}
    for kind, name in sorted(key for key in project.sources if key[0] != "location"):
        if kind == "study" and name != study:
            continue
        value = project.sources[kind, name].value
        left_out = ("title", "locations") if kind == "study" else ("title",)
        values[f"{kind}:{name}"] = {k: v for k, v in value.items() if k not in left_out} if isinstance(value, dict) else None
    return hashlib.blake2b(json.dumps([asked.common, values], sort_keys=True).encode(), digest_size=16).hexdigest()


def _load(root: Path, study: str) -> Memo | None:
    load_stages()
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        value = json.loads(unsealed(_file(root, study).read_bytes()))
        value["kinds"] = [Kind.from_json(kind) for kind in value["kinds"]]
        return Memo(**value)
    return None


def _save(root: Path, study: str, memo: Memo) -> None:
    body = json.dumps({**vars(memo), "kinds": [kind.to_json() for kind in memo.kinds]}, separators=(",", ":"))
    write_quietly(_file(root, study), sealed(body))


def _file(root: Path, study: str) -> Path:
    return root / "build" / "cache" / f"locations-{hashlib.blake2b(study.encode(), digest_size=8).hexdigest()}.json"
