"""Artifacts with real manifests and small content, published as a job would, without building anything heavy."""

from pathlib import Path
from typing import Any

from compiler.graph.node import Node
from compiler.plan.plan import Plan
from compiler.plan.study import open_project, plan_study
from compiler.project.project import Project
from compiler.run.emit import job
from runtime.job import Job
from runtime.store.store import Store, seal_of
from tests.errors.cases import base

COST = {"cpu_s": 60.0, "wall_s": 30.0, "gpu_s": 0.0, "peak_mb": 500.0, "cores": 2, "machine": "x86_64 Test"}


def base_project(root: Path) -> Path:
    """The project that the diagnostics' cases start from."""
    base().write(root)
    return root


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Replace a text that stands in a spec, which must be there."""
    path = root / "specs" / f"{name}.yaml"
    text = path.read_text()
    assert old in text, f"`{old}` is not in {name}"
    path.write_text(text.replace(old, new))


def planned(root: Path, study: str = "study") -> tuple[Project, Plan]:
    """The project and its plan as they are now."""
    project = open_project(root)
    return project, plan_study(project, study)


def publish_all(root: Path, study: str = "study", cost: dict[str, Any] | None = None, **facts: Any) -> None:
    """Publish an artifact for everything that the study still has to build."""
    project, plan = planned(root, study)
    for node in plan.build():
        publish(project, node, cost, **facts)


def publish(
    project: Project,
    node: Node,
    cost: dict[str, Any] | None = None,
    size: int = 10,
    files: dict[str, bytes] | None = None,
    **facts: Any,
) -> Path:
    """Publish an artifact for a planned node, with the manifest of `runtime/build/execute.py`."""
    return publish_job(Store(project.store), job(project, node), cost, size, files, **facts)


def publish_job(
    store: Store,
    made: Job,
    cost: dict[str, Any] | None = None,
    size: int = 10,
    files: dict[str, bytes] | None = None,
    **facts: Any,
) -> Path:
    """The same from a job."""
    manifest = {
        "stage": made.stage,
        "version": made.version,
        "fingerprint": made.fingerprint,
        "params": made.params,
        "backends": made.backends,
        "libraries": made.libraries,
        "code": made.code,
        "content": made.content,
        "metrics": {},
        "contract": {},
        "scopes": made.scopes,
        "parents": {port: [f"{p.stage}/{p.fingerprint}" for p in found] for port, found in made.inputs.items()},
        "read": {"/".join(p): seal_of(store.manifest(*p)) for found in made.inputs.values() for p in found if store.has(*p)},
        "built": 1_700_000_000.0,
        "cost": {**COST, **(cost or {})},
    }
    with store.building(made.stage, made.fingerprint) as folder:
        for name, content in (files or {"content.bin": b"x" * size}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return store.publish(made.stage, made.fingerprint, folder, {**manifest, **facts})
