"""What a study needs of this machine, held against what is there: nothing is built, imported or downloaded for it."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from compiler.graph.node import Node
from compiler.plan.overview import Overview
from compiler.plan.summary import amounts, over, size
from compiler.project.backends import interpreter
from compiler.project.layers import BROUGHT, approach_policy
from compiler.project.project import Project
from compiler.spec.study import Study
from runtime.backend import OF_WEIGHTS, info
from runtime.bound.footage import SECTIONS
from runtime.foresight.process import digest_of
from runtime.libraries import installed, rounded

GB = 1e9


class Line(NamedTuple):
    """One thing that was looked at: `missing` would stop the study, `unsure` is for people to decide."""

    what: str
    state: Literal["ok", "missing", "unsure"]
    said: str


def folders(project: Project, study: Study) -> Iterator[Line]:
    """The roots that the study names, and where they are."""
    found: dict[str, str] = {study.robot.root: "robot"} if study.robot else {}
    specs = [project.locations.get(x) for x in study.locations] + [project.tasks.get(x) for x in study.tasks]
    for spec in specs:
        named = [getattr(spec, part, None) for part in ("source", "data", *SECTIONS)] + list(getattr(spec, "assets", {}).values())
        found |= {root: "files" for one in named if (root := getattr(one, "root", None))}
    brought = (approach_policy(project, name) for name in study.approaches)
    found |= {one[1].root: "policy" for one in brought if one}
    for root in sorted(found):
        folder = project.root_folder(root)
        help = f"set it with `--root {root}=DIR`, or under `roots:` in simkiln.local.yaml"
        yield Line(f"root {root}", "missing", help) if folder is None else Line(f"root {root}", "ok", str(folder))


def machine(project: Project, study: Study, found: Overview) -> Iterator[Line]:
    """Digests of what is read, licences, libraries, GPUs, memory, disk and time."""
    yield from _digests(found)
    yield from _licences(project, study, found)
    build = list(found.plan.build())
    yield from _libraries(found)
    used = {(role, one["name"]) for node in build for role, one in node.backends.items()}
    gpus = max([node.setting.resources.gpu for node in build] + [int(info(*one).needs_gpu) for one in used], default=0)
    yield from _weights(project, build)
    there = _gpus()
    said = f"{gpus} needed by a job, {there} here"
    yield Line("GPUs", "ok" if there >= gpus else "missing", said if gpus else f"none needed, {there} here")
    memory, free = max((node.setting.resources.mem_gb for node in build), default=0.0), _memory()
    state = "unsure" if free is None else "ok" if free >= memory * GB else "missing"
    here = "what is free here is not known" if free is None else f"{size(free, rough=True)} free here"
    yield Line("memory", state, f"{memory:g} GB for the largest job, {here}")
    disk, free = found.estimate.disk_gb.value * GB, shutil.disk_usage(_existing(project.store)).free
    least = "at least " if found.estimate.disk_known < 1 else ""
    needed = f"{least}{size(disk, rough=True)} needed" if disk or not least else "how much is needed was not measured yet"
    yield Line("disk", "ok" if free > disk else "missing", f"{needed}, {size(free, rough=True)} free")
    if lacking := short(project, study):
        yield Line("machine", "unsure", f"the study is meant for more: {', '.join(lacking)}")
    passed = over(found.estimate, study.budget)
    yield Line(
        "time", "missing" if passed else "ok", "; ".join(passed) or (", ".join(amounts(found.estimate)) if build else "none")
    )


def short(project: Project, study: Study) -> list[str]:
    """What the study's `machine` asks for and this one has less of, such as `2 of 16 CPU cores`."""
    asked = study.machine
    if asked is None:
        return []
    total = _memory("MemTotal:")
    have = {
        "CPU cores": (asked.cpu_cores, len(os.sched_getaffinity(0))),
        "GPUs": (asked.gpus, _gpus()),
        "GB of memory": (asked.memory_gb, None if total is None else total / GB),
        "GB of free disk": (asked.disk_gb, shutil.disk_usage(_existing(project.store)).free / GB),
    }
    known = {what: (wanted, there) for what, (wanted, there) in have.items() if wanted is not None and there is not None}
    return [f"{there:.4g} of {wanted:g} {what}" for what, (wanted, there) in known.items() if there < wanted]


