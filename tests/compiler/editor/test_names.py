"""One name for one thing: references, and renaming wherever specs name it, through the protocol."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from compiler.laws.check import check
from compiler.project.load import load_project
from tests.compiler.editor.test_lsp import Editor, play
from tests.errors.cases import base

STUDY, BOLD, GATE = "specs/study.yaml", "specs/approaches/bold.yaml", "specs/gates/good.yaml"
FILES = {
    STUDY: """title: All that names something
locations: [cellar, "attic"]
sets: {pretrain: [cellar]}
tasks: [press]
approaches:
  - baseline
  - 'bold'  # bold is best
baseline: baseline
seeds: [0, 1, 2, 3]
trials: {twin: 100, irl_proxy: 100}
gates: [good]
claims:
  better: {kind: superior, approach: bold, over: bold~plain, domain: twin}
  all:
    kind: composed
    parts:
      a: {kind: ordered, order: [bold, baseline], domain: twin}
      b: {kind: superior, approach: bold, domain: twin, controls: {placebo: bold~plain}}
waivers:
  gates: {good: {reason: "not yet built", owner: me, until: "2999-01-01"}}
  claims: {better: {reason: "not yet built", owner: me, until: "2999-01-01"}}
targets: [splat, coverage]
level: 0.8
""",
    BOLD: """title: Bold 🤖
extends: baseline
controls: {plain: {kind: placebo}}
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
""",
    GATE: "title: Good\nmetric: uplift\napproach: bold\ndomain: twin\ncomparator: at_least\nthreshold: 5\n",
    "specs/locations/attic.yaml": "title: Attic\nsource: {kind: hidden_site, seed: 2}\n",
    "maps/robot.yaml": "columns: {approach: arm, success: ok}\nfixed: {location: cellar}\nrename: {approach: {B: bold}}\n",
}
"""A project in which everything is named at every place that there is."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base().write(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


class Names(Editor):
    """An editor that makes the changes that it is told."""

    def at(self, name: str, word: str) -> tuple[lsp.TextDocumentIdentifier, lsp.Position]:
        """The document, and the place of a word in it."""
        before = self.text(name)[: self.text(name).index(word)]
        line = before.count("\n")
        return lsp.TextDocumentIdentifier(self.uri(name)), lsp.Position(line, len(before) - before.rfind("\n") - 1)

    async def rename(self, name: str, word: str, to: str) -> None:
        """Rename what a word names, and write the files that this changes."""
        edit = await self.text_document_rename_async(lsp.RenameParams(*self.at(name, word), to))
        self.make(edit)

    def make(self, edit: lsp.WorkspaceEdit | None) -> None:
        assert edit is not None
        for change in edit.document_changes or ():
            if isinstance(change, lsp.RenameFile):
                path(change.old_uri).rename(path(change.new_uri))
                continue
            assert isinstance(change, lsp.TextDocumentEdit)
            file = path(change.text_document.uri)
            lines = file.read_text().split("\n")
            for one in sorted(change.edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
                assert isinstance(one, lsp.TextEdit)
                line, start, end = one.range.start.line, one.range.start.character, one.range.end.character
                lines[line] = lines[line][:start] + one.new_text + lines[line][end:]
            file.write_text("\n".join(lines))


def path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


def told(root: Path) -> list[tuple[str, str]]:
    """What is wrong with the project, without the names that were given."""
    return sorted((d.code, d.message.split("`")[0]) for d in check(load_project(root)))


def test_everything_can_have_another_name(root: Path) -> None:
    before = told(root)
    assert not any(code < "X" for code, _ in before), before

    async def scene(editor: Editor) -> None:
        assert isinstance(editor, Names)
        asked = lsp.ReferenceParams(lsp.ReferenceContext(True), *editor.at(GATE, "bold"))
        found = await editor.text_document_references_async(asked)
        assert sorted(path(one.uri).name for one in found or ()) == ["bold.yaml", "good.yaml", "robot.yaml"] + ["study.yaml"] * 6
        asked = lsp.ReferenceParams(lsp.ReferenceContext(True), *editor.at(STUDY, "coverage"))
        found = await editor.text_document_references_async(asked)
        assert [path(one.uri).name for one in found or ()] == ["study.yaml"]
        prepared = await editor.text_document_prepare_rename_async(lsp.PrepareRenameParams(*editor.at(STUDY, "bold~plain")))
        assert isinstance(prepared, lsp.PrepareRenamePlaceholder)
        assert prepared.placeholder == "bold"
        for name, to, why in ((GATE, "A b", "is not an id"), (GATE, "baseline", "there is an? approach")):
            with pytest.raises(JsonRpcException, match=why):
                await editor.rename(name, "bold", to)
        with pytest.raises(JsonRpcException, match="one study"):
            await editor.rename(STUDY, "title", "other")
        (root / "specs/gates/half.yaml").write_text("title: [")
        with pytest.raises(JsonRpcException, match="cannot be read, and may name it"):
            await editor.rename(GATE, "bold", "brave")
        (root / "specs/gates/half.yaml").unlink()
        words = [
            (GATE, "bold", "brave"),
            (STUDY, "cellar", "cave"),
            ("specs/locations/attic.yaml", "title", "loft"),
            (STUDY, "press", "push"),
            (STUDY, "good", "fine-1"),
            (STUDY, "better", "best"),
            ("specs/approaches/brave.yaml", "plain", "bare"),
        ]
        for name, word, to in words:
            await editor.rename(name, word, to)
        assert not list(root.rglob("bold.yaml"))
        old, new = "specs/tasks/push.yaml", "specs/tasks/poke.yaml"  # a file is renamed, and its id with it
        files = lsp.RenameFilesParams([lsp.FileRename(editor.uri(old), editor.uri(new))])
        editor.make(await editor.workspace_will_rename_files_async(files))
        (root / old).rename(root / new)
        assert "tasks: [poke]" in editor.text(STUDY)

    play(root, scene, kind=Names)
    assert told(root) == before
    text = "".join((root / name).read_text() for name in [STUDY, "specs/gates/fine-1.yaml", "specs/approaches/brave.yaml"])
    assert "over: brave~bare" in text
    assert "- 'brave'  # bold is best" in text
    assert '"loft"' in text
    assert (root / "maps/robot.yaml").read_text().endswith("fixed: {location: cave}\nrename: {approach: {B: brave}}\n")
