"""Renderers: carets stand under the span whatever the line holds; JSON and GitHub's annotations hold every fact."""

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics.diagnostic import Diagnostic, Fix, Note, Span, closest, did_you_mean, in_order
from compiler.render import RENDERERS
from compiler.render.columns import WIDEST, excerpt, width
from compiler.render.text import render_text, wants_colour
from compiler.verbs.check import FORMATS
from tests import REPOSITORY

SPAN = Span("specs/a.yaml", 18, 14, 18, 18)
DIAGNOSTIC = Diagnostic(
    "S103",
    "unknown trajectory kind `wlak`",
    SPAN,
    (Note("because", Span("specs/b.yaml", 2, 3, 2, 4)),),
    "did you mean `walk`? known kinds: orbit, walk, task",
)


def columns(text: str) -> int:
    return sum(map(width, text))


def test_the_form_of_the_design() -> None:
    lines = [""] * 17 + ["    - {kind: wlak, waypoints: [0]}"]
    assert render_text(DIAGNOSTIC, lines, colour=False) == (
        "error[S103]: unknown trajectory kind `wlak`\n"
        "  --> specs/a.yaml:18:14\n"
        "   |\n"
        "18 |     - {kind: wlak, waypoints: [0]}\n"
        "   |              ^^^^\n"
        "   = note: because (specs/b.yaml:2:3)\n"
        "   = help: did you mean `walk`? known kinds: orbit, walk, task\n"
    )


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=400), st.data())
def test_the_caret_stands_under_the_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    shown, before, covered = excerpt(text, start, end)
    assert columns(shown) <= WIDEST + 2
    assert before + covered <= columns(shown) + 1
    assert not any(unicodedata.category(c) == "Cc" for c in shown)
    if start < end and width(text[start]) and text[start].isprintable():
        at, used = 0, 0
        while used < before:  # the character that the first caret stands under
            used += width(shown[at])
            at += 1
        while width(shown[at]) == 0:
            at += 1
        assert used == before
        assert shown[at] == text[start]


def test_tabs_and_wide_characters() -> None:
    assert excerpt("\tab", 1, 2) == ("    ab", 4, 1)
    assert excerpt("地: x", 3, 4) == ("地: x", 4, 1)
    assert excerpt("e\u0301: x", 4, 5) == ("e\u0301: x", 3, 1)
    assert excerpt("", 0, 0) == ("", 0, 1)


def test_a_spec_cannot_paint_the_terminal() -> None:
    evil = Diagnostic("S101", "unknown key `\x1b[31m`", Span("a.yaml"), help="\x07")
    assert "\x1b" not in render_text(evil, ["\x1b[2Jx"], colour=False)
    assert "\x07" not in render_text(evil, None, colour=False)


def test_colour_only_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1;31merror[S103]\x1b[0m" in render_text(DIAGNOSTIC, None, colour=True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert wants_colour()
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not wants_colour()
    assert wants_colour(choice="always")
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    monkeypatch.delenv("NO_COLOR")
    assert wants_colour()
    assert not wants_colour(choice="never")
    monkeypatch.delenv("FORCE_COLOR")
    assert not wants_colour()


def test_json_holds_every_fact() -> None:
    (found,) = json.loads(RENDERERS["json"]([DIAGNOSTIC]))["diagnostics"]
    assert found["code"] == "S103"
    assert found["span"] == {"file": "specs/a.yaml", "line": 18, "col": 14, "end_line": 18, "end_col": 18}
    assert found["notes"][0]["span"]["file"] == "specs/b.yaml"
    assert found["help"].startswith("did you mean")
    assert found["explain"] == "simkiln explain S103"
    assert "fix" not in found
    assert (REPOSITORY / found["url"]).is_file()


def test_json_holds_the_edit_of_a_fix() -> None:
    wrong = replace(DIAGNOSTIC, fix=Fix("word", "walk", "wlak"))
    lines = [""] * 17 + ["    - {kind: wlak, waypoints: [0]}"]
    (found,) = json.loads(RENDERERS["json"]([wrong], lambda _: lines))["diagnostics"]
    assert found["fix"] == {"span": found["span"], "text": "walk"}


def test_github_annotations_escape_what_would_end_them() -> None:
    evil = Diagnostic("S101", "50% of\n::error::x", Span("a,b:c.yaml", 2, 3, 2, 5), help="do")
    assert RENDERERS["github"]([evil]) == (
        "::error file=a%2Cb%3Ac.yaml,line=2,col=3,endLine=2,endColumn=5,title=S101%3A unknown key"
        "::50%25 of%0A::error::x%0Ahelp: do%0Amore: simkiln explain S101"
    )
    assert RENDERERS["github"]([DIAGNOSTIC, evil]).count("\n") == 1


def test_check_offers_every_form() -> None:
    assert sorted(RENDERERS) == list(FORMATS)


def test_text_for_all() -> None:
    assert RENDERERS["text"]([DIAGNOSTIC, DIAGNOSTIC]).count("error[S103]") == 2


def test_order_and_codes() -> None:
    other = Diagnostic("Y101", "x", Span("specs/a.yaml", 2))
    assert in_order([DIAGNOSTIC, other, DIAGNOSTIC]) == [other, DIAGNOSTIC]
    assert other.title == "the text is not valid YAML"


def test_did_you_mean() -> None:
    assert closest("Walk", ["walk", "orbit"]) == "walk"
    assert closest("zzz", ["walk", "orbit"]) is None
    assert did_you_mean("x", [], "gates") == "there are no gates yet"
    assert did_you_mean("a1", [f"a{i}b" for i in range(20)], "things").endswith("… (20 in all)")
