"""Whatever stands in the editor, and wherever the cursor is: an answer, never an exception."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.editor import assist
from compiler.editor.cursor import place_at
from compiler.editor.names import mentions, name_at
from compiler.editor.outline import outline
from compiler.project.load import load_project
from compiler.project.project import Project
from tests.conftest import REPOSITORY
from tests.errors.cases import base

FILES = sorted((REPOSITORY / "specs").rglob("*.yaml"))
PIECES = ["", " ", "\n", "\r\n", "  ", "- ", ": ", ":", "{", "}", "[", "]", ",", "'", '"', "#", "&a ", "*a", "🤖", "\t", "|\n"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root: Path = tmp_path_factory.mktemp("project")
    base().write(root)
    return load_project(root)


@given(data=st.data())
@settings(max_examples=300)
def test_every_question_has_an_answer(data: st.DataObject, project: Project) -> None:
    path = data.draw(st.sampled_from(FILES))
    known = assist.kind_of_file(path.relative_to(REPOSITORY).as_posix())
    assert known is not None
    text = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 30)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    offset = data.draw(st.integers(0, len(text)))
    said = assist.hover(project, known[0], text, offset)
    assert said is None or 0 <= said[1] <= offset <= said[2] <= len(text)
    assist.definition(project, known[0], text, offset)
    for item in assist.complete(project, known[0], text, offset):
        assert 0 <= item.start <= offset <= item.end <= len(text)
    place = place_at(text, offset)
    name = name_at(*known, place.path, place.value, key=place.role == "key") if place else None
    for one in mentions(project, name) if name else ():
        assert name is not None
        assert one.source.text[one.start : one.end].strip("'\"") == f"{one.before}{name.id}{one.after}"
    for symbol in outline(project, known[0], text):
        assert 0 <= symbol.start <= symbol.at <= symbol.to <= symbol.end <= len(text)


@given(data=st.data())
@settings(max_examples=100)
def test_every_key_of_a_good_spec_has_a_meaning(data: st.DataObject, project: Project) -> None:
    path = data.draw(st.sampled_from(FILES))
    kind, _ = assist.kind_of_file(path.relative_to(REPOSITORY).as_posix()) or ("", "")
    text = path.read_text(encoding="utf-8")
    lines = [n for n, line in enumerate(text.splitlines()) if line[:1].isalpha()]
    line = data.draw(st.sampled_from(lines))
    offset = sum(len(x) + 1 for x in text.splitlines()[:line])
    said = assist.hover(project, kind, text, offset)
    assert said is not None
    assert said[0].startswith(f"**`{text[offset : said[2]]}`**")
