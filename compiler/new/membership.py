"""Add an id to a list of a study by an edit of its text, so that comments and layout stay as they are."""

from compiler.reading.nodes import Node
from compiler.reading.source import read_source
from compiler.reading.spec_files import FOLDERS
from compiler.reading.writing import flow


def added(text: str, name: str, kind: str, new: str) -> str:
    """The study's text with `new` in its list of that kind; the same text where it is listed already.

    Args:
        text: the study as it is.
        name: how messages call its file.
        kind: `location`, `task`, `approach` or `gate`.
        new: the id.

    Raises:
        ValueError: when the list is not one that can be edited safely.
    """
    field = FOLDERS[kind]
    source = read_source(text, name)
    if not isinstance(source.value, dict) or not source.readable or source.spans.root is None:
        raise ValueError(f"`{name}` has errors: run `simkiln check`")
    before = source.value.get(field, [])
    if new in (before or ()):
        return text
    entries = source.spans.root.items
    entry = entries.get(field) if isinstance(entries, dict) else None
    edited = _new_key(text, field, new) if entry is None else _extended(text, entry.node, new)
    after = read_source(edited, name).value if edited is not None else None
    if edited is None or not isinstance(before, list) or after != source.value | {field: [*before, new]}:
        raise ValueError(f"cannot add `{new}` to `{field}` of `{name}` by itself: write it there by hand")
    return edited


def _extended(text: str, node: Node, new: str) -> str | None:
    """The text with one more item at the end of a list."""
    if not isinstance(node.items, list):
        return None
    in_flow = text[node.start] == "["
    if not node.items:
        return f"{text[: node.end - 1]}{flow(new)}{text[node.end - 1 :]}" if in_flow else None
    last = node.items[-1]
    if in_flow:
        return f"{text[: last.end]}, {flow(new)}{text[last.end :]}"
    start = max(text.rfind("\n", 0, last.start), text.rfind("\r", 0, last.start)) + 1
    dash = text.find("-", start)
    if text[start:dash].strip(" ") or dash >= last.start:
        return None
    return _after_line(text, last.end, f"{text[start:dash]}- {flow(new)}")


def _new_key(text: str, field: str, new: str) -> str:
    return _after_line(text, max(0, len(text.rstrip()) - 1), f"{field}: [{flow(new)}]")


def _after_line(text: str, at: int, line: str) -> str:
    """The text with a line after the one that holds the offset `at`, ended as the file's lines are."""
    ends = "\r\n" if "\r\n" in text else "\n"
    stop = text.find("\n", at)
    if stop < 0:
        return f"{text}{ends}{line}{ends}"
    return f"{text[: stop + 1]}{line}{ends}{text[stop + 1 :]}"
