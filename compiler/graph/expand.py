"""Study -> nodes: every cell of the study, and below it only what that cell needs.

Pure, apart from the digests of photos that stand outside the project. The project must have passed `check` up to the
laws that need nodes; a stage's parameters are validated here once more because layers are merged here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from compiler.diagnostics.diagnostic import Span
from compiler.graph.bindings import HIDDEN_SITE
from compiler.graph.fingerprint import canonical, joined
from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node, Scope, Setting, Stops
from compiler.graph.pattern import Key, Pattern, Slot, record
from compiler.graph.roles import having, trials_of
from compiler.graph.settings import Settings
from compiler.graph.settled import Settled, Unsettled
from compiler.graph.stops import speaks_of, stops
from compiler.project.collector import without_gc
from compiler.project.layers import approach_policy, layers, wired
from compiler.project.project import Project
from compiler.reading.spec_cache import enabled
from runtime.assets.digest import digest_assets
from runtime.bound.benchmark import BENCHMARK
from runtime.bound.checkpoint import LeRobotPolicy
from runtime.bound.footage import SECTIONS, Videos
from runtime.bound.gate import TRIAL_METRICS
from runtime.bound.robot import RobotModel
from runtime.bound.source import UNCAPTURED
from runtime.capture.digest import digest_source
from runtime.contract import Contract
from runtime.problem import InputError, Problem
from runtime.recorded.files import digest_dataset
from runtime.stage import REGISTRY, Port, Stage, load_stages, providers
from runtime.store.store import Store

OUTSIDE = ("location.source", "location.assets", "data")
"""Bound sources whose files are read outside of specs: a stage binds one of them at most, and its address follows their bytes."""


BROUGHT = ("robot", "approach.policy", *(f"location.{name}" for name in SECTIONS))
"""The same of files below a root, whose digest is part of the value."""


def expand(project: Project, study: str) -> Graph:
    """All nodes of a study; expanded once for each project as loaded.

    Raises:
        pydantic.ValidationError: when merged parameters are not valid; `check` says so first, at the line.
        Unsettled: when the project takes over locations, and what is kept of them does not do.
    """
    load_stages()
    if study not in project.graphs:
        with without_gc():
            graph = _Expansion(project, study).graph()
            stopped = stops(project, graph)
            if stopped is not None:
                if graph.settled is not None:
                    raise Unsettled("a gate stops something")
                graph = _Expansion(project, study, stopped).graph()
            project.graphs[study] = graph
    return project.graphs[study]


class _Expansion:
    """The state of one expansion: nodes by who asked for them, made once each; equal ones merge by their address."""

    def __init__(self, project: Project, study: str, stopped: Stops | None = None) -> None:
        self.project, self.id, self.stopped = project, study, stopped or Stops()
        self.study = project.studies[study]
        self.yardstick = self.study.baseline or next(iter(self.study.approaches), None)
        self.settings = Settings(project, study, stopped)
        self.nodes: dict[Address, Node] = {}
        self.samples: list[Node] = []
        self.asked: dict[str | None, dict[Key, Node]] = defaultdict(dict)
        self.grown: set[str] = set()
        self.patterns: dict[tuple[object, ...], Pattern | None] = {}
        self.every: dict[str, tuple[Node, ...]] = {}
        self.wired: dict[tuple[str, str | None], dict[str, Stage | None]] = {}
        self.backends: dict[str, tuple[dict[str, dict[str, str]], str]] = {}
        self.contracts: dict[tuple[object, ...], Contract] = {}
        self.settled: Settled | None = project.settled.get(study)
        self.rows: dict[str, tuple[str, Pattern, list[Node]]] = {}
        self.reading = {s.name: found[0] for s in REGISTRY.values() if (found := [x for x in OUTSIDE if x in s.bound.values()])}
        self.digests: dict[str, str] = {}
        self.published = Store(project.store).listing() if self.settings.identities.ignoring else {}
        """What there is of code that is ignored; asked for then alone."""

    def graph(self) -> Graph:
        made = [x for x in self.study.locations if self.settled is None or x not in self.settled]
        for location in made:
            if location not in self.grown:
                self._grow(location)
        targets = [node for location in made for node in self._targets(location)]
        targets = [node for node in targets if node.address not in self.stopped.nodes]
        for stage in having("trials", "curve", "factors"):
            targets += self._every(stage)
        for stage in having("gate"):
            targets += [n for n in self._every(stage) if self.settings.tried or n.inputs.get("judged")]
        if self.settings.tried or (self.nodes and not self.study.imported and not self.stopped.reasons):
            targets += [self.node(stage, Scope(study=self.id)) for stage in having("report")]
        targets = list({node.address: node for node in targets}.values())
        targets = [node for node in targets if node.address in self.nodes]
        stopped = self.stopped if self.stopped.reasons else None
        return Graph(self.id, self.nodes, targets, stopped, self.samples, tuple(self.study.locations), self.settled, self.rows)

    def _grow(self, location: str) -> None:
        """All nodes of one location: after the pattern of one like it, or else one by one."""
        self.grown.add(location)
        self.asked[location] = {}
        spec = self.project.locations[location]
        outside = self.project.source_folder(spec.source) is not None
        says = *map(spec.says, ("scene", "assets", "data", *SECTIONS)), tuple(spec.cameras)
        like = (canonical(spec.stages), spec.source.kind, outside, *says)
        partly = location in self.settings.partly or bool(self.published)
        pattern = None if partly else self.patterns.get(like)
        if pattern is not None and self._repeat(str(like), pattern, location):
            return
        self._targets(location)
        for scope in self.settings.scopes:
            self.node(trials_of(str(scope.domain)), scope._replace(location=location))
        for stage in having("curve", "factors"):
            for scope in self._scopes(stage):
                self.node(stage, scope._replace(location=location))
        if like not in self.patterns and not partly:
            found = self.patterns[like] = record(self.settings, self.asked[location])
            if found is not None:
                first = {place: key for key, place in zip(reversed(found.keys), reversed(found.places), strict=True)}
                self.rows[location] = str(like), found, [self.asked[location][first[place]] for place in range(len(found.slots))]

    def _repeat(self, like: str, pattern: Pattern, location: str) -> bool:
        """Make the nodes of a pattern for another location; False when a contract turns out to differ."""
        made: list[Node] = []
        for slot in pattern.slots:
            own = Scope(location, *slot.own[1:])
            inputs = {port: tuple([made[i] if isinstance(i, int) else i for i in found]) for port, found in slot.parents}
            setting = slot.setting
            if slot.local is not None:
                setting = self._local(slot, made, own)
                if self._contract(setting, inputs) != slot.contract:
                    return False
            node = self._node(setting, own, inputs, slot.contract, slot.askers)
            for alias in slot.aliases:
                node.stands_for(Scope(location, *alias[1:]), slot.askers)
            if setting.expects != slot.setting.expects:
                self.samples.append(node)
            made.append(node)
        self.rows[location] = like, pattern, made
        self.asked[location] = dict(zip(pattern.keys, [made[place] for place in pattern.places], strict=True))
        return True

    def _local(self, slot: Slot, made: list[Node], own: Scope) -> Setting:
        """The setting of a slot that binds something of its location; made once for all slots that share it."""
        assert slot.local is not None
        if slot.local < len(made):
            return made[slot.local].setting
        asker = own.approach or next(iter(slot.askers), None)
        return self.settings.of(slot.setting.stage, own._replace(approach=asker))

    def _normal(self, stage: Stage, scope: Scope) -> tuple[Scope, Scope, Key]:
        """What is asked for, without what the stage does not tell apart: the scope, the node's own, and the key."""
        if stage.role and "approach" not in stage.per and "location" in stage.per:
            scope = scope._replace(approach=None)  # what judges several approaches is asked for by none of them
        if "set" in stage.per:
            scope = scope.only(stage.per)._replace(set=stage.over, approach=scope.approach)
        rounds = self.settings.rounds(scope.approach) if "round" in stage.per else None
        at = rounds and (scope.round or rounds)  # who names no round means the last; a stage for all of them knows none
        scope = scope if scope.round == at else scope._replace(round=at)
        own = scope.only(stage.per)
        return scope, own, (stage.name, own._replace(location=None), scope.approach)

    def node(self, stage: Stage, scope: Scope) -> Node:
        scope, own, key = self._normal(stage, scope)
        asked = self.asked[own.location]
        found = asked.get(key)
        if found is None and self.settled is not None and own.location in self.settled:
            found = asked[key] = self.settled.node(str(own.location), key)
        if found is None:
            inputs = self._inputs(stage, scope)
            setting = self.settings.of(stage, own._replace(approach=scope.approach))
            askers = (scope.approach,) if scope.approach is not None else ()
            found = asked[key] = self._node(setting, own, inputs, self._contract(setting, inputs), askers)
            self.samples.append(found)
        return found

    def _node(
        self, setting: Setting, own: Scope, inputs: dict[str, tuple[Node, ...]], contract: Contract, askers: tuple[str, ...]
    ) -> Node:
        """The node with these settings and parents; it may be there already, under another scope."""
        stage = setting.stage
        content, source_dir = self._outside(stage.name, own) if stage.name in self.reading else (None, None)
        if brought := next((getattr(setting.model, name) for name, of in stage.bound.items() if of in BROUGHT), None):
            assert isinstance(brought, RobotModel | LeRobotPolicy | Videos)
            source_dir = str(self.project.root_folder(brought.root))
        backends, backends_text = self.backends.get(stage.name) or self._backends(stage)
        parents = {port: [n.address[1] for n in found] for port, found in inputs.items()}
        address = stage.name, joined(setting.text, parents, backends_text, content)
        if setting.built is not None and address[1] not in self.published.get(stage.name, ()):
            setting = setting.built
            address = stage.name, joined(setting.text, parents, backends_text, content)
        node = self.nodes.get(address)
        if node is None:
            node = Node(setting, own, inputs, backends, address, contract, self._trace, content, source_dir, [], askers)
            self.nodes[address] = node
        else:
            node.stands_for(own, askers)
        return node

    def _judged(self, stage: Stage, scope: Scope) -> dict[str, tuple[Node, ...]]:
        """What a gate reads: the comparison of trials, or the artifacts whose metric its rule speaks of."""
        rule = self.project.gates[str(scope.gate)]
        port = stage.ports[0] if rule.metric in TRIAL_METRICS else stage.ports[1]
        if rule.stage is None or REGISTRY[rule.stage].role == "evidence":
            found = self._every(having("evidence")[0])
        else:
            found = tuple(n for n in self._all() if speaks_of(rule, n))
        self.settings.judged[str(scope.gate)] = [n.scope.location or self.id for n in found] if port.many else []
        return {port.name: found}

    def _without_trials(self, report: Stage) -> dict[str, tuple[Node, ...]]:
        """What the report of a study without trials shows: its gates, and what is made anyway."""
        made: dict[str, list[Node]] = defaultdict(list)
        for node in self._all():
            made[node.stage.name].append(node)
        gates = {stage.name for stage in having("gate")}
        found = {port.name: (REGISTRY[providers(port.kind)[0]], port) for port in report.ports if port.many}
        return {name: self._every(of) if of.name in gates else tuple(made[of.name]) for name, (of, _) in found.items()}

    def _all(self) -> Iterator[Node]:
        """Every node so far, in the order in which all would have been made: location by location."""
        if self.settled is None:
            yield from self.nodes.values()
            return
        by_location: dict[str | None, list[Node]] = defaultdict(list)
        for node in self.nodes.values():
            by_location[node.scope.location].append(node)
        for location in self.study.locations:
            yield from self.settled.at(location) if location in self.settled else by_location[location]
        yield from by_location[None]

    def _inputs(self, stage: Stage, scope: Scope) -> dict[str, tuple[Node, ...]]:
        if stage.role == "gate":
            return self._judged(stage, scope)
        if stage.role == "report" and not self.settings.tried:
            return self._without_trials(stage)
        wired = self._wired(stage, scope.approach)
        inputs: dict[str, tuple[Node, ...]] = {}
        for port in stage.ports:
            provider = wired[port.name]
            if provider is None:
                continue
            if port.whose == "peers":
                inputs[port.name] = tuple([self.node(_maker(provider, one), one) for one in self.settings.peers(scope)])
            elif port.whose == "study":
                inputs[port.name] = self._every(provider)
            elif port.said:
                inputs[port.name] = (self.node(provider, Scope(study=self.id)),)
            elif port.whose == "places":
                inputs[port.name] = tuple([self.node(provider, one) for one in self._places(stage, provider, scope)])
            elif port.whose == "previous":
                if before := _before(scope, port.along):
                    inputs[port.name] = (self.node(provider, before),)
            else:
                asked = scope._replace(approach=self.yardstick) if port.whose == "baseline" else scope
                inputs[port.name] = (self.node(provider, asked),)
        return inputs

    def _places(self, stage: Stage, provider: Stage, scope: Scope) -> list[Scope]:
        """What a stage over a set reads at each of its locations; axes that it does not stand for run over the study."""
        tasks = [scope.task] if scope.task or "task" not in provider.per else self.study.tasks
        seeds = [scope.seed] if scope.seed is not None or "seed" not in provider.per else self.study.seeds_of(scope.approach)
        return [
            scope._replace(set=None, location=location, task=task, seed=seed)
            for location in self.settings.places(stage.over)
            for task in tasks
            for seed in seeds
        ]

    def _wired(self, stage: Stage, approach: str | None) -> dict[str, Stage | None]:
        """Port -> the stage that provides it; None for one that stays empty. Only approaches wire ports."""
        key = (stage.name, approach)
        if key not in self.wired:
            self.wired[key] = {port.name: self._provider(stage, port, approach) for port in stage.ports}
        return self.wired[key]

    def _provider(self, stage: Stage, port: Port, approach: str | None) -> Stage | None:
        if port.said:
            return REGISTRY[providers(port.kind)[0]] if getattr(self.study, port.said) is not None else None
        asked = self.yardstick if port.whose == "baseline" else approach
        chosen = wired(self.project, asked, stage, port)
        if (port.optional and chosen is None) or HIDDEN_SITE in (port.kind, chosen):
            return None  # a hidden site is never a node: only a bound value, and only where `check` allows it
        if chosen is None and port.whose == "previous" and port.kind == stage.kind:
            return stage  # the round before of its own
        return REGISTRY[chosen or providers(port.kind)[0]]

    def _every(self, stage: Stage) -> tuple[Node, ...]:
        """A stage's nodes over the whole study, in its order; of trials those of every domain, whichever stage makes them."""
        if stage.name not in self.every:
            if "location" in stage.per:
                made = [(_maker(stage, scope), scope) for scope in self._scopes(stage)]
                keyed = [((maker.name, scope.only(maker.per), scope.approach), maker, scope) for maker, scope in made]
                keys = [self._normal(maker, scope)[2] for _, maker, scope in keyed] if self.settled else []
                places: dict[int, list[int]] = {}
                found: list[Node] = []
                for location in self.study.locations:
                    if self.settled is not None and location in self.settled:
                        found += self.settled.every(location, keys, places)
                    elif location not in self.stopped.locations:
                        found += self._at(location, stage, keyed)
                found = [node for node in found if node.address not in self.stopped.nodes]
                if self.stopped.cells and "look" in stage.per and "seed" in stage.per:
                    found = [node for node in found if not self.settings.is_stopped(node.scope)]
            else:
                found = [self.node(stage, scope) for scope in self._scopes(stage)]
            self.every[stage.name] = tuple(found)
        return self.every[stage.name]

    def _at(self, location: str, stage: Stage, keyed: list[tuple[Key, Stage, Scope]]) -> list[Node]:
        """Those of one location; a benchmark and a lab have trials and looks at them, and nothing that is made of a capture."""
        if isinstance(self.project.locations[location].source, UNCAPTURED) and stage.role not in ("trials", "look"):
            return []
        return [
            self.asked[location].get(key) or self.node(maker, scope._replace(location=location))
            for key, maker, scope in keyed
            if stage.role != "look"
            or location not in self.settings.partly
            or self.settings.peers(scope._replace(location=location))
        ]

    def _targets(self, location: str) -> list[Node]:
        """What the study names under `targets`, at one location: once, or for each task."""
        named = [REGISTRY[stage] for stage in self.study.targets]
        return [self.node(stage, scope._replace(location=location)) for stage in named for scope in self._scopes(stage)]

    def _scopes(self, stage: Stage) -> list[Scope]:
        """Scopes of a stage's nodes, at one location if it is made at locations."""
        if stage.role == "curve" and self.study.learning is None:
            return []
        if stage.role in ("replay", "own") and stage.name not in self.study.targets:
            return []
        if stage.role == "factors":
            return self.settings.explained(stage.domains)
        if stage.role == "look":
            return self.settings.interims()
        if "seed" in stage.per:
            return self.settings.scopes if "domain" in stage.per else self.settings.trainings
        if "gate" in stage.per:
            return [Scope(gate=gate, study=self.id) for gate in self.study.gates]
        if "claim" in stage.per:
            return [Scope(claim=claim, study=self.id) for claim in self.study.claims]
        if "task" in stage.per:
            return [Scope(task=task, approach=self.yardstick) for task in self.study.tasks]
        return [Scope(approach=self.yardstick) if "location" in stage.per else Scope(study=self.id)]

    def _backends(self, stage: Stage) -> tuple[dict[str, dict[str, str]], str]:
        named = self.settings.identities.backends(stage)
        self.backends[stage.name] = named, canonical(named)
        return self.backends[stage.name]

    def _contract(self, setting: Setting, inputs: Mapping[str, tuple[Node, ...]]) -> Contract:
        offered = {port: found[0].contract for port, found in inputs.items() if found}
        key = (setting, *[(port, contract) for port, contract in offered.items()])
        if key not in self.contracts:
            self.contracts[key] = setting.stage.offers(setting.model, offered)
        return self.contracts[key]

    def _outside(self, stage: str, scope: Scope) -> tuple[str | None, str | None]:
        """Digest of what a stage reads outside of specs, and the folder of a capture."""
        if self.reading[stage] == "data":
            return self._recorded(scope)
        return self._source(scope) if self.reading[stage] == "location.source" else (self._assets(str(scope.location)), None)

    def _recorded(self, scope: Scope) -> tuple[str | None, str | None]:
        """Digest and folder of the demos that people recorded."""
        said = self.project.data(str(scope.location), str(scope.task))
        root = said and self.project.root_folder(said[2].root)
        if said is None or root is None:
            return None, None
        key = f"{said[2].model_dump_json()}@{root}"
        if key not in self.digests:
            self.digests[key] = digest_dataset(said[2], root, self.project.cache if enabled() else None)
        return self.digests[key], str(root)

    def _assets(self, location: str) -> str | None:
        """Digest of a location's assets; None where it has none, or this machine lacks a root of them."""
        assets, roots = self.project.locations[location].assets, self.project.asset_roots(location)
        if not assets or assets.keys() != roots.keys():
            return None
        key = f"assets@{location}"
        if key not in self.digests:
            try:
                self.digests[key] = digest_assets(assets, roots, self.project.cache if enabled() else None)
            except (OSError, ValueError) as error:  # it went away since it was checked, or nobody checked it
                message = f"an asset of `{location}` cannot be read: {error}"
                raise InputError(Problem("R222", message, "`simkiln check` says which")) from error
        return self.digests[key]

    def _source(self, scope: Scope) -> tuple[str | None, str | None]:
        """Digest and folder of what a capture reads outside the project."""
        source = self.project.locations[str(scope.location)].source
        folder: Path | None = self.project.source_folder(source)
        if folder is None or isinstance(source, UNCAPTURED):
            return None, None
        key = f"{source.model_dump_json()}@{folder}"
        if key not in self.digests:
            try:
                self.digests[key] = digest_source(source, folder, self.project.cache if enabled() else None)
            except OSError as error:  # it went away since it was checked, or nobody checked it
                message = f"the capture `{folder}` cannot be read: {(error.strerror or str(error)).lower()}"
                raise InputError(Problem("R210", message, "look whether its files are there and readable")) from error
        return self.digests[key], str(folder)

    def _trace(self, node: Node) -> dict[str, Span]:
        """Where specs set the node's parameters, and what is bound of its location."""
        found: dict[str, Span] = {}
        approach = node.scope.approach or next(iter(node.askers), None)
        for layer in layers(self.project, self.id, node.scope.location, node.scope.task, approach):
            for name in layer.stages.get(node.stage.name, {}):
                span = layer.spans.get(("stages", node.stage.name, name))
                if span is not None:
                    found[name] = span
        if BENCHMARK in node.stage.bound.values():
            of_place = self.project.spans("location", str(node.scope.location)).items()
            of_task = self.project.spans("task", str(node.scope.task)).items()
            found |= {f"{BENCHMARK}.{path[1]}": span for path, span in of_place if path[:1] == ("source",) and path[1:]}
            found |= {f"{BENCHMARK}.{path[0]}": span for path, span in of_task if len(path) == 1}
        if "data" in node.stage.bound.values() and (of := self.project.data(str(node.scope.location), str(node.scope.task))):
            spans = self.project.spans(*of[:2])
            found |= {".".join(map(str, path)): span for path, span in spans.items() if path and path[0] == "data"}
        said = {source.partition(".")[2] for source in node.stage.bound.values() if source.startswith("location.")}
        both = {"cameras"} & set(node.stage.bound.values())
        for kind, name in (("study", self.id), ("location", str(node.scope.location))) if said or both else ():
            sections = both if kind == "study" else said | both
            spans = self.project.spans(kind, name)
            found |= {".".join(map(str, path)): span for path, span in spans.items() if path and path[0] in sections}
        if approach is not None and "approach.policy" in node.stage.bound.values():
            by, _ = approach_policy(self.project, approach) or (approach, None)
            spans = self.project.spans("approach", by)
            for name, source in node.stage.bound.items():
                if span := spans.get(tuple(source.split(".")[1:])):
                    found[name] = span
            found |= {
                f"approach.policy.{path[1]}": span for path, span in spans.items() if len(path) == 2 and path[0] == "policy"
            }
        return found


def _maker(stage: Stage, scope: Scope) -> Stage:
    """The stage that makes a node of a type: of trials the one of their domain."""
    return trials_of(str(scope.domain)) if stage.role == "trials" else stage


def _before(scope: Scope, axis: str) -> Scope | None:
    """The scope one step before along a numbered axis; None at the first, or where the axis does not apply."""
    at = getattr(scope, axis)
    return None if at is None or at == 1 else scope._replace(**{axis: at - 1})
