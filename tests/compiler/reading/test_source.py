"""What specs may not use is refused by name, at the place where it stands."""

from pathlib import Path

import pytest

from compiler.diagnostics.diagnostic import Span
from compiler.reading.source import read_source


@pytest.mark.parametrize(
    ("text", "code", "line", "col"),
    [
        ("a: 1\nb: 2\na: 3\n", "Y102", 3, 1),
        ("a: {b: 1, c: 2, b: 3}\n", "Y102", 1, 17),
        ("a: 1\n'a': 3\n", "Y102", 2, 1),
        ("a:\n\t- b\n", "Y103", 2, 1),
        ("a:\n  b: 1\n\tc: 2\n", "Y103", 3, 1),
        ("a: !!str 1\n", "Y105", 1, 4),
        ("a: !foo {b: 1}\n", "Y105", 1, 4),
        ("a: &x !!set {b}\n", "Y105", 1, 7),
        ("a: {b: 1}\n<<: {c: 1}\n", "Y106", 2, 1),
        ("a: *b\n", "Y107", 1, 4),
        ("a: &b [*b]\n", "Y108", 1, 8),
        ("a: 1\n---\nb: 1\n", "Y111", 2, 1),
        ("%YAML 1.1\n---\na: 1\n", "Y112", 1, 1),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", "Y112", 1, 1),
        ("1: a\n", "Y113", 1, 1),
        ("true: a\n", "Y113", 1, 1),
        ("[a]: b\n", "Y113", 1, 1),
        ("? \n: b\n", "Y113", 1, 2),
        ("# only a comment\n", "Y114", 1, 1),
        ("", "Y114", 1, 1),
        ("null\n", "Y114", 1, 1),
        ("--- &a\n", "Y114", 1, 1),
        ("a: \x07\n", "Y116", 1, 4),
        ("a: b\u2028c\n", "Y116", 1, 5),
        ("a: b\n\ufeffc: d\n", "Y116", 2, 1),
        ("a: [1, 2\nb: 3\n", "Y101", 1, 4),
        ("a: 'x\n", "Y101", 1, 4),
        ("a: b: c\n", "Y101", 1, 5),
        ("a:\n  - b\n c: 1\n", "Y101", 3, 2),
        ("a: @b\n", "Y101", 1, 4),
        ('a: "\\q"\n', "Y101", 1, 5),
    ],
)
def test_refused_where_it_stands(text: str, code: str, line: int, col: int) -> None:
    found = read_source(text, "f.yaml").diagnostics
    assert [(d.code, d.span.line, d.span.col) for d in found] == [(code, line, col)]
    assert found[0].message[0].islower() or found[0].message[0] == "`"
    assert not found[0].message.endswith(".")


def test_several_mistakes_in_one_pass() -> None:
    found = read_source("a: 1\na: 2\nb: *c\n<<: 1\nd: !x 1\n", "f.yaml").diagnostics
    assert [(d.code, d.span.line) for d in found] == [("Y102", 2), ("Y107", 3), ("Y106", 4), ("Y105", 5)]


def test_the_first_of_duplicate_keys_is_named_and_kept() -> None:
    source = read_source("a: 1\nb:\n  a: 2\n  a: 3\n", "f.yaml")
    assert source.value == {"a": 1, "b": {"a": 2}}
    assert source.diagnostics[0].notes[0].span == Span("f.yaml", 3, 3, 3, 4)
    assert not source.readable


def test_byte_order_mark_and_line_ends() -> None:
    source = read_source(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n", "f.yaml")
    assert source.value == {"a": 1, "b": 2, "c": 3}
    assert str(source.spans.key(("a",))) == "f.yaml:1:1"
    assert str(source.spans.value(("c",))) == "f.yaml:3:4"


def test_bytes_that_are_not_utf8() -> None:
    found = read_source(b"a: 1\nb: caf\xe9\n", "f.yaml").diagnostics
    assert [(d.code, str(d.span)) for d in found] == [("Y104", "f.yaml:2:7")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_encodings_are_named(encoding: str) -> None:
    found = read_source("title: é\n".encode(encoding), "f.yaml").diagnostics
    assert [(d.code, d.message) for d in found] == [("Y104", f"the file is {encoding[:6].upper()}, not UTF-8")]


def test_a_file_full_of_mistakes_tells_the_first_hundred() -> None:
    assert len(read_source("1: a\n" * 5000, "f.yaml").diagnostics) == 100


def test_aliases_have_their_own_span_and_the_anchor_s_parts() -> None:
    source = read_source("a: &x\n  b: 1\nc: *x\n", "f.yaml")
    assert source.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert str(source.spans.value(("c",))) == "f.yaml:3:4"
    assert str(source.spans.value(("c", "b"))) == "f.yaml:2:6"
    assert source.spans.value(("a",)) == Span("f.yaml", 2, 3, 2, 7)


def test_spans_of_missing_values_and_the_nearest() -> None:
    source = read_source("a:\nb:\n  c: 1\n", "f.yaml")
    assert str(source.spans.value(("a",))) == "f.yaml:1:3"
    assert source.spans.value(("b", "x")) is None
    assert source.spans.nearest(("b", "x")) == Span("f.yaml", 2, 1, 2, 2)
    assert source.spans.nearest(("x",)) == Span("f.yaml", 1, 1, 1, 2)
    assert ("b", "c") in source.spans
    assert ("b", "d") not in source.spans


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert [d.code for d in read_source(tmp_path / "absent.yaml", "absent.yaml").diagnostics] == ["Y115"]
    assert [d.code for d in read_source(tmp_path, "folder").diagnostics] == ["Y115"]
    big = tmp_path / "big.yaml"
    big.write_bytes(b"a: " + b"x" * 2_000_000)
    assert [d.code for d in read_source(big, "big.yaml").diagnostics] == ["Y110"]


def test_a_block_scalar_ends_with_its_text() -> None:
    source = read_source("a: |\n  one\n  two\n\n\nb: >-\n  x\n", "f.yaml")
    assert source.value == {"a": "one\ntwo\n", "b": "x"}
    assert source.spans.value(("a",)) == Span("f.yaml", 1, 4, 3, 6)
