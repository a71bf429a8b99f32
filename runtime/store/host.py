"""This host's name, and which of its processes run: how a builder's leftovers are told from its work."""

import os
import platform
import re


def host() -> str:
    """The host's name, fit for a part of a file name between `-`."""
    return re.sub(r"[^A-Za-z0-9.]", "_", platform.node())[:60] or "host"


def alive(pid: str) -> bool:
    """Whether a process of this host runs; when in doubt, yes."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    return True
