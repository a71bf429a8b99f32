"""Has a stage's code changed? A digest of its file and of all of `runtime` that it imports, without comments.

`versions.json` records, per stage, the version and the digest that goes with it. A test fails when they part: either
the results changed (bump `version` in the stage's file) or they did not (say why). Both are recorded by

    python -m runtime.build.code_digest STAGE "why"
"""

import ast
import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import TypedDict

from runtime.stage import load_stages

PACKAGE = Path(__file__).resolve().parents[1]
RECORD = PACKAGE / "stages" / "versions.json"
KINDS = "runtime.sim.tasks"
SEAM = {"runtime.stage", "runtime.out", "runtime.problem", "runtime.contract", "runtime.store.store", "runtime.job"}


def code_digest(stage: str) -> str:
    """SHA-256 over the syntax trees that the stage's results depend on; docstrings and comments do not count."""
    seen: set[str] = set()
    waiting = [f"runtime.stages.{stage}"]
    while waiting:
        module = waiting.pop()
        if module not in seen and module not in SEAM and _file(module) is not None:
            seen.add(module)
            waiting += _imports(module)
    text = "".join(f"{module}\n{_tree(module)}\n" for module in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()


class Recorded(TypedDict):
    """What goes with a version of a stage: its digest, and the reason given when that was recorded."""

    version: int
    digest: str
    reason: str


def recorded() -> dict[str, Recorded]:
    """The record by stage."""
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def record(stage: str, reason: str) -> None:
    """Write down that this version of the stage goes with this digest."""
    version = load_stages()[stage].version
    entries = recorded() | {stage: Recorded(version=version, digest=code_digest(stage), reason=reason)}
    RECORD.write_text(json.dumps(dict(sorted(entries.items())), indent=1) + "\n")


def _file(module: str) -> Path | None:
    base = PACKAGE.parent / Path(*module.split("."))
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


@cache
def _parsed(module: str) -> ast.Module:
    path = _file(module)
    assert path is not None
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]  # ty: ignore[missing-attribute]
    return tree


@cache
def _tree(module: str) -> str:
    return ast.dump(_parsed(module))


def _imports(module: str) -> list[str]:
    found = []
    for node in ast.walk(_parsed(module)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    if module == KINDS:  # these are found, not imported
        found += [f"{KINDS}.{p.parent.name}.{p.stem}" for p in PACKAGE.joinpath("sim", "tasks").glob("*/[a-z]*.py")]
    return [name for name in found if name.startswith("runtime.")]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    record(sys.argv[1], sys.argv[2])
