"""One document: composed, mended where libyaml stops at what YAML 1.2 allows, else explained."""

import yaml

from compiler.reading.compose import Composer, Unreadable
from compiler.reading.mend import Mender
from compiler.reading.nodes import Node, Report
from compiler.reading.problems import explain
from compiler.reading.strict import Forbidden, ReadsOn, TabIndents

MOST_PROBLEMS = 100
"""Problems of one text that are told; reading ends there."""

Told = tuple[object, ...]
"""What a report is called with."""


def read_document(text: str, report: Report) -> Node | None:
    """The root node of a text without unfit characters; None for an empty or unreadable one.

    Args:
        text: the whole text.
        report: told of every problem, once.
    """
    mender = Mender(text)
    while True:
        found: list[Told] = []

        def told(*said: object, found: list[Told] = found) -> None:
            found.append(said)
            if len(found) >= MOST_PROBLEMS:
                raise Unreadable

        composer = Composer(mender, told)
        root = None
        try:
            root = composer.compose()
        except ReadsOn as wrong:
            if mender.keep_question_mark(wrong.at):
                continue
            found.append(("Y101", "`?` begins an explicit key here", wrong.at, wrong.at + 1, "quote the text"))
        except Forbidden as wrong:
            found.append(("Y101", wrong.message, wrong.start, wrong.end, wrong.help))
        except TabIndents as wrong:
            found.append(_tab(text, wrong.at))
        except yaml.YAMLError as error:
            if mender.mend(error, composer.reached()):
                continue
            explained = explain(error, text)
            tabs = [at for at in (*mender.tabs, explained[2]) if _leads(text, at)]
            found.append(_tab(text, tabs[0] + 1) if tabs else explained)
        for said in found:
            report(*said)
        return root


def _leads(text: str, at: int) -> bool:
    """Whether a tab is among the blanks that begin the line of `at`, up to there."""
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    before = text[begin : at + 1]
    return "\t" in before[: len(before) - len(before.lstrip(" \t"))]


def _tab(text: str, before: int) -> Told:
    """Y103 at the tabs of a line's indentation that ends at `before`."""
    begin = text.rfind("\t", 0, before)
    while begin > 0 and text[begin - 1] == "\t":
        begin -= 1
    end = begin + len(text[begin:before]) - len(text[begin:before].lstrip("\t"))
    return "Y103", "a tab is used for indentation", begin, end, "indent with spaces"
