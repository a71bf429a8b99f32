"""libyaml's complaints in our words."""

import re

import yaml

_BAD_ASCII = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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
    ("did not find expected <document start>", "text follows the end of the value", "indent it, or remove it"),
)

_CONTENT = re.compile(r"#[^\r\n]*|^(?:---|\.\.\.)(?=\s|$)", re.MULTILINE)
_ENDED = re.compile(r"^\.\.\.(?=\s)", re.MULTILINE)
_STRAY_COLON = re.compile(r"did not find expected (?:key|node content)|found unexpected ':'")


def unfit_character(text: str) -> tuple[int, str] | None:
    """Offset and name of the first character that a spec may not hold, or None.

    Besides YAML's own rule: U+0085, U+2028 and U+2029 are line breaks to libyaml but not in YAML 1.2, and a byte order
    mark stands only at the beginning of a file.
    """
    found = (_BAD_ASCII if text.isascii() else _BAD).search(text)
    return (found.start(), f"U+{ord(found[0]):04X}") if found else None


def explain(error: yaml.YAMLError, text: str) -> tuple[str, str, int, int, str]:
    """Code, message, stretch of the text and help for an error that libyaml raised."""
    problem = str(getattr(error, "problem", None) or "not valid YAML")
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    at = min(mark.index if mark else 0, len(text))
    if "\t" in text[at : at + 1] and ("cannot start any token" in problem or "violates indentation" in problem):
        length = len(text[at:]) - len(text[at:].lstrip("\t"))
        return "Y103", "a tab is used for indentation", at, at + length, "indent with spaces"
    if "directive" in f"{getattr(error, 'context', None)} {problem}" or "incompatible YAML document" in problem:
        begin, end = _line(text, at)
        return "Y112", "this file begins with a directive", begin, end, "remove the line; specs are always YAML 1.2"
    if "expected alphabetic or numeric character" in problem:
        at = max(text.rfind("&", 0, at), text.rfind("*", 0, at), 0)
        return ("Y118", "an anchor is named with letters, digits, `-` and `_`", at, at + 1, "rename it, or quote the text")
    if not _CONTENT.sub("", text).strip():
        return "Y114", "the file is empty", 0, 0, "write a spec into it, or delete it"
    if "<document start>" in problem and _line(text, at)[0] and _ENDED.search(text, 0, at):
        return "Y111", "a second document begins here", at, at + 1, "use one file for each spec"
    if "found unexpected ':'" in problem and text[at - 1 : at] not in ("", *" \t\r\n,[{"):
        return "Y101", "no blank follows `:`", at, at + 1, "put a blank after it, or quote the text"
    if text[at : at + 1] == ":" and "node content" in problem and text[at + 1 : at + 2] not in ("", *" \t\r\n,[]{}"):
        return "Y101", "a value cannot begin with `:`", at, at + 1, "quote the text"
    if text[at : at + 1] == ":" and _STRAY_COLON.search(problem):
        return "Y113", "a key is missing before `:`", at, at + 1, "write a key, or quote the text"
    if "cannot start any token" in problem:
        shown = text[at : at + 1]
        return "Y101", f"a value cannot begin with `{shown}`", at, at + 1, "quote the text"
    message, help = problem, "check the indentation and the quotes"
    for start, ours, ours_help in _PLAIN:
        if problem.startswith(start):
            message, help = ours, ours_help
            break
    if context is not None and ("is not closed" in message):
        at = min(context.index, len(text))
    at = _onto_text(text, at)
    return "Y101", message, at, at + 1, help


def _line(text: str, at: int) -> tuple[int, int]:
    """Where the line of an offset begins and ends."""
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    end = re.compile(r"[^\r\n]*").match(text, at)
    return begin, end.end() if end else at


def _onto_text(text: str, at: int) -> int:
    """The end of the file has no line to show: step back to the last character that has."""
    if at < len(text) and text[at] not in "\r\n":
        return at
    while at > 0 and (at >= len(text) or text[at] in "\r\n"):
        at -= 1
    return at
