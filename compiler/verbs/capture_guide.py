"""Say how to photograph a place so that its twin is good; print markers that give its scale."""

import argparse
import sys
from pathlib import Path

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln capture-guide`."""
    parser.add_argument("--markers", metavar="FILE", type=Path, help="write markers to print instead: FILE.pdf or FILE.svg")
    parser.add_argument("--size-mm", type=float, default=80.0, metavar="MM", help="side of a marker's black square (default: 80)")
    parser.add_argument("--count", type=int, default=6, help="how many markers, at most 24 (default: 6)")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4", help="default: a4")
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print `docs/capture-guide.md`, or write the sheet; 2 when it cannot be made so."""
    if args.markers is None:
        from compiler.diagnostics.pages import guide

        common.show_markdown(guide("capture-guide"), args.color)
        return 0
    from compiler.render.marker_sheet import as_pdf, as_svg, sheets

    form = args.markers.suffix.lower()
    try:
        pages = sheets(args.size_mm, args.count, args.paper)
        if form not in (".pdf", ".svg"):
            raise ValueError(f"`{args.markers.name}` is neither .pdf nor .svg")
        if form == ".svg" and len(pages) > 1:
            raise ValueError(f"an SVG has one page, and these markers need {len(pages)}: write a PDF, or fewer")
        args.markers.write_bytes(as_pdf(pages) if form == ".pdf" else as_svg(pages[0]).encode())
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"cannot write `{args.markers}`: {(error.strerror or 'unknown reason').lower()}\n")
        return 1
    print(f"{args.markers}: {args.count} markers on {len(pages)} page{'s' * (len(pages) > 1)}.")
    print("Print at 100 %, measure a black square, lay the markers flat where the photos show them, and state:")
    print(f"  scale: {{kind: markers, dictionary: apriltag_36h11, size_m: {args.size_mm / 1000:g}, flat: true}}")
    return 0
