"""Where back ends run on this machine: what is missing for that, and the words that start a Python there.

Descriptions are read (`runtime.backend`); nothing of a back end is imported or started here.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.project.project import Project
from compiler.spec.study import Study
from runtime.backend import DEFAULTS, OURS, BackendInfo, Where, elsewhere, how_to_install, info, unmet
from runtime.bound.benchmark import BENCHMARK, BenchmarkSuite
from runtime.job import JobPython

CODE = OURS.resolve().parents[1]
"""The folder that holds our packages."""
_BIND = "--volume={project}:{project} --volume={store}:{store} --volume={code}:{code}"
_INSIDE = f"--rm --init --user={{user}} {_BIND} --workdir={{project}} --env=PYTHONPATH={{code}} --env=HOME=/tmp"
PROGRAMS = {
    "docker": (f"docker run {_INSIDE}", "--gpus=all", "{image} python3"),
    "podman": (
        f"podman run {_INSIDE.replace('--user={user}', '--userns=keep-id')}",
        "--device=nvidia.com/gpu=all",
        "{image} python3",
    ),
    "apptainer": (
        f"apptainer exec {_BIND.replace('volume', 'bind')} --pwd={{project}} --env=PYTHONPATH={{code}}",
        "--nv",
        "docker://{image} python3",
    ),
}
"""Program for containers -> the words before the image, those for a GPU, and the rest; the first that is on PATH is used."""


def chosen(project: Project, study: Study) -> dict[str, str]:
    """Role -> back end of a study: those that it names, a benchmark's suite as its locations name it, and those by default."""
    suites = [place.suite for place in benchmarks(project, study).values()]
    return DEFAULTS | study.backends | ({BENCHMARK: suites[0]} if suites else {})


def benchmarks(project: Project, study: Study) -> dict[str, BenchmarkSuite]:
    """The locations of a study that are suites of benchmarks; nothing where it tries none there."""
    names = study.locations if BENCHMARK in study.trials else ()
    found = ((name, project.locations[name].source) for name in names if name in project.locations)
    return {name: source for name, source in found if isinstance(source, BenchmarkSuite)}


def absence(project: Project, found: BackendInfo) -> str:
    """Why a back end cannot run on this machine, in words; empty where it can, as far as that is seen from outside."""
    where = found.where
    if CODE.name.endswith("-packages") and not (where.here or where.process):
        return "jobs run elsewhere only from a clone of simkiln, for other installed packages must not come along"
    if where.image:
        wanted = where.command[:1] or tuple(PROGRAMS)
        names = " or ".join(f"`{name}`" for name in wanted)
        return "" if any(map(shutil.which, wanted)) else f"it runs in a container, and no {names} is on PATH"
    if not where.here:
        path = interpreter(project, where.environment)
        if path.is_file() and os.access(path, os.X_OK):
            return ""
        known = where.environment in project.environments
        state = f"whose Python `{path}` is not there" if known else "which this machine does not have"
        return f"it runs in the environment `{where.environment}`, {state}"
    return unmet(found.packages)


def remedy(found: BackendInfo) -> str:
    """What to do about an absence."""
    other = f"; or name its Python as `{found.where.environment}` under `environments:` in simkiln.local.yaml"
    return how_to_install(found) + (other if not (found.where.here or found.where.image) else "")


def interpreter(project: Project, environment: str) -> Path:
    """The Python of an environment; links are not followed, for they would lead out of it."""
    given = project.environments.get(environment, project.other_environments / environment)
    return Path(os.path.abspath(given / "bin" / "python" if given.is_dir() else given))


def places(project: Project, backends: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """Role -> where its back end runs, of those that do not run here, as `runtime.job.Job.places` holds it."""
    found = {role: info(role, chosen["name"]) for role, chosen in backends.items()}
    return {role: _place(project, one) for role, one in found.items() if not one.where.here}


def python(project: Project, backends: Mapping[str, Mapping[str, str]]) -> JobPython:
    """What a job's entry in the plan says of the Python that builds it; nothing where that is the one of all others."""
    found = elsewhere(backends) if backends else None
    if found is None:
        return {}
    words = command(project, found)
    if found.where.image:
        return {"python": words, "contained": True}
    return {"python": ["env", "-u", "PYTHONHOME", f"PYTHONPATH={CODE}", *words]}


def command(project: Project, found: BackendInfo) -> list[str]:
    """The words that start a Python where a back end runs, each handed on as it is."""
    where = found.where
    if not where.image:
        return [str(interpreter(project, where.environment))]
    values = {"image": where.image, "project": str(project.root), "store": os.path.abspath(project.store), "code": str(CODE)}
    values["user"] = f"{os.getuid()}:{os.getgid()}"
    words = [_filled(word, values) for word in where.command or _standard(where, found.needs_gpu)]
    return [w for i, w in enumerate(words) if w not in words[:i] or not w.startswith(("--volume=", "--bind="))]


def _standard(where: Where, gpu: bool) -> list[str]:
    program = next((name for name in PROGRAMS if shutil.which(name)), "docker")
    before, with_gpu, rest = PROGRAMS[program]
    return [*before.split(), *([with_gpu] if gpu else []), *rest.split()]


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def _place(project: Project, found: BackendInfo) -> dict[str, Any]:
    where = found.where
    named = {"image": where.image} if where.image else {"environment": where.environment}
    return {**named, "command": command(project, found), "process": where.process}
