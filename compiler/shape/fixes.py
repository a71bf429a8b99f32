"""Which of the shape's mistakes have a safe fix."""

from typing import Any

from compiler.diagnostic import Fix, meant
from compiler.shape.walk import Place


def fix_of(error: dict[str, Any], place: Place, help: str) -> Fix | None:
    """The fix of one pydantic error, or None. `help` is what the diagnostic proposes."""
    if error["type"] not in ("literal_error", "enum", "union_tag_invalid"):
        return requoted(help)
    written = error.get("input")
    if isinstance(written, dict):
        written = written.get(str(error.get("ctx", {}).get("discriminator", "")).strip("'"))
    choices = place.choices or list(place.schema.get("discriminator", {}).get("mapping", {}))
    return meant(written, choices) if isinstance(written, str) else None


def requoted(help: str) -> Fix | None:
    """A scalar that reads as another type than it must: with or without quotes it is what is wanted."""
    kinds = {"put the value in quotes": Fix("quote"), "remove the quotes": Fix("unquote")}
    return kinds.get(help)
