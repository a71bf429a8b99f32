"""Which sets of trials were imported, and what their manifests say. Standard library only."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from runtime.files import entries, read_file

FORMAT = 1
FOLDER = "trials"
MANIFEST = "manifest.json"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
LISTS = ("approaches", "locations", "tasks", "domains", "seeds", "files")
LARGEST = 4 * 2**20
"""Bytes of a manifest."""
LARGEST_SET = 2**30
"""Bytes of a set's trials."""


def set_names(root: Path) -> list[str]:
    """Names of the imported sets of the project in `root`, sorted."""
    with suppress(OSError):
        return sorted(e.name for e in entries(root / FOLDER) if NAME.fullmatch(e.name) and os.path.isfile(f"{e.path}/{MANIFEST}"))
    return []


def manifests(root: Path) -> list[str]:
    """The manifests of the imported sets, by path below `root`."""
    return [f"{FOLDER}/{name}/{MANIFEST}" for name in set_names(root)]


def read_manifest(root: Path, name: str) -> dict[str, Any]:
    """What a set was read from, and what it holds.

    Raises:
        ValueError: when it is not a manifest of ours.
        OSError: when it cannot be read, or is too large.
    """
    try:
        found = json.loads(read_file(root / FOLDER / name / MANIFEST, LARGEST))
    except RecursionError as error:
        raise ValueError("its manifest is nested too deeply") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError("its manifest is of another format")
    lacking = [key for key in LISTS if not isinstance(found.get(key), list)]
    if lacking or not re.fullmatch(r"[0-9a-f]{64}", str(found.get("sha256"))):
        raise ValueError(f"its manifest lacks `{(lacking or ['sha256'])[0]}`")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(found.get("imported", "2000-01-01"))):
        raise ValueError("its manifest's `imported` is not a day")
    return found
