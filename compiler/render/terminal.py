"""A terminal, or something else: whether output may be coloured, and a progress bar."""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import IO


def wants_colour(stream: IO[str] | None = None, choice: str = "auto") -> bool:
    """Whether a stream (by default standard error) is coloured.

    A flag wins; then NO_COLOR, FORCE_COLOR (no-color.org, force-color.org: any text but the empty one), and whether
    the stream is a terminal.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stderr).isatty() and os.environ.get("TERM") != "dumb"


def steps[T](items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items one by one, with a bar of how many of `total` are done: on a terminal only, and it leaves nothing behind."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(items, what, total=total, console=console, transient=True, disable=not console.is_terminal)
