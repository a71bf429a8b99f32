"""Edits on a text, and the text back into its file: bytes that no edit touches stay as they are."""

import difflib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.fix.edits import Edit
from compiler.reading.source import Lines, split_lines

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Document:
    """A file as it was read: its bytes, and the text that spans count in (without a byte order mark)."""

    path: Path
    name: str
    content: bytes
    text: str


def read_document(root: Path, name: str) -> Document | None:
    """A spec that may be edited: below `specs/`, a plain file reached through no link, and UTF-8; else None."""
    path = root / name
    real = Path(os.path.realpath(root)) / name
    if not name.startswith("specs/") or Path(os.path.realpath(path)) != real:
        return None
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        content = path.read_bytes()
        return Document(path, name, content, content.removeprefix(BOM).decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def edited(text: str, edits: Iterable[Edit]) -> tuple[str, list[Edit]]:
    """The text with the edits made, and the edits that were: of two that overlap, the first in the text."""
    lines = Lines(text, "")
    made: list[Edit] = []
    parts, at = [], 0
    for edit in sorted(set(edits), key=lambda e: (e.span.line, e.span.col, e.span.end_line, e.span.end_col)):
        start = lines.offset(edit.span.line, edit.span.col)
        if start >= at:
            parts += [text[at:start], edit.text]
            at = lines.offset(edit.span.end_line, edit.span.end_col)
            made.append(edit)
    return "".join([*parts, text[at:]]), made


def write_document(document: Document, text: str) -> None:
    """Put the new text into the file at once, so that no reader sees half of it.

    Raises:
        ValueError: when the file is no longer what was read.
        OSError: when it cannot be written.
    """
    now = read_document(Path(*document.path.parts[: -len(Path(document.name).parts)]), document.name)
    if now is None or now.content != document.content:
        raise ValueError(f"`{document.name}` was changed meanwhile and is left as it is: check again")
    mark = BOM if document.content.startswith(BOM) else b""
    mode = stat.S_IMODE(document.path.stat().st_mode)
    handle, temporary = tempfile.mkstemp(dir=document.path.parent, prefix=".simkiln-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(mark + text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, document.path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def diff(name: str, before: str, after: str) -> Iterator[str]:
    """Lines of a unified diff, without their ends."""
    return difflib.unified_diff(split_lines(before), split_lines(after), f"a/{name}", f"b/{name}", lineterm="")
