"""List back ends: role, name, version, licence, needs, where they run, and whether they are installed here."""

import argparse
import json
import sys
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln backends`."""
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """0 when every description can be read; of the others, what is wrong. Nothing of a back end is imported."""
    from compiler.project.backends import absence
    from compiler.project.load import read_local
    from compiler.project.project import Project
    from compiler.render.columns import columns, visible
    from compiler.verbs.common import show
    from runtime.backend import available, how_to_install, info
    from runtime.problem import InputError

    project = Project(Path.cwd(), other_environments=Path.cwd() / ".envs")
    read_local(project)
    if project.diagnostics:
        return show(project, project.diagnostics)
    rows, facts, broken = [("role", "name", "version", "licence", "needs", "where", "installed")], [], []
    for role, name in [(role, name) for role, names in available().items() for name in names]:
        try:
            found = info(role, name)
        except InputError as error:
            broken += error.problems
            continue
        missing = absence(project, found)
        needs = ", ".join([*["GPU"] * found.needs_gpu, *found.packages]) or "-"
        state = f"no, {missing}: {how_to_install(found)}" if missing else "yes"
        licence = f"{found.licence} (surrogate)" if found.surrogate else found.licence
        rows.append((role, name, found.version, licence, needs, str(found.where), state))
        facts.append(
            {key: getattr(found, key) for key in "role name version licence needs_gpu surrogate packages install".split()}
            | {"where": str(found.where), "installed": not missing, "missing": missing}
        )
    print(json.dumps(facts, indent=1) if args.json else "\n".join(columns(rows)))
    for problem in broken:
        sys.stderr.write(visible(f"error[{problem.code}]: {problem.message}") + "\n")
        sys.stderr.write(visible(f"   = help: {problem.help}") + "\n")
    return 1 if broken else 0
