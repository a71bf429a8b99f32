"""Loaded by every Python whose path begins with this folder: notes which modules and files of ours it used, at its end."""

import atexit
import json
import os
import sys
from pathlib import Path

CODE = Path(__file__).resolve().parents[3]
opened: set[str] = set()


def _note(event: str, arguments: tuple) -> None:
    if event == "open" and isinstance(arguments[0], str | os.PathLike):
        opened.add(os.path.abspath(arguments[0]))


def _say() -> None:
    ours = [path for path in map(Path, opened) if path.is_relative_to(CODE / "runtime") or path.is_relative_to(CODE / "rules")]
    data = sorted(str(path.relative_to(CODE)) for path in ours if path.suffix != ".py" and "__pycache__" not in path.parts)
    modules = sorted(name for name in sys.modules if name.startswith("runtime."))
    text = json.dumps({"words": sys.argv, "modules": modules, "data": data})
    Path(os.environ["SIMKILN_TRACE"], f"{os.getpid()}.json").write_text(text)


if "SIMKILN_TRACE" in os.environ:
    sys.addaudithook(_note)
    atexit.register(_say)
