"""Copy a location's twins out of the store: MJCF that MuJoCo opens, and with `--usd` a scene for Isaac Lab."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compiler.graph.node import Node
    from compiler.project.project import Project

ENVIRONMENT = "usd"
"""The environment that has mujoco-usd-converter: `.envs/usd`, or as simkiln.local.yaml says."""
INSTALL = "`python -m venv .envs/usd && .envs/usd/bin/pip install mujoco-usd-converter==0.8.0` (Python 3.10 to 3.12)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln export`."""
    common.completed(parser.add_argument("location", help="id of the location"), "locations")
    study = parser.add_argument("--study", help="as this study builds it (default: the first in which a twin is built)")
    common.completed(study, "studies")
    parser.add_argument("--usd", action="store_true", help=f"write twin.usdc too, by the environment `{ENVIRONMENT}`")
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the twins are written, 1 when none is built yet or USD cannot be written."""
    import shutil

    from compiler.diagnostics.diagnostic import did_you_mean
    from runtime.store.store import Store

    project = common.project(args)
    if args.location not in project.locations:
        raise ValueError(f"no location `{args.location}`; {did_you_mean(args.location, list(project.locations), 'locations', 6)}")
    store, asked = Store(project.store), None
    for study, twins in _candidates(project, args.location, args.study):
        asked = asked or study
        built = [(node, store.path(*node.address)) for node in twins if store.has(*node.address)]
        for node, artifact in built:
            target = project.root / "build" / "export" / args.location / str(node.scope.task)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(artifact, target, copy_function=shutil.copyfile)
            print(f"{os.path.relpath(target)}/scene.xml  opens by `python -m mujoco.viewer --mjcf=FILE`")
            if args.usd and not _usd(project, target):
                return 1
        if built:
            return 0
    help_ = f"run `simkiln run {asked}`" if asked else "no study plans it"
    sys.stderr.write(f"no twin of `{args.location}` is built: {help_}\n")
    return 1


def _usd(project: "Project", target: "Path") -> bool:
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


def _candidates(project: "Project", location: str, study: str | None) -> "Iterator[tuple[str, list[Node]]]":
    """Study and its twins of a location.

    Raises:
        SpecsRefused: when the study that was named has an error.
    """
    from compiler.plan.study import SpecsRefused, plan_study
    from runtime.view.place import TWIN

    for name in [study] if study else sorted(project.ids("study"), key=lambda name: name != "study"):
        try:
            graph = plan_study(project, name).graph
        except SpecsRefused:
            if study:
                raise
            continue
        yield name, [n for n in graph.nodes.values() if n.stage.kind == TWIN and n.scope.location == location]
