"""Write `schema/*.schema.json` from the models."""

import argparse
import os
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """`simkiln schema` takes none."""


def run(args: argparse.Namespace) -> int:
    """Write the files and print their names."""
    from compiler.schema import write_schemas

    for path in write_schemas(Path.cwd() / "schema"):
        print(os.path.relpath(path))
    return 0
