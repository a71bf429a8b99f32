"""libyaml's complaints in our words."""

import re

import yaml

_BAD = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PLAIN: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "`: ` is not expected here", "quote the text, or check the indentation"),
    ("did not find expected key", "no key stands where one is expected", "check the indentation"),
    ("did not find expected '-' indicator", "no `- ` stands where an item is expected", "check the indentation"),
    ("did not find expected ',' or ']'", "this list is not closed", "close it with `]`, or put commas between items"),
    ("did not find expected ',' or '}'", "this mapping is not closed", "close it with `}`, or put commas between keys"),
    ("did not find expected node content", "no value stands where one is expected", "write a value, or quote the text"),
    ("could not find expected ':'", "no `:` follows this key", "write `key: value`, or check the indentation"),
    ("found unexpected end of stream", "this text is not closed", "close the quotes"),
    ("found unexpected document indicator", "this text is not closed", "close the quotes"),
    ("found unknown escape character", "unknown escape in double quotes", "write `\\\\` for a backslash"),
    ("found duplicate %YAML directive", "two `%YAML` directives", "remove both lines"),
    ("found incompatible YAML document", "another version of YAML", "remove the line; specs are always YAML 1.2"),
    ("found unknown directive name", "unknown directive", "remove the line"),
    ("found undefined tag handle", "unknown tag", "remove the tag"),
)  # fmt: skip


def unfit_character(text: str) -> tuple[int, str] | None:
    """Offset and name of the first character that a spec may not hold, or None.

    Besides YAML's own rule: U+0085, U+2028 and U+2029 are line breaks to libyaml but not in YAML 1.2, and a byte order
    mark stands only at the beginning of a file.
    """
    found = _BAD.search(text)
    return (found.start(), f"U+{ord(found[0]):04X}") if found else None


def explain(error: yaml.YAMLError, text: str) -> tuple[str, str, int, int, str]:
    """Code, message, stretch of the text and help for an error that libyaml raised."""
    problem = str(getattr(error, "problem", None) or "not valid YAML")
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    at = min(mark.index if mark else 0, len(text))
    if "\t" in text[at : at + 1] and ("cannot start any token" in problem or "violates indentation" in problem):
        length = len(text[at:]) - len(text[at:].lstrip("\t"))
        return "Y103", "a tab is used for indentation", at, at + length, "indent with spaces"
    if "cannot start any token" in problem:
        shown = text[at : at + 1]
        return "Y101", f"a value cannot begin with `{shown}`", at, at + 1, "quote the text"
    message, fix = problem, "check the indentation and the quotes"
    for start, ours, ours_help in _PLAIN:
        if problem.startswith(start):
            message, fix = ours, ours_help
            break
    if context is not None and ("is not closed" in message):
        at = min(context.index, len(text))
    at = _onto_text(text, at)
    return "Y101", message, at, at + 1, fix


def _onto_text(text: str, at: int) -> int:
    """The end of the file has no line to show: step back to the last character that has."""
    if at < len(text) and text[at] not in "\r\n":
        return at
    while at > 0 and (at >= len(text) or text[at] in "\r\n"):
        at -= 1
    return at
