"""Which of the shape's mistakes have a safe fix."""

from typing import Any

from compiler.diagnostics.diagnostic import Fix, meant
from compiler.shape.walk import Place


def fix_of(error: dict[str, Any], place: Place, help: str) -> Fix | None:
    """The fix of one pydantic error, or None. `help` is what the diagnostic proposes."""
    if error["type"] not in ("literal_error", "enum", "union_tag_invalid"):
        return requoted(help, error.get("input"))
    written = error.get("input")
    if isinstance(written, dict):
        written = written.get(str(error.get("ctx", {}).get("discriminator", "")).strip("'"))
    choices = place.choices or list(place.schema.get("discriminator", {}).get("mapping", {}))
    return meant(written, choices) if isinstance(written, str) else None


def requoted(help: str, written: object = None) -> Fix | None:
    """A scalar that reads as another type than it must: with or without quotes, or as YAML 1.2 has it, it is right."""
    kinds = {"put the value in quotes": Fix("quote"), "remove the quotes": Fix("unquote")}
    for word in ("true", "false"):  # YAML 1.1 had `yes` and `off`
        kinds[f"write `{word}`"] = Fix("value", word, str(written))
    return kinds.get(help)