def _digests(found: Overview) -> Iterator[Line]:
    told: set[str] = set()
    for node in found.plan.graph.nodes.values():
        robot = node.params.get("model") if node.stage.bound.get("model") == "robot" else None
        of_root = (BROUGHT, *(f"location.{name}" for name in SECTIONS))
        policy = next((node.params[name] for name, of in node.stage.bound.items() if of in of_root), None)
        digest = node.content or (robot or policy or {}).get("content")
        if digest and digest not in told:
            told.add(digest)
            yield Line(f"files of {node.label}", "ok", f"sha256 {digest[:16]}")


def _licences(project: Project, study: Study, plan: Overview) -> Iterator[Line]:
    stated: dict[str, str | None] = {}
    for name in study.locations:
        spec = project.locations.get(name)
        stated |= {f"asset {key}": asset.licence for key, asset in spec.assets.items()} if spec else {}
        stated |= {f"data of {name}": spec.data.licence} if spec and spec.data else {}
        stated |= {f"{said.kind} of {name}": said.terms for said in (spec.footage, spec.physion) if said} if spec else {}
    for name in study.tasks:
        task = project.tasks.get(name)
        stated |= {f"data of {name}": task.data.licence} if task and task.data else {}
    for found in filter(None, (approach_policy(project, name) for name in study.approaches)):
        row = project.approaches[found[0]].row
        stated[f"policy of {found[0]}"] = row.licence if row else None
    used = {(role, one["name"]): node for node in plan.plan.graph.nodes.values() for role, one in node.backends.items()}
    for (role, name), node in sorted(used.items(), key=lambda one: one[0]):
        licence = info(role, name).licence
        stated[f"back end {name}"] = node.params.get("weights_licence") if licence == OF_WEIGHTS else licence
    for what, licence in stated.items():
        said = f"{licence}, for {study.use} use" if licence else "states none: say `licence:`, and whether you may use it"
        yield Line(what, "ok" if licence else "unsure", said)


def _weights(project: Project, build: Sequence[Node]) -> Iterator[Line]:
    """Folders of weights that back ends want in their environments, and whether they are those that stages name."""
    told: set[tuple[str, str]] = set()
    for node in build:
        for role, one in node.backends.items():
            found = info(role, one["name"])
            key = found.name, str(node.params.get("weights", ""))
            if not found.weights or found.where.image or key in told:
                continue
            told.add(key)
            folder, what = interpreter(project, found.where.environment).parent.parent / found.weights, f"weights of {found.name}"
            if not folder.is_dir():
                yield Line(what, "missing", f"no folder {folder}")
                continue
            try:
                digest = digest_of(folder)
            except (OSError, ValueError) as error:
                yield Line(what, "missing", f"{folder} cannot be read: {error}")
                continue
            same = digest == key[1]
            yield Line(
                what, "ok" if same else "missing", f"sha256 {digest}" + ("" if same else ", which the stage does not name")
            )


def _libraries(found: Overview) -> Iterator[Line]:
    wanted: dict[str, str] = {}
    counted: dict[str, str] = {}
    for node in found.plan.build():
        wanted |= node.setting.identity.pins
        counted |= node.stage.libraries
    odd = []
    for name, pin in sorted(wanted.items()):
        precision = counted.get(name, "exact")
        have = installed(name)
        if have is None or rounded(have, precision) != rounded(pin, precision):  # ty: ignore[invalid-argument-type]
            odd.append(f"{name} is {have or 'not installed'}, {pin} is pinned")
    if wanted:
        yield Line(
            "libraries", "missing" if odd else "ok", f"{'; '.join(odd[:4])}: `uv sync`" if odd else f"{len(wanted)} as pinned"
        )


def _gpus() -> int:
    """GPUs that a job here could see; no driver is asked."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = sum(1 for path in Path("/dev").glob("nvidia[0-9]*"))
    return there if chosen is None else min(there, len([x for x in chosen.split(",") if x.strip() not in ("", "-1")]))


def _memory(what: str = "MemAvailable:") -> int | None:
    """Bytes that are free, or of another line of `/proc/meminfo`; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.absolute().parent)
