"""Where libyaml and YAML 1.2 part, and that the fast way and the careful way to a value agree."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.reading.document import read_document
from compiler.reading.problems import unfit_character
from compiler.reading.source import read_source
from compiler.reading.values import NeedsCare, ordinary_value
from tests.compiler.reading.test_source_properties import VALUE, block, cut

PIECES = (
    "a¦b:¦ ¦  ¦\n¦\n  ¦\n- ¦- ¦: ¦? ¦#¦ # c\n¦'¦\"¦[¦]¦{¦}¦, ¦,¦|\n¦>-\n  ¦x y¦1¦-¦&x ¦*x¦\t¦\r\n¦?x¦:x¦key: ¦~¦...¦---\n¦!t ¦<<"
).split("¦")
YAMLISH = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def careful(text: str) -> Any:
    """The value as the careful reading finds it, or its codes."""
    found: list[str] = []
    root = read_document(text, lambda code, *_args, **_more: found.append(code))
    return sorted(found) or (root.value if root else None)


@given(st.one_of(YAMLISH, VALUE.map(block)))
@settings(max_examples=1500)
def test_the_fast_way_reads_what_the_careful_way_reads(text: str) -> None:
    if unfit_character(text):
        return
    try:
        value = ordinary_value(text)
    except NeedsCare:
        return
    assert repr(value) == repr(careful(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-\ta\n", ["a"]),
        ("a:\t1\n", {"a": 1}),
        ("a:\n \tb\n", {"a": "b"}),
        ("a: 1\n\t\nb: 2\n", {"a": 1, "b": 2}),
        ("a: 1\n\t# c\nb: 2\n", {"a": 1, "b": 2}),
        ("\t[\n\t1\n\t]\n", [1]),
        ("a: |\n \tb\n", {"a": "\tb\n"}),
        ("{a: :x, b: ::y}", {"a": ":x", "b": "::y"}),
        ("[:x, a]", [":x", "a"]),
        ("[?x, a]", ["?x", "a"]),
        ("{?x: 1}", {"?x": 1}),
        ('{"a"\n  :x}', {"a": "x"}),
        ("{a # c\n: 1}", {"a": 1}),
        ("{a\n b: 1}", {"a b": 1}),
        ("{a: , b: }", {"a": None, "b": None}),
        ("a: |\n  b", {"a": "b\n"}),
        ("a: [\n  1,\n  2\n]\n", {"a": [1, 2]}),
        ("a: [ # c\n  1,\n# c\n  2]\n", {"a": [1, 2]}),
        ("a:\n- |\n  x\n- y: |\n    z\n", {"a": ["x\n", {"y": "z\n"}]}),
        ("a: >\n\n  b\n", {"a": "\nb\n"}),
        ("a: http://b#c\n", {"a": "http://b#c"}),
    ],
)
def test_what_yaml_allows_is_read(text: str, value: object) -> None:
    source = read_source(text, "f.yaml")
    assert source.diagnostics == ()
    assert source.value == value


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ('a: "b"# c\n', "Y101", "1:7"),
        ("a: [b]# c\n", "Y101", "1:7"),
        ("a: [b,# c\n  d]\n", "Y101", "1:7"),
        ("a: |# c\n  b\n", "Y101", "1:5"),
        ("a: [b,\nc]\n", "Y101", "2:1"),
        ('a: "b\nc"\n', "Y101", "2:1"),
        ("a:\n  b: [c,\n  d]\n", "Y101", "3:3"),
        ('a: "b\n\tc"\n', "Y103", "2:1"),
        ("- [\n\tb]\n", "Y103", "2:1"),
        ("[-, a]\n", "Y101", "1:2"),
        ("a: |\n    \n  b\n", "Y101", "2:1"),
        ("-\ta: 1\n", "Y103", "1:2"),
        ("-\t- 1\n", "Y103", "1:2"),
        ("- - [a]\n\t  - b\n", "Y103", "2:1"),
        ("a: 1\nb:\n\t- c\n\t- d\n", "Y103", "3:1"),
        ("a: >\n \tb\n", "Y103", "2:2"),
        ("a: &b.c d\n", "Y118", "1:4"),
        ("a: &b c\nd: *b:e\n", "Y118", "2:4"),
        ("a: &é c\n", "Y118", "1:4"),
        (": a\n", "Y113", "1:1"),
        ("{: a}\n", "Y113", "1:2"),
        ("a: 1\n...\nb: 2\n", "Y111", "3:1"),
        ("%FOO bar\n---\na: 1\n", "Y112", "1:1"),
        ("...\n", "Y114", "1:1"),
        ("a: b\n c: d\n", "Y101", "2:3"),
        ("{a:, b: 1}", "Y101", "1:3"),
        ("{a: , : 1}", "Y113", "1:7"),
    ],
)
def test_what_yaml_forbids_is_refused(text: str, code: str, at: str) -> None:
    found = read_source(text, "f.yaml").diagnostics
    assert [(d.code, f"{d.span.line}:{d.span.col}") for d in found] == [(code, at)]


def test_a_stand_in_never_reaches_a_value() -> None:
    for character in "\ue100\ue101\ue102\ue103":
        source = read_source(f"{{a: :x, b: {character}}}", "f.yaml")
        assert [d.code for d in source.diagnostics] == ["Y101"]
        assert read_source(f"a: {character}", "f.yaml").value == {"a": character}


def test_spans_of_mended_text_are_those_of_the_text() -> None:
    source = read_source('-\ta\n- {b: :x, "c"\n   : d}\n- [?y]\n', "f.yaml")
    assert source.value == ["a", {"b": ":x", "c": "d"}, ["?y"]]
    spans = source.spans
    places = {(0,): "1:3", (1, "b"): "2:7", (1, "c"): "3:6", (2, 0): "4:4"}
    assert {path: str(spans.value(path)) for path in places} == {path: f"f.yaml:{place}" for path, place in places.items()}
    assert [cut(source, spans.value(path)) for path in ((1, "b"), (2, 0))] == [":x", "?y"]
