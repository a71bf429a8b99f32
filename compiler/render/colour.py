"""Whether output may be coloured."""

import os
import sys
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
