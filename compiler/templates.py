"""The texts of `rules/` as Jinja templates: Snakemake rules, drafts of specs, comments, sheets to print."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

RULES = Path(__file__).resolve().parent.parent / "rules"


def template(
    name: str, filters: Mapping[str, Callable[..., str]] | None = None, trim: bool = False, lstrip: bool = False
) -> "jinja2.Template":
    """The template `rules/NAME`, in which an undefined name is an error; pages escape what they are given.

    Markdown, YAML and rules are no HTML: whatever a spec says goes through one of their `filters`.

    Args:
        name: path below `rules/`; one that ends in `.html.j2` is a page.
        filters: filters that it uses beside Jinja's own.
        trim: drop the line end after a block.
        lstrip: drop the blanks before a block.
    """
    import jinja2  # 20 ms, and most verbs show none

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=name.endswith(".html.j2"),
        trim_blocks=trim,
        lstrip_blocks=lstrip,
        keep_trailing_newline=not trim,
    )
    environment.filters |= filters or {}
    return environment.from_string((RULES / name).read_text(encoding="utf-8"))
