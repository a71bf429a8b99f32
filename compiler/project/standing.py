"""Standing gates: what every location made of photos must clear, in each study that builds what they judge.

They are files like any gate's (`rules/gates/`). A gate of the same id in `specs/gates/` takes the place of one; in a single study
its own gate over the same metric does; `standing_gates: false` leaves them out.
"""

from functools import cache
from pathlib import Path

from compiler.project.project import Project
from compiler.reading.source import read_source
from compiler.shape.validate import validate
from compiler.spec.gate import Gate
from compiler.spec.study import Study
from runtime.stage import load_stages, providers

FOLDER = Path(__file__).resolve().parents[2] / "rules" / "gates"


def add_standing(project: Project) -> None:
    """Add the gates that stand to the studies that they concern."""
    for name, study in list(project.studies.items()):
        if not study.standing_gates or study.tasks or not _photographed(project, study):
            continue
        built = _built(study)
        own = {(project.gates[g].stage, project.gates[g].metric) for g in study.gates if g in project.gates}
        added = []
        for path in sorted(FOLDER.glob("*.yaml")):
            gate = project.gates.get(path.stem) or _gate(path)
            if gate.stage in built and (gate.stage, gate.metric) not in own and path.stem not in study.gates:
                added.append(path.stem)
                if path.stem not in project.gates:
                    project.gates[path.stem] = gate
                    project.sources["gate", path.stem] = read_source(path, f"rules/gates/{path.name}")
        if added:
            project.studies[name] = study.model_copy(update={"gates": [*study.gates, *added]})


@cache
def _gate(path: Path) -> Gate:
    gate, wrong = validate(Gate, read_source(path, path.name))
    if not isinstance(gate, Gate):
        raise ValueError(f"{path}: {wrong}")
    return gate


def _photographed(project: Project, study: Study) -> bool:
    """Whether all of its locations are made of photos that people took."""
    found = [project.locations.get(name) for name in study.locations]
    return bool(found) and all(spec is not None and spec.source.kind == "photos" for spec in found)


def _built(study: Study) -> set[str]:
    """Stages that its targets need."""
    stages, waiting, built = load_stages(), list(study.targets), set[str]()
    while waiting:
        name = waiting.pop()
        if name in stages and name not in built:
            built.add(name)
            waiting += [maker for port in stages[name].ports for maker in providers(port.kind)[:1]]
    return built
