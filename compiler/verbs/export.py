"""Copy an artifact out of the store, for other programs: twin, demos, policy, tables; with its lineage and licences.

A location means its twins. Twins are MJCF that MuJoCo opens (with `--usd` a scene for Isaac Lab too, with `--isaaclab` a task
of it), and an environment of `lerobot-eval --env.type=simkiln`; demos a LeRobotDataset (with `--hdf5` a file for robomimic,
MimicGen and Isaac Lab Mimic too, with `--for SYSTEM` what that simulator or trainer of others takes); policies a LeRobot
checkpoint; tables of trials come as CSV too.
"""

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.graph.node import Node
    from compiler.plan.plan import Plan
    from compiler.project.project import Project

ENVIRONMENT = "usd"
"""The environment that has mujoco-usd-converter: `.envs/usd`, or as simkiln.local.yaml says."""
INSTALL = "`python -m venv .envs/usd && .envs/usd/bin/pip install mujoco-usd-converter==0.8.0` (Python 3.10 to 3.12)"
FORMS = {
    "demos": ("dataset", "A LeRobotDataset v3: `lerobot-train --dataset.repo_id=simkiln/demos --dataset.root=DIR`."),
    "policy": ("checkpoint", "A LeRobot checkpoint: `lerobot-eval --policy.path=DIR`, `lerobot-rollout --policy.path=DIR`."),
    "twin": (".", "MJCF: `python -m mujoco.viewer --mjcf=DIR/scene.xml`; `lerobot-eval --env.type=simkiln --env.path=DIR`."),
}
"""Type of an artifact -> the folder of it that is exported, and what other programs do with it."""
SOURCE = "SOURCE.md"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln export`."""
    common.completed(parser.add_argument("what", help="id of a location, or a node: STAGE/SCOPE, or a fingerprint"), "locations")
    study = parser.add_argument("--study", help="as this study builds it (default: the first that has it built)")
    common.completed(study, "studies")
    parser.add_argument("--to", metavar="DIR", help="a folder that is not there yet, or empty (default: below build/export)")
    parser.add_argument(
        "--units",
        choices=("radians", "degrees", "percent"),
        default="radians",
        help="of a policy: how it counts joints (default: radians, as demos do; LeRobot's drivers count in degrees)",
    )
    parser.add_argument("--usd", action="store_true", help=f"of a twin: write twin.usdc too, by the environment `{ENVIRONMENT}`")
    parser.add_argument(
        "--isaaclab", action="store_true", help="of a twin: write isaaclab/ too, a manager-based task that trains there"
    )
    parser.add_argument(
        "--hdf5", action="store_true", help="of demos: write demos.hdf5 too, where the twin of theirs is in the store"
    )
    parser.add_argument(
        "--for", dest="system", metavar="SYSTEM", help=f"of demos: write what it takes, too: {', '.join(systems())}"
    )
    parser.add_argument(
        "--research", action="store_true", help="say that the use is research, which systems for research alone want"
    )
    common.root_argument(parser)


def systems() -> dict[str, str]:
    """Name of each system of others -> its role."""
    from runtime.backend import SYSTEMS, available

    return {name: role for role in SYSTEMS for name in available().get(role, [])}


def run(args: argparse.Namespace) -> int:
    """0 when all is written, 1 when it is not built yet or USD cannot be written."""
    from runtime.store.store import Store

    if args.system:
        allow(args.system, args.research)
    project = common.project(args)
    store, asked = Store(project.store), None
    for plan, nodes in _candidates(project, args.what, args.study):
        asked = asked or plan.graph.study
        if built := [node for node in nodes if store.has(*node.address)]:
            if args.to and len(built) > 1:
                raise ValueError(
                    f"`{args.what}` means {len(built)} artifacts: name one ({', '.join(n.label for n in built[:4])})"
                )
            return max(_export(project, plan, node, args) for node in built)
    help_ = f"run `simkiln run {asked}`" if asked else "no study plans it"
    what = f"twin of `{args.what}`" if args.what in project.locations else f"artifact `{args.what}`"
    sys.stderr.write(f"no {what} is built: {help_}\n")
    return 1


def _export(project: "Project", plan: "Plan", node: "Node", args: argparse.Namespace) -> int:
    import shutil

    from compiler.why.artifact import of_node
    from compiler.why.source import source_text

    artifact = project.store.joinpath(*node.address)
    inside, use = FORMS.get(node.stage.kind, (".", "The files of the artifact, as they are in the store."))
    target = Path(args.to) if args.to else project.root / "build" / "export" / node.label
    if args.what in project.locations and not args.to:
        target = project.root / "build" / "export" / args.what / str(node.scope.task)
    if args.to and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(f"`{args.to}` is there, and not an empty folder: nothing is written over what somebody may need")
    if not args.to:
        shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(artifact / inside, target, copy_function=shutil.copyfile, dirs_exist_ok=True)
    if node.stage.kind == "policy":
        for name in ("policy.json", "crossing.json"):
            if (artifact / name).is_file():
                shutil.copyfile(artifact / name, target / name)
        if args.units != "radians":
            use += f" It counts joints as LeRobot's drivers do: {args.units}, the gripper from 0 to 100."
            _in_units(project, plan, node, target, args.units)
    for table in sorted(target.glob("*.parquet")):
        from pyarrow import csv, parquet

        csv.write_csv(parquet.read_table(table), table.with_suffix(".csv"))
    if args.hdf5:
        _hdf5(project, node, target)
    if args.system:
        _system(project, plan, node, target, args.system)
    if args.isaaclab:
        _isaaclab(project, artifact, target / "isaaclab")
    if node.stage.kind == "twin":
        _with_conditions(project, plan, node, target)
    shown = shlex.quote(os.path.relpath(target))
    (target / SOURCE).write_text(source_text(project, node, of_node(project, plan, node), use.replace("DIR", shown)), "utf-8")
    print(f"{os.path.relpath(target)}/  {use.replace('DIR', shown)}")
    return 0 if not args.usd or _usd(project, target) else 1


def allow(system: str, research: bool) -> None:
    """Refuse a system that is not there, or is for research alone where nobody said that this is.

    Raises:
        ValueError: with what else does.
    """
    from compiler.laws.backends import forbids_sale
    from runtime.backend import info

    known = systems()
    if system not in known:
        raise ValueError(f"`{system}` is no system that is known here: {', '.join(known)}")
    licence = info(known[system], system).licence
    if forbids_sale(licence) and not research:
        others = [n for n, role in known.items() if role == known[system] and not forbids_sale(info(role, n).licence)]
        instead = f", or take `{others[0]}`" if others else ""
        raise ValueError(f"`{system}` has licence `{licence}`, for research alone: say `--research` where this is{instead}")


def _system(project: "Project", plan: "Plan", node: "Node", target: Path, system: str) -> None:
    """Write what a system of others takes, below the exported demos.

    Raises:
        ValueError: when the artifact is no demos, what they were made from is not in the store, or the study is for sale and the
            system is not. InputError: as the system's `write`.
    """
    from compiler.laws.backends import forbids_sale
    from runtime.backend import info, load
    from runtime.export.systems.scene import Scene

    role = systems()[system]
    if project.studies[plan.graph.study].use == "commercial" and forbids_sale(info(role, system).licence):
        raise ValueError(f"study `{plan.graph.study}` is for commercial use, which the licence of `{system}` forbids")
    demos, found = project.store.joinpath(*node.address), dict[str, Path]()
    waiting = list(node.parents())
    while waiting:
        parent = waiting.pop(0)
        folder = project.store.joinpath(*parent.address)
        if parent.stage.kind in ("twin", "splat") and folder.is_dir():
            found.setdefault(parent.stage.kind, folder)
        waiting += parent.parents()
    brought = "episodes.npz" if role == "simulator" else "attempts.npz"
    if not any((demos / name).is_file() for name in ("episodes.npz", brought)) or set(found) != {"twin", "splat"}:
        raise ValueError(f"`--for {system}` is for demos of a twin, where twin and splat are in the store")
    package = target / system
    package.mkdir()
    words = load(role, system)().write(Scene(found["twin"], found["splat"] / "splat.ply", demos), package)
    shown = shlex.quote(os.path.relpath(package))
    print(f"{os.path.relpath(package)}/  {system} (docs/systems/{system}.md): {words.replace('DIR', shown)}")


def _isaaclab(project: "Project", twin: Path, package: Path) -> None:
    """Write a twin as a task of Isaac Lab, its USD too where that is installed.

    Raises:
        ValueError: when the artifact is no twin. InputError: R391 when it cannot go there; R392 when its USD is not written.
    """
    from compiler.project.backends import interpreter
    from runtime.trainers.isaaclab import IsaacLab
    from runtime.trainers.package import Asked, command, write_package

    if not (twin / "scene.xml").is_file():
        raise ValueError("`--isaaclab` is for twins")
    asked = Asked(environments=4096, iterations=300)
    write_package(twin, package, asked)
    python = interpreter(project, "isaaclab")
    if python.is_file():
        IsaacLab([str(python)]).convert(package)
    else:
        sys.stderr.write(
            f"no environment `isaaclab` (`{python}`): `simkiln backends install isaaclab`, then export again for its USD\n"
        )
    words = shlex.join(command(["python"], asked))
    print(f"{os.path.relpath(package)}/  Isaac Lab: PYTHONPATH={shlex.quote(os.path.relpath(package))} {words}")


def _with_conditions(project: "Project", plan: "Plan", twin: "Node", target: Path) -> None:
    """What the study's trials in the twin begin from, where that is built."""
    import shutil

    for node in plan.graph.nodes.values():
        if node.stage.role == "trials" and node.scope.domain == "twin" and twin in node.inputs.get("twin", ()):
            file = project.store.joinpath(*node.inputs["conditions"][0].address) / "conditions.json"
            if file.is_file():
                shutil.copyfile(file, target / file.name)
                return


def _hdf5(project: "Project", node: "Node", target: Path) -> None:
    """Write `demos.hdf5` beside the dataset.

    Raises:
        ValueError: when the artifact is no demos of a twin, or the twin is not in the store.
    """
    from runtime.export.hdf5 import write_hdf5

    demos = project.store.joinpath(*node.address)
    twins = [project.store.joinpath(*parent.address) for parent in node.inputs.get("twin", ())]
    if not (demos / "episodes.npz").is_file() or not twins or not twins[0].is_dir():
        raise ValueError("`--hdf5` is for demos of a twin that is in the store")
    write_hdf5(target / "demos.hdf5", demos, twins[0])
    print(f"{os.path.relpath(target / 'demos.hdf5')}  for robomimic, MimicGen and Isaac Lab Mimic")


def _in_units(project: "Project", plan: "Plan", node: "Node", checkpoint: Path, units: str) -> None:
    """Make an exported policy count joints otherwise; the robot is that of a twin that it was made from, or the study's.

    Raises:
        ValueError: when people brought it, or nothing of its lineage that knows the robot is in the store.
    """
    from compiler.project.layers import BROUGHT
    from runtime.export.policy import in_units
    from runtime.sim.parts.robot_file import read_robot
    from runtime.sim.parts.so101 import SO101
    from runtime.sim.twin.twin import read_twin

    brought = BROUGHT in node.stage.bound.values()
    robot = SO101 if project.studies[plan.graph.study].robot is None and not brought else None
    waiting = list(node.parents())
    while waiting and not brought:
        parent = waiting.pop(0)
        folder = project.store.joinpath(*parent.address)
        if parent.stage.kind in ("twin", "robot") and folder.is_dir():
            robot = read_twin(folder).robot if parent.stage.kind == "twin" else read_robot(folder)
            break
        waiting += parent.parents()
    if robot is None:
        raise ValueError(f"`--units {units}` is for policies that were made here, from a twin or robot that is in the store")
    in_units(checkpoint, robot, units)  # ty: ignore[invalid-argument-type]


def _usd(project: "Project", target: Path) -> bool:
    """Write `twin.usdc` by the environment's Python; say what is missing where that does not do."""
    import subprocess

    from compiler.project.backends import CODE, interpreter

    python = interpreter(project, ENVIRONMENT)
    if not python.is_file():
        sys.stderr.write(f"no environment `{ENVIRONMENT}` (`{python}`): {INSTALL}\n")
        return False
    script = CODE / "runtime" / "export" / "usd.py"
    file = target / "twin.usdc"
    done = subprocess.run([str(python), str(script), str(target), str(file)], capture_output=True, text=True, check=False)
    if done.returncode or not file.is_file():
        last = done.stderr.strip().splitlines()[-1:] or ["it wrote nothing"]
        sys.stderr.write(f"USD was not written: {last[0][:300]}; the environment is made by {INSTALL}\n")
        return False
    print(f"{os.path.relpath(file)}  for Isaac Lab and other programs that read USD")
    return True


def _candidates(project: "Project", what: str, study: str | None) -> "Iterator[tuple[Plan, list[Node]]]":
    """Plans of studies and what the words mean in them: a location's twins, or nodes.

    Raises:
        ValueError: when they mean nothing anywhere. SpecsRefused: when the study that was named has an error.
    """
    from compiler.diagnostics.diagnostic import did_you_mean
    from compiler.plan.study import SpecsRefused, plan_study
    from runtime.view.place import TWIN

    known = what in project.locations
    labels: list[str] = []
    for name in [study] if study else sorted(project.ids("study"), key=lambda name: name != "study"):
        try:
            plan = plan_study(project, name)
        except SpecsRefused:
            if study:
                raise
            continue
        nodes = list(plan.graph.nodes.values())
        found = [n for n in nodes if n.stage.kind == TWIN and n.scope.location == what] if known else plan.graph.find(what)
        labels += [n.label for n in nodes]
        if found or known:
            known = True
            yield plan, found
    if not known:
        raise ValueError(f"no location and no node `{what}`; {did_you_mean(what, [*project.locations, *labels], 'them', 6)}")
