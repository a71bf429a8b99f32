"""What is wrong in a spec, said once: code, message, smallest span, notes, and a help line that proposes the fix."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from compiler.diagnostics import pages

Severity = Literal["error", "warning"]
MOST_OF_A_FILE = 100
"""Diagnostics of one file that are shown; mending these comes first, and no file takes long."""
DOCS = "docs/errors"
CLOSE = 0.6
"""Likeness (difflib's ratio) from which a known word is offered."""
SURE = 0.75
"""Likeness from which a known word is written without asking what was meant: `wlak` to `walk`."""


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of a spec. Lines and columns count from 1 in characters; the end column is exclusive."""

    file: str
    line: int = 1
    col: int = 1
    end_line: int = 1
    end_col: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"


@dataclass(frozen=True)
class Note:
    """A further fact; with a span, the other line that is involved."""

    text: str
    span: Span | None = None


@dataclass(frozen=True)
class Fix:
    """What mends a mistake safely, said of the key, value or item at the diagnostic's span.

    `word` puts the text `word` in the place of `was`, and `value` puts what is not text there, such as `true`; `quote`
    and `unquote` keep the text and change what it is read as; `remove` takes an item out of its list.
    `compiler.fix.edits` turns it into edits of the text.
    """

    kind: Literal["word", "value", "quote", "unquote", "remove"]
    word: str = ""
    was: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """One mistake. Each code has a page, which a test holds."""

    code: str
    message: str
    span: Span
    notes: tuple[Note, ...] = ()
    help: str = ""
    severity: Severity = "error"
    fix: Fix | None = None

    @property
    def title(self) -> str:
        """The code's title, the same for every diagnostic of that code."""
        return pages.title(self.code)

    @property
    def url(self) -> str:
        """The code's page, relative to the repository; `simkiln explain CODE` shows it."""
        return f"{DOCS}/{self.code}.md"


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, line and column; equal diagnostics once."""
    unique = dict.fromkeys(diagnostics)
    return sorted(unique, key=lambda d: (d.span.file, d.span.line, d.span.col, d.code, d.message))


def bounded(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In order, and of each file at most `MOST_OF_A_FILE`, errors first; the last says that there are more."""
    by_file: dict[str, list[Diagnostic]] = {}
    for diagnostic in in_order(diagnostics):
        by_file.setdefault(diagnostic.span.file, []).append(diagnostic)
    kept: list[Diagnostic] = []
    for found in by_file.values():
        if len(found) > MOST_OF_A_FILE:
            more = Note("more problems of this file are not shown")
            found = in_order(sorted(found, key=lambda d: d.severity)[:MOST_OF_A_FILE])
            found[-1] = replace(found[-1], notes=(*found[-1].notes, more))
        kept += found
    return kept


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be, or None."""
    by_fold = {k.casefold(): k for k in known}
    found = _close(word.casefold()[:80], tuple(by_fold))
    return by_fold[found[0]] if found else None


def meant(word: str, known: Iterable[str]) -> Fix | None:
    """The fix that writes a known word, where just one is close to what was written; None where that is a guess."""
    by_fold = {k.casefold(): k for k in known}
    found = _close(word.casefold(), tuple(by_fold)) if len(word) <= 80 else []
    if len(found) != 1 or difflib.SequenceMatcher(None, found[0], word.casefold()).ratio() < SURE:
        return None
    return Fix("word", by_fold[found[0]], word)


def same_id(word: str, known: Iterable[str]) -> Fix | None:
    """The fix that writes an id as it is spelled: where nothing but case and separators differ.

    Ids are people's own words. `grasp-v2` beside a known `grasp` may be a spec that is still to come, and not a slip.
    """
    found = [k for k in known if _letters(k) == _letters(word)]
    return Fix("word", found[0], word) if len(found) == 1 else None


def _letters(word: str) -> str:
    return re.sub(r"(?<!\d)[-_ ]+|[-_ ]+(?!\d)", "", word.casefold())  # `site-1-1` is not `site-11`


@lru_cache(maxsize=256)
def _close(word: str, known: tuple[str, ...]) -> list[str]:
    """The two nearest, those of `difflib.get_close_matches`; among thousands of ids most need not be looked into.

    It is asked for twice of each mistake: for its help and for its fix.
    """
    matcher, best, least = difflib.SequenceMatcher(None, "", word), list[tuple[float, str]](), CLOSE
    for one in known:
        matcher.set_seq1(one)
        if matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and (ratio := matcher.ratio()) >= least:
            best = sorted([*best, (ratio, one)], reverse=True)[:2]
            least = best[-1][0] if len(best) == 2 else CLOSE
    return [one for _, one in best]


def did_you_mean(word: str, known: Iterable[str], what: str, limit: int = 12) -> str:
    """A help line such as "did you mean `walk`? known kinds: orbit, walk, task"; `what` is a plural."""
    words = list(known)
    guess = closest(word, words)
    if not words:
        return f"there are no {what} yet"
    listed = ", ".join(words[:limit]) + (f" … ({len(words)} in all)" if len(words) > limit else "")
    return (f"did you mean `{guess}`? " if guess else "") + f"known {what}: {listed}"
