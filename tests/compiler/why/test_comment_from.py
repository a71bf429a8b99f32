"""`simkiln plan --comment-from FOLDER`: a comment of JSON that a stranger wrote, in which nothing of it lives."""

import copy
import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from compiler.cli import main
from compiler.render.markdown import MOST_BYTES
from tests.compiler.built import Built
from tests.compiler.plan.test_tree import simkiln

LIVE = (
    "` `` ``` </code><img src=x onerror=alert(1)> @everyone &#64;octocat &commat;octocat #1 us/lab#2 [a](https://example.org) "
    "![b](https://example.org/x.png) https://example.org | a | <!-- --> &lt; \n\n# title\n::add-mask::x\n<hr> \u202e \x1b[31m"
)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    repo = Built(tmp_path_factory.mktemp("repo"))
    repo.commit()
    repo.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    done = simkiln(repo.root, "plan", "--against", "HEAD", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def call(folder: Path) -> tuple[int, str, str]:
    """Exit code, what is printed, and what is told."""
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as wrong:
        return main(["plan", "--comment-from", str(folder)]), said.getvalue(), wrong.getvalue()


def render(folder: Path, *found: object) -> str:
    """The comment of one study, outside of any project."""
    for one in found:
        (folder / "study.json").write_text(one if isinstance(one, str) else json.dumps(one))
    code, said, wrong = call(folder)
    assert code == 0, wrong
    return said


def hostile(value: Any, key: str = "") -> Any:
    """Every free text of the form in the place of which `LIVE` may stand."""
    if isinstance(value, dict):
        return {name: hostile(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, key) for inner in value] or ([LIVE] if key in ("problems", "notes", "over", "names") else [])
    return LIVE if key in ("revision", "text", "at", "label", "fingerprint", "over", "problems", "notes", "names") else value


def test_nothing_of_the_file_is_more_than_text(printed: dict[str, Any], tmp_path: Path) -> None:
    for found in (hostile(printed), hostile(printed) | {"problems": []}):
        comment = render(tmp_path, found)
        html = MarkdownIt("gfm-like", {"linkify": False}).render(comment)
        plain = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
        for word in ("@", "&#", "&amp;#64", "commat", "#1", "lab#2", "example.org", "<img", "<a ", "onerror", "<h1", "add-mask"):
            assert word not in plain, word
        assert not set("\x1b\u202e") & set(comment)
        assert not [line for line in comment.splitlines() if line.startswith("::")]
        assert html.count("<details>") == html.count("</details>") == 1
        assert "<hr" not in plain


def refused(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], str]:
    def make(printed: dict[str, Any]) -> str:
        found = copy.deepcopy(printed)
        change(found)
        return json.dumps(found)

    return make


@pytest.mark.parametrize(
    "made",
    [
        lambda _: "[" * 100_000,
        lambda _: "{}",
        lambda printed: json.dumps(printed)[:-1],
        refused(lambda f: f.update(study="../x")),
        refused(lambda f: f.update(study="other")),
        refused(lambda f: f.update({LIVE: 1})),
        refused(lambda f: f.update(commit="@everyone")),
        refused(lambda f: f["counts"].update(build="1")),
        refused(lambda f: f["counts"].update(build=10**13)),
        refused(lambda f: f["counts"].update({LIVE: 1})),
        refused(lambda f: f["causes"][0]["rebuild"].update({LIVE: 1})),
        refused(lambda f: f["causes"][0].update(kind=LIVE)),
        refused(lambda f: f["builds"][0].update(state=LIVE)),
        refused(lambda f: f["estimate"].update(currency="<a>", money=[1, 1, 1])),
        refused(lambda f: f["estimate"].update(cpu_h=[float("inf")] * 3)),
        refused(lambda f: f["estimate"].update(wall_h=float("nan"))),
        refused(lambda f: f["estimate"].update(cores=-1)),
        refused(lambda f: f["gone"].append({"label": "x", "stage": "<img>", "fingerprint": "0", "stored": True})),
    ],
)
def test_what_is_out_of_form_is_refused_without_its_words(
    printed: dict[str, Any], tmp_path: Path, made: Callable[[dict[str, Any]], str]
) -> None:
    (tmp_path / "study.json").write_text(made(printed))
    code, said, wrong = call(tmp_path)
    assert (code, said) == (2, "")
    assert wrong.startswith("simkiln: study.json is ")
    assert wrong.count("\n") == 1
    assert not re.search(r"everyone|img|add-mask", wrong)


def test_files_that_are_none_and_studies_without_a_plan(tmp_path: Path) -> None:
    assert render(tmp_path) == ""
    assert "Study `study` cannot be planned here" in render(tmp_path, "")
    link, inner, odd, large = folders = [tmp_path / name for name in ("link", "inner", "odd", "large")]
    for folder in folders:
        folder.mkdir()
    (link / "other.json").symlink_to(tmp_path / "study.json")
    (inner / "other.json").mkdir()
    (odd / "::error::@x.json").touch()
    (large / "other.json").write_bytes(b"x" * (2**25 + 1))
    for folder in folders:
        code, said, wrong = call(folder)
        assert (code, said, wrong) == (2, "", f"simkiln: in {folder} is something that is no `STUDY.json`\n")


def test_many_studies_fit_into_one_comment(printed: dict[str, Any], tmp_path: Path) -> None:
    for i in range(40):
        (tmp_path / f"s{i}.json").write_text(json.dumps(hostile(printed) | {"study": f"s{i}"}))
    comment = render(tmp_path)
    assert len(comment.encode()) <= MOST_BYTES
    assert comment.endswith("*cut: too long for a comment*\n")
    (tmp_path / "s0.json").unlink()
    for i in range(120):
        (tmp_path / f"t{i}.json").touch()
    assert call(tmp_path)[0] == 2
