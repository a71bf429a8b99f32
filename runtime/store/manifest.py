"""What artifacts say about themselves and where they came from."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a published artifact."""
    return json.loads((folder / MANIFEST).read_text())


def parent_of(folder: Path, port: str) -> Path | None:
    """The first artifact that `folder` was made from at `port`, if it is still in the store."""
    parents = read_manifest(folder).get("parents", {}).get(port, [])
    found = folder.parent.parent / parents[0] if parents else None
    return found if found is not None and (found / MANIFEST).is_file() else None


def lineage(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """Manifests of these artifacts and all that they were made from, each once, by stage and fingerprint.

    An ancestor that is no longer in the store is left out.
    """
    waiting, seen = list(folders), {}
    while waiting:
        folder = waiting.pop()
        key = (folder.parent.name, folder.name)
        if key in seen or not (folder / MANIFEST).is_file():
            continue
        seen[key] = read_manifest(folder)
        store = folder.parent.parent
        waiting += [store / parent for parents in seen[key].get("parents", {}).values() for parent in parents]
    return [seen[key] for key in sorted(seen)]
