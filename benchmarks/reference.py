"""`docs/reference.md`: every verb, spec and stage, from the parsers, models and stages themselves.

`python -m benchmarks.reference` writes it.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from compiler.cli import PURPOSES, parser
from compiler.project.project import MODELS
from compiler.schema import schema_of
from compiler.shape.documented import field_docs
from runtime.stage import Stage, bound_fields, load_stages

HEAD = """# Reference

Written by `python -m benchmarks.reference` from the program itself; a test holds it up to date. [Back to all pages](index.md).

"""


def reference() -> str:
    """The page as Markdown."""
    return HEAD + "\n".join([*_verbs(), *_specs(), *_stages()]) + "\n"


def _verbs() -> Iterator[str]:
    yield "## Commands"
    for purpose, verbs in PURPOSES.items():
        yield f"\n### To {purpose}" if purpose != "editors and shells" else "\n### For editors and shells"
        for name in verbs.split():
            top = next(a for a in parser(name)._actions if isinstance(a, argparse._SubParsersAction))
            yield from _verb(f"simkiln {name}", top.choices[name])


def _verb(name: str, verb: argparse.ArgumentParser) -> Iterator[str]:
    """A verb, its words and flags; those of the verbs below it after it."""
    inner = [a for a in verb._actions if isinstance(a, argparse._SubParsersAction)]
    shown = [a for a in verb._actions if a.help != argparse.SUPPRESS and "--help" not in a.option_strings and a not in inner]
    yield f"\n**`{name}`** {_cell(verb.description or '')}\n"
    for a in shown:
        takes = "" if a.nargs == 0 else f" {a.metavar or '|'.join(map(str, a.choices or ())) or a.dest.upper()}"
        flags = ", ".join(a.option_strings) + takes if a.option_strings else str(a.metavar or a.dest.upper())
        yield f"- `{flags}`" + (f": {_cell(a.help)}" if a.help else "")
    for group in inner:
        helps = {choice.dest: choice.help for choice in group._choices_actions}
        for word, below in group.choices.items():
            below.description = below.description or helps.get(word)
            yield from _verb(f"{name} {word}", below)


def _specs() -> Iterator[str]:
    yield "\n## Specs"
    told: dict[str, str] = {}
    for kind in MODELS:
        schema = schema_of(kind)
        yield f"\n### {kind.capitalize()}\n\n{_cell(schema.get('description', ''))}\n"
        if "properties" in schema:
            yield from _fields(schema)
        for name, part in sorted(schema.get("$defs", {}).items()):
            if "properties" not in part or name in told or name in load_stages():
                continue
            told[name] = kind
            yield f"\n#### `{name}` {_cell(part.get('description', ''))}\n"
            yield from _fields(part)


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    rows = (
        (name, "needed" if name in needed else _value(field.get("default")), field.get("description", ""))
        for name, field in schema["properties"].items()
        if not name.startswith("$")
    )
    yield from _table(("key", "default", "meaning"), rows)


def _stages() -> Iterator[str]:
    yield "\n## Stages\n\nParameters are set under `stages: {STAGE: {...}}`; gates judge metrics (`count`, `share`: no unit)."
    for name, stage in sorted(load_stages().items()):
        if stage.function.__module__.startswith("runtime."):
            yield f"\n### `{name}`\n\n{_cell(stage.doc.split(chr(10) * 2)[0])}\n"
            yield from _table(("parameter", "default", "meaning"), _parameters(stage))
            units: dict[str, list[str]] = {}
            for metric, unit in stage.metrics.items():
                units.setdefault(unit, []).append(f"`{metric}`")
            yield "\nMetrics: " + "; ".join(f"{unit}: {', '.join(names)}" for unit, names in units.items()) + "."


def _parameters(stage: Stage) -> Iterator[tuple[str, str, str]]:
    said, filled = field_docs(stage.params), bound_fields(stage.params)
    for name, field in stage.params.model_fields.items():
        if name not in filled:
            default = field.get_default(call_default_factory=True)
            yield name, "needed" if field.is_required() else _value(default), said.get(name, "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, str, str]]) -> list[str]:
    found = [f"| `{name}` | {default} | {_cell(meaning)} |" for name, default, meaning in rows]
    return [f"| {' | '.join(head)} |", "|---|---|---|", *found] if found else []


def _value(value: Any) -> str:
    """A default as YAML writes it; nothing where there is none."""
    if value is None or value in ({}, []):
        return ""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(value, default=lambda part: part.model_dump(mode="json", exclude_defaults=True))
    return f"`{_cell(text)}`" if text != "{}" else ""


def _cell(text: str) -> str:
    """Text in one line, safe in a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    Path("docs/reference.md").write_text(reference(), encoding="utf-8")
