"""Check every spec of the project."""

import argparse

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln check`."""
    from compiler.render import RENDERERS

    common.root_argument(parser)
    parser.add_argument("--format", choices=sorted(RENDERERS), default="text")
    parser.add_argument("--study", help="only what this study uses")
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when there is no error; warnings are shown."""
    from compiler.check import check

    project = common.project(args)
    return common.show(project, check(project, args.study), args.format, args.color)
