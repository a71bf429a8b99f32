"""What a parent artifact says about itself."""

import json
from pathlib import Path
from typing import Any


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a published artifact."""
    return json.loads((folder / "manifest.json").read_text())
