"""A language server for specs, over standard input and output (needs the extra `lsp`)."""

import argparse
import importlib.util
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """Editors pass `--stdio`, which is the only way there is."""
    parser.add_argument("--stdio", action="store_true", help="the default, and the only way")


def run(args: argparse.Namespace) -> int:
    """Serve until the client ends; 2 where the extra is not installed."""
    del args
    if importlib.util.find_spec("pygls") is None:
        sys.stderr.write("simkiln: the language server needs the extra `lsp`: pip install 'simkiln[lsp]'\n")
        return 2
    from compiler.editor.features import serve

    serve()
    return 0
