"""Standing gates: what must be cleared in each study that builds what they judge; what is made of photos, where there are any.

They are files like any gate's (`rules/gates/`). A gate of the same id in `specs/gates/` takes the place of one; in a single study
its own gate over the same metric does, or over what that is a variant of (`psnr` of `psnr_matched`); `standing_gates: false`
leaves them out.
"""

from functools import cache
from pathlib import Path

from compiler.project.layers import read_for
from compiler.project.project import Project
from compiler.reading.source import read_source
from compiler.shape.validate import validate
from compiler.spec.gate import Gate
from compiler.spec.study import Study
from runtime.stage import load_stages, providers

PHOTOGRAPHED = ("photos", "hidden_site")
PHOTOS = "capture"
FOLDER = Path(__file__).resolve().parents[2] / "rules" / "gates"


def add_standing(project: Project) -> None:
    """Add the gates that stand to the studies that they concern."""
    for name, study in list(project.studies.items()):
        if not study.standing_gates:
            continue
        built = _built(project, name)
        if not _photographed(project, study):
            built -= {one.name for one in load_stages().values() if any(port.kind == PHOTOS for port in one.ports)}
        own = [project.gates[g] for g in study.gates if g in project.gates]
        added = []
        for path in sorted(FOLDER.glob("*.yaml")):
            gate = project.gates.get(path.stem) or _gate(path)
            said = any(one.stage == gate.stage and f"{gate.metric}_".startswith(f"{one.metric}_") for one in own)
            if gate.stage in built and not said and path.stem not in study.gates:
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
    """Whether any of its locations has photos: those of a splat that was brought were left elsewhere."""
    found = map(project.locations.get, study.locations)
    return any(spec is not None and spec.source.kind in PHOTOGRAPHED for spec in found)


def _built(project: Project, name: str) -> set[str]:
    """Stages that a study's targets and its trials need, as its approaches wire them."""
    study, stages, built = project.studies[name], load_stages(), set[str]()
    trials = [
        one.name for one in stages.values() if one.role == "trials" and study.tasks and set(one.domains) & set(study.trials)
    ]
    waiting = [*study.targets, *trials]
    while waiting:
        stage = waiting.pop()
        if stage in stages and stage not in built:
            built.add(stage)
            waiting += [maker for port in stages[stage].ports for maker in providers(port.kind)[:1]]
    return built.union(*(read_for(project, name, one) for one in study.approaches if study.tasks))
