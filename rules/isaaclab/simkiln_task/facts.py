"""What `task.json` says, read once."""

import json
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
FACTS: dict[str, Any] = json.loads((PACKAGE / "task.json").read_text())
