"""What libyaml lets pass and YAML 1.2 does not, found from the text around and inside its events.

Each check names the rule of YAML 1.2.2 that it holds. The only leniency: a closing bracket may stand as far left as the
key of its list or mapping, because people and formatters write it there and every common reader takes it.
"""

import re
from collections.abc import Set
from dataclasses import dataclass

_LINE_START = re.compile(r"[\r\n]([ ]*)([ \t]*)(?=[^\s])")
_GAP = re.compile(r"#[^\r\n]*|[-?:]")
_HEADER = re.compile(r"[|>]([-+]?[1-9]?[-+]?)(?:[ \t]+#[^\r\n]*|[ \t]*)(?=[\r\n]|$)")


@dataclass(eq=False)
class ReadsOn(Exception):
    """Raised where libyaml took a `?` of the text for an explicit key; `at` is its offset."""

    at: int


@dataclass(eq=False)
class Forbidden(Exception):
    """Raised where the text is not YAML 1.2: message, stretch of the text and help."""

    message: str
    start: int
    end: int
    help: str


@dataclass(eq=False)
class TabIndents(Exception):
    """Raised where a tab takes part in the indentation of a line; `at` is where its text begins."""

    at: int


class Strict:
    """The checks of one document, told of tokens in the order of the text. `end` is where the last one ended."""

    def __init__(self, text: str, kept: Set[int] = frozenset()) -> None:
        self.text, self.kept = text, kept
        self.tabs = "\t" in text
        self.end = 0

    def token(self, start: int, end: int, *, flow: bool) -> None:
        """A scalar, an alias or a bracket stands on `[start, end)`: look at what lies between it and the last one."""
        if start > self.end:
            self._between(self.end, start, flow)
        self.end = max(self.end, end)

    def key(self, start: int) -> None:
        """The key of a block mapping: indentation is spaces only (6.1)."""
        if self.tabs and self._tab_before(start):
            raise TabIndents(start)

    def plain_in_flow(self, text: str, start: int) -> None:
        """A plain scalar begins with `-` only where text follows it (7.3.3)."""
        if text == "-":
            raise Forbidden("a lone `-` is not a value here", start, start + 1, "quote it")

    def continued(self, start: int, end: int, indent: int, *, brackets: bool) -> None:
        """Further lines of quoted text or of a flow collection stand deeper than the block around them (6.3, 7.4)."""
        if indent < 0:
            return
        for found in _LINE_START.finditer(self.text, start, end):
            at, spaces = found.end(), len(found[1])
            if spaces > indent or at >= end:
                continue
            if brackets and (self.text[at] == "#" or (at == end - 1 and spaces >= indent)):
                continue
            if found[2]:
                raise TabIndents(at)
            help = f"indent it by {indent + 1} space{'s' * (indent > 0)} or more"
            raise Forbidden("this line must stand deeper than the key or item that it belongs to", at, at + 1, help)

    def block_scalar(self, start: int, indent: int) -> None:
        """A comment in the header takes a blank before it (8.1.1); no leading blank line is deeper than the text."""
        header = _HEADER.match(self.text, start)
        if header is None:
            raise _glued_comment(self.text.find("#", start))
        elif not any(c.isdigit() for c in header[1]):
            self._leading_lines(header.end(), indent)

    def _leading_lines(self, at: int, indent: int) -> None:
        deepest, where = 0, at
        while at < len(self.text):
            at += 2 if self.text.startswith("\r\n", at) else 1
            begin = at
            while at < len(self.text) and self.text[at] == " ":
                at += 1
            if at >= len(self.text) or self.text[at] not in "\r\n":
                break
            if at - begin > deepest:
                deepest, where = at - begin, begin
        spaces = at - begin if at < len(self.text) else 0
        if indent < spaces < deepest:
            raise Forbidden("this blank line is deeper than the text below it", where, where + deepest, "remove its blanks")

    def _between(self, start: int, end: int, flow: bool) -> None:
        for found in _GAP.finditer(self.text, start, end):
            at, sign = found.start(), found[0][0]
            if sign == "#":
                if at > 0 and self.text[at - 1] not in " \t\r\n":
                    raise _glued_comment(at)
            elif flow:
                following = self.text[at + 1 : at + 2]
                if sign == "?" and at not in self.kept and following and following not in " \t\r\n,[]{}":
                    raise ReadsOn(at)
            elif self.tabs and self._tab_before(at):
                raise TabIndents(at)

    def _tab_before(self, at: int) -> bool:
        """Whether only blanks and indicators stand before on its line, a tab among them."""
        begin = max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1
        before = self.text[begin:at]
        return "\t" in before and not before.strip(" \t-?:")


def _glued_comment(at: int) -> Forbidden:
    return Forbidden("a comment needs a blank before `#`", at, at + 1, "put a blank before it")
