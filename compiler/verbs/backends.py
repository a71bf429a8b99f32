"""List back ends: role, name, version, licence, needs, where they run, and whether they are installed here.

`simkiln backends install NAME` runs the command that the description of a back end names, such as one that makes an environment.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.project.project import Project
    from runtime.backend import BackendInfo


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln backends`."""
    parser.add_argument(
        "install", nargs="*", metavar="install NAME", help="install a back end (or ROLE/NAME), then say whether it is there"
    )
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
    if args.install:
        return _install(project, args.install)
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


def _install(project: "Project", words: list[str]) -> int:
    """Run the install command of one back end; 0 when it is there afterwards."""
    from compiler.diagnostics.diagnostic import did_you_mean
    from compiler.project.backends import absence
    from compiler.project.install import commands, run_all
    from runtime.backend import available, info

    pairs = [(role, name) for role, names in available().items() for name in names]
    found = [pair for pair in pairs if words[1:] in ([pair[1]], ["/".join(pair)])]
    if words[0] != "install" or len(words) != 2 or not found:
        known = sorted({name for _, name in pairs})
        wrong = words[1] if words[0] == "install" and len(words) > 1 else ""
        raise ValueError(f"`simkiln backends install NAME` installs one; {did_you_mean(wrong, known, 'names', 6)}")
    if len(found) > 1:
        raise ValueError(f"`{words[1]}` has several roles: name one as {' or '.join('/'.join(pair) for pair in found)}")
    one: BackendInfo = info(*found[0])
    if not absence(project, one):
        print(f"{one.role}/{one.name} is there")
        return 0
    print(f"runs: {one.install}")
    if not one.install or not run_all(commands(one.install, project.root)):
        sys.stderr.write(f"{one.role}/{one.name} was not installed\n")
        return 1
    missing = absence(project, one)
    print(f"{one.role}/{one.name} {f'is not there: {missing}' if missing else 'is there'}")
    return int(bool(missing))
