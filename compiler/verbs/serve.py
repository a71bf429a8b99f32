"""Show studies, reports, plans and a run as it goes in a browser, on this machine only."""

import argparse
import sys
from pathlib import Path

from compiler.verbs import common

PORT = 8765


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln serve`."""
    parser.add_argument("--port", type=int, default=PORT, help=f"0 takes a free one (default: {PORT})")
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 once somebody stops it with Ctrl-C."""
    from compiler.project.roots import parse_roots
    from compiler.run.serve import LOOPBACK, Site, server

    with server(Site(Path.cwd(), parse_roots(args.root)), args.port) as serving:
        print(f"http://{LOOPBACK}:{serving.server_address[1]}/  (Ctrl-C ends it; nothing can be changed there)", flush=True)
        try:
            serving.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            sys.stderr.write("\nstopped\n")
    return 0
