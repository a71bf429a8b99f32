"""What the shell completes: ids of studies, codes, names of nodes. Light: nothing is checked, at most one spec read."""

import argparse
import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def studies(**_: Any) -> list[str]:
    """Ids of the studies, by the names of their files."""
    found = {"study"} if Path("specs/study.yaml").is_file() else set[str]()
    with contextlib.suppress(OSError):
        found |= {Path(name).stem for name in os.listdir("specs/studies") if name.endswith((".yaml", ".yml"))}
    return sorted(name for name in found if _ID.fullmatch(name))


def locations(**_: Any) -> list[str]:
    """Ids of the locations, by the names of their files."""
    with contextlib.suppress(OSError):
        found = {Path(name).stem for name in os.listdir("specs/locations") if name.endswith((".yaml", ".yml"))}
        return sorted(name for name in found if _ID.fullmatch(name))
    return []


def codes(**_: Any) -> list[str]:
    """Every diagnostic's code."""
    from compiler.diagnostics.pages import titles

    return list(titles())


def nodes(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Names of nodes that begin with `prefix`, one part at a time: `policy/`, `policy/cellar/`."""
    from runtime.bound.axis import AXES
    from runtime.stage import load_stages

    stages = load_stages()
    *before, _last = prefix.split("/")
    if not before:
        return [f"{name}/" if stage.per != ("study",) else name for name, stage in sorted(stages.items())]
    stage = stages.get(before[0])
    if stage is None or len(before) > len(stage.per):
        return []
    axes = [axis for axis in AXES if axis in stage.per]
    values = _values(axes[len(before) - 1], str(getattr(parsed_args, "study", None) or "study"))
    end = "/" if len(before) < len(axes) else ""
    return ["/".join([*before, value]) + end for value in values]


def _values(axis: str, study: str) -> Iterator[str]:
    """What a study names along an axis."""
    if axis == "study":
        yield study
        return
    from runtime.bound.axis import AXES

    named = _study(study).get(AXES[axis].listed or "")
    for value in named if isinstance(named, list | dict) else []:
        if isinstance(value, str | int):
            yield str(value)


def _study(name: str) -> dict[str, Any]:
    from compiler.reading.source import read_source

    if not _ID.fullmatch(name):
        return {}
    candidates = [Path(f"specs/studies/{name}.yaml"), Path(f"specs/studies/{name}.yml")]
    candidates += [Path("specs/study.yaml")] if name == "study" else []
    for path in candidates:
        if path.is_file():
            value = read_source(path, path.as_posix()).value
            return value if isinstance(value, dict) else {}
    return {}
