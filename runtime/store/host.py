"""This host's name, and which of its processes run: how a builder's leftovers are told from its work."""

import os
import platform
import re
from contextlib import suppress
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def host() -> str:
    """The host's name, fit for a part of a file name between `-`."""
    return re.sub(r"[^A-Za-z0-9.]", "_", platform.node())[:60] or "host"


def boot() -> str:
    """What this start of the machine is called; empty where the system does not say."""
    with suppress(OSError):
        return BOOT_ID.read_text().strip()
    return ""


def alive(pid: str) -> bool:
    """Whether a process of this host runs; when in doubt, yes."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    return True
