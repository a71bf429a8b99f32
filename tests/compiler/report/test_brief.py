"""The summary for pull requests, and the files beside the page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from markdown_it.token import Token

from compiler.cli import main
from compiler.report.brief import render_brief
from runtime.store.store import Store
from tests import REPOSITORY
from tests.compiler.published import base_project, edit, planned
from tests.runtime.synthetic_study import CLAIMS, WAIVERS, the_study

SCHEMA = json.loads((REPOSITORY / "schema" / "report.schema.json").read_text())
EVIL = "`` | <img src=x onerror=alert(1)> @everyone #1 [x](http://e.example) **b** \\| \n- item \x1b[2J"


@pytest.fixture(scope="module")
def report() -> Path:
    return the_study().report(CLAIMS, WAIVERS)


@pytest.fixture
def said(report: Path) -> Any:
    return json.loads((report / "report.json").read_text())


def leaves(text: str) -> list[Token]:
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        found += [token, *(token.children or [])]
    return found


def test_the_verdict_comes_first_then_uplift_gates_and_claims(said: Any) -> None:
    text = render_brief(said)
    marker, first, _, headline = text.splitlines()[:4]
    assert marker == "<!-- simkiln report study -->"
    assert first == "### ⬜ `study`: not run"
    key = ("enriched", "irl_proxy", None)
    row = next(r for r in said["evidence"]["uplift"] if (r["approach"], r["domain"], r["location"]) == key)
    low, high = row["band"]
    assert headline == f"**At the hidden site, `enriched` helps by {low:.1f} to {high:.1f} points.**"
    advice = said["decisions"][0]["advice"]
    assert text.index("| `enriched` | **") < text.index("| `placebo` (placebo) |") < text.index("| `untrained` (untrained) |")
    assert f"**What to do next:**\n\n- `enriched`: `{advice}`" in text
    assert f"| `enriched` | **+{row['value']:.1f}** [{low:.1f}, {high:.1f}] helps; expected +1 to +3 |" in text
    assert "| ➖ waived | `enriched-helps`" in text
    assert "waived until 2999-12-31 by `Ada`: `two more seeds are training`" in text
    assert "| ⬜ not run | `on-a-robot`" in text
    order = [text.index(part) for part in ("#### Uplift", "#### Gates", "#### Claims", "#### Not run")]
    assert order == sorted(order)
    tables = [t for t in leaves(text) if t.type == "table_open"]
    assert len(tables) == 3
    assert sum(t.type == "tr_open" for t in leaves(text)) == 3 + 3 + len(said["gates"]) + len(said["claims"])


def test_words_for_hidden_sites_never_say_real(
    said: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the summary, in what verbs print of a study that is tried there, and in whatever line of docs and drafts names one."""
    monkeypatch.chdir(base_project(tmp_path))
    for words in (["plan"], ["status"], ["kpi"], ["why", "evaluate"], ["show", "uplift"], ["preflight"]):
        main(words)
    texts = [render_brief(said), capsys.readouterr().out]
    places = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md"), *(REPOSITORY / "specs").rglob("*.yaml")]
    lines = [line for path in places for line in path.read_text(encoding="utf-8").splitlines()]
    texts += [line for line in lines if re.search(r"hidden[ _]site|irl_proxy", line)]
    others = r"(?i)real (robot|photos|data)|new real data|no_new_real_data"  # what is real, and may be named beside one
    texts = [re.sub(others, "", text) for text in texts]
    assert [text[:200] for text in texts if re.search(r"(?i)\breal(?:ity|ly)?\b", text)] == []


def test_text_from_specs_is_inert(said: Any) -> None:
    names = [f"{kind}:{v['id']}" for kind in ("gate", "claim") for v in said[f"{kind}s"]]
    names += ["study:study", *(f"approach:{a}" for a in said["study"]["approaches"])]
    said["labels"] = {name: {"title": EVIL, "file": f"specs/{EVIL}.yaml", "line": 1} for name in names}
    for verdict in said["gates"] + said["claims"]:
        if verdict["waived"]:
            verdict["waived"] |= {"owner": EVIL, "reason": EVIL}
    plain = render_brief(json.loads(json.dumps({k: v for k, v in said.items() if k != "labels"})))
    text = render_brief(said)
    kinds = {t.type for t in leaves(text)}
    assert not kinds & {"image", "link_open", "fence", "code_block"}
    for token in leaves(text):
        if token.type not in ("code_inline", "inline", "html_block"):
            assert "everyone" not in token.content
        if token.type == "html_block":
            assert token.content.strip() in (
                "<!-- simkiln report study -->",
                "<details><summary>Make it again</summary>",
                "</details>",
            )
    assert "\x1b" not in text
    cells = [sum(t.type == "td_open" for t in leaves(found)) for found in (plain, text)]
    assert cells[0] == cells[1]  # no title adds a cell


def test_a_long_report_is_cut_and_says_so(said: Any) -> None:
    said["gates"] = [{**said["gates"][0], "id": f"gate-{i}"} for i in range(100)]
    text = render_brief(said)
    assert "and 60 more gates" in text
    assert len(text.encode()) < 60_000


def test_the_report_verb_writes_page_data_and_summary_with_todays_titles(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    root = base_project(tmp_path)
    project, plan = planned(root)
    (node,) = [n for n in plan.graph.targets if n.stage.name == "report"]
    store = Store(project.store)
    with store.building(*node.address) as folder:
        for name in ("report.html", "report.json"):
            (folder / name).write_bytes((report / name).read_bytes())
        store.publish(*node.address, folder, {"version": node.stage.version, "params": {}, "parents": {}})
    edit(root, "study", "title: Base", "title: Fresh name")
    assert main(["report"]) == 0
    assert "report: build/report/study.html" in capsys.readouterr().err
    beside = root / "build" / "report"
    assert {path.name for path in beside.iterdir()} == {"study.html", "study.json", "study.md"}
    assert "Fresh name" in (beside / "study.html").read_text()
    assert "`Fresh name`" in (beside / "study.md").read_text()
    found = json.loads((beside / "study.json").read_text())
    assert [e.message for e in Draft202012Validator(SCHEMA).iter_errors(found)] == []
    assert found["labels"]["study:study"] == {"title": "Fresh name", "file": "specs/study.yaml", "line": 1}
    assert {k: v for k, v in found.items() if k != "labels"} == json.loads((report / "report.json").read_text())
