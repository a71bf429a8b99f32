"""Reading YAML: what was written comes back, spans point at the text they claim, and no text raises."""

import json
import time
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.reading.scalar import plain
from compiler.reading.source import Lines, Source, SpanPath, read_source

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn", "Co"], exclude_characters="\ufeff"), max_size=30)
KEY = TEXT.filter(lambda text: text != "")
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4), max_leaves=20)
YAMLISH = st.text(st.sampled_from(list("ab1 :-#\n\t'\"[]{},&*!|>%@`?~.\\\r\ufeffé😀\x00\u2028")), max_size=60)


def block(value: Any, indent: int = 0) -> str:
    """A value in block style; scalars and keys as JSON, which YAML 1.2 reads the same way."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{_scalar(k)}:{_nested(v, indent)}" for k, v in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{pad}-{_nested(v, indent)}" for v in value)
    return f"{pad}{_scalar(value)}\n"


def _nested(value: Any, indent: int) -> str:
    if isinstance(value, dict | list) and value:
        return "\n" + block(value, indent + 1)
    return f" {_scalar(value)}\n"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def leaves(value: Any, path: SpanPath = ()) -> list[tuple[SpanPath, Any]]:
    """Every scalar of a value with its path."""
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in leaves(v, (*path, k))]
    if isinstance(value, list):
        return [leaf for i, v in enumerate(value) for leaf in leaves(v, (*path, i))]
    return [(path, value)]


def cut(source: Source, span: Any) -> str:
    """The text that a span covers, found from its lines and columns alone."""
    starts = Lines(source.text, source.name).starts
    return source.text[starts[span.line - 1] + span.col - 1 : starts[span.end_line - 1] + span.end_col - 1]


@given(VALUE, st.booleans())
def test_round_trip(value: Any, flow: bool) -> None:
    source = read_source(_scalar(value) if flow else block(value), "f.yaml")
    if value is None:
        assert [d.code for d in source.diagnostics] == ["Y114"]
        return
    assert source.diagnostics == ()
    assert source.value == value
    assert json.dumps(source.value) == json.dumps(value)  # 1, 1.0 and true are equal to Python


@given(VALUE, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_spans_cover_what_they_name(value: Any, flow: bool, end: str) -> None:
    text = _scalar(value) if flow else block(value)
    source = read_source("# a comment 😀\n".replace("\n", end) + text.replace("\n", end), "f.yaml")
    for path, leaf in leaves(value):
        span = source.spans.value(path)
        assert span is not None
        assert json.loads(cut(source, span)) == leaf
        if path and isinstance(path[-1], str):
            key = source.spans.key(path)
            assert key is not None
            assert json.loads(cut(source, key)) == path[-1]
    assert len(list(source.spans)) == len(source.spans) >= len(leaves(value))


@given(st.one_of(st.text(max_size=200), YAMLISH, st.binary(max_size=200)))
@example("a: &x [*x]\n")
@example("? {a: 1}\n: b\n")
@example("&a *a")
@example("*a : 1")
@example("- &a\n- *a\n")
@example("\ud800")
@example("a: !!python/object/apply:os.system ['true']")
@example(b"\xff\xfea\x00")
@example("{a: 1, a: 2, <<: {b: 1}, [x]: y, ? : z}")
@settings(max_examples=800)
def test_nothing_raises_and_twice_is_the_same(text: str | bytes) -> None:
    source, again = read_source(text, "f.yaml"), read_source(text, "f.yaml")
    assert source.diagnostics == again.diagnostics
    assert repr(source.value) == repr(again.value)
    if source.value is None and not source.diagnostics:
        assert source.spans.value(()) is not None  # the document says null
    for diagnostic in source.diagnostics:
        assert diagnostic.span.line >= 1
        assert diagnostic.span.col >= 1
        assert (diagnostic.span.end_line, diagnostic.span.end_col) >= (diagnostic.span.line, diagnostic.span.col)
        assert diagnostic.span.line <= len(Lines(source.text, "f").starts)
    source.spans.nearest(("a", "b", 0))


@given(st.text(st.sampled_from(list("0123456789.eE+-xo:_abcinfnulltrue~")), min_size=1, max_size=12))
def test_plain_scalars_read_alike_alone_and_in_a_file(text: str) -> None:
    source = read_source(f"a: {text}\n", "f.yaml")
    if not source.diagnostics and isinstance(source.value, dict) and source.value.keys() == {"a"}:
        written = source.spans.value(("a",))
        assert written is not None
        value = source.value["a"]
        if not isinstance(value, dict | list):
            assert repr(value) == repr(plain(cut(source, written)))


def test_bounds() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    texts = {"Y108": bomb, "Y109": "[" * 100_000, "Y110": "a: " + "x" * 10_000_000}
    for code, text in texts.items():
        begin = time.process_time()
        assert [d.code for d in read_source(text, "f.yaml").diagnostics] == [code]
        assert time.process_time() - begin < 1
    deep = "".join("  " * i + "a:\n" for i in range(400))
    assert [d.code for d in read_source(deep, "f.yaml").diagnostics] == ["Y109"]
