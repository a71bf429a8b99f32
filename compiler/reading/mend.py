"""What YAML 1.2 allows and libyaml refuses: the text is changed where libyaml stopped, and read again.

Every change keeps the length, so that each offset still means the same character. Blanks stand for what libyaml takes
only as blanks; a stand-in, a character that the text does not hold, stands for one that libyaml would take for an
indicator, and `restore` puts it back into values. `compiler.reading.strict` sees the unchanged text.
"""

import re
from dataclasses import dataclass, field

import yaml

MOST_MENDS = 100
MOST_READ_AGAIN = 400_000
"""Characters that are read again in all, so that no text takes long."""

_BREAK = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t]*")
_BLANK_LINE = re.compile(r"(?:\r\n|\r(?!\n)|\n)[ \t]*[\r\n]")
_BLANKS = re.compile(r"(?:[ \t\r\n]|(?<=[ \t\r\n])#[^\r\n]*)*")
_NO_TEXT = re.compile(r"[ \t]*(?:#|[\r\n]|$)")
_BLANK_RUN = re.compile(r"[ \t]+")
_COLON, _QUESTION, TAB, _NOTHING = "\ue100", "\ue101", "\ue102", "\ue103"
_RESTORED = {ord(_COLON): ":", ord(_QUESTION): "?", ord(TAB): "\t", ord(_NOTHING): None}


@dataclass(frozen=True, slots=True)
class Reached:
    """How far reading came: the last scalar's stretch, and whether the innermost collection has brackets."""

    scalar: tuple[int, int]
    flow: bool


@dataclass
class Mender:
    """A text on its way to libyaml, which sees `now`."""

    text: str
    now: str = ""
    mends: int = 0
    read_again: int = 0
    stand_ins: bool = False
    kept: set[int] = field(default_factory=set)
    """Offsets of `?` that are text."""
    tabs: list[int] = field(default_factory=list)
    """Offsets of tabs that libyaml sees as blanks."""

    def __post_init__(self) -> None:
        self.now = self.text if self.text.endswith(("\n", "\r")) else self.text + "\n"

    def restore(self, value: str) -> str:
        """A scalar as it was written."""
        return value.translate(_RESTORED) if self.stand_ins else value

    def keep_question_mark(self, at: int) -> bool:
        """Make the `?` at `at` part of the text that follows it; False where that cannot be."""
        self.kept.add(at)
        return self._affordable(at) and self._stand_in(at, _QUESTION)

    def mend(self, error: yaml.YAMLError, reached: Reached) -> bool:
        """Change the text where libyaml stopped; False where it is right to stop, or enough was changed already."""
        problem, mark = str(getattr(error, "problem", "")), getattr(error, "problem_mark", None)
        if mark is None or mark.index >= len(self.text) or not self._affordable(mark.index):
            return False
        at, sign = mark.index, self.text[mark.index]
        if sign == "\t" and "cannot start any token" in problem:  # 6.2: separation may be tabs
            return self._blank(at)
        if sign == "\t" and "where an indentation space is expected" in problem:  # 8.1.2: a line's text may begin so
            return self.text[at - 1 : at] == " " and self._stand_in(at, TAB)
        if sign == "\t" and "violates indentation" in problem and _NO_TEXT.match(self.text, at):  # 6.4, 6.6
            return self._blank(at)
        if sign != ":" or not reached.flow:
            return False
        following = self.text[at + 1 : at + 2]
        if "expected node content" in problem:  # 7.3.3: a plain scalar may begin with `:`
            return following not in ("", *" \t\r\n,[]{}") and self._stand_in(at, _COLON)
        if "',' or '}'" in problem:  # 7.4.2: a key and its `:` may stand on different lines
            return self._join_key(*reached.scalar, at)
        return False

    def _blank(self, at: int) -> bool:
        self.tabs.append(at)
        run = _BLANK_RUN.match(self.text, at)
        return run is not None and self._replace(at, " " * (run.end() - at))

    def _join_key(self, start: int, end: int, colon: int) -> bool:
        between = _BLANKS.match(self.text, end, colon)
        if between is None or between.end() != colon:
            return False
        key = self.now[start:end]
        if any(c in "\r\n" for c in key):
            if not self._free() or _BLANK_LINE.search(key):
                return False
            self.stand_ins = True
            key = _BREAK.sub(lambda found: " " + _NOTHING * (len(found[0]) - 1), key)
        return self._replace(start, key + " " * (colon - end))

    def _stand_in(self, at: int, character: str) -> bool:
        if not self._free():
            return False
        self.stand_ins = True
        return self._replace(at, character)

    def _free(self) -> bool:
        """Whether the text leaves the stand-ins free."""
        return not any(chr(stand_in) in self.text for stand_in in _RESTORED)

    def _replace(self, at: int, instead: str) -> bool:
        before = self.now
        self.now = before[:at] + instead + before[at + len(instead) :]
        return self.now != before

    def _affordable(self, at: int) -> bool:
        self.mends += 1
        self.read_again += at
        return self.mends <= MOST_MENDS and self.read_again <= MOST_READ_AGAIN
