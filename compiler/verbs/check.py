"""Check every spec of the project."""

import argparse

from compiler.verbs import common

FORMATS = ("github", "json", "sarif", "text")
"""Names of the renderers, so that starting need not import them; a test holds the two equal."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln check`."""
    common.root_argument(parser)
    parser.add_argument("--format", choices=FORMATS, default="text")
    common.completed(parser.add_argument("--study", help="only what this study uses"), "studies")
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when there is no error; warnings are shown."""
    from compiler.check import check

    project = common.project(args)
    return common.show(project, check(project, args.study), args.format, args.color)
