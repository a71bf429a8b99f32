"""Outlines and fixes, through the protocol."""

from pathlib import Path

from lsprotocol import types as lsp

from tests.compiler.editor.test_lsp import STUDY, Editor, play, span
from tests.errors.cases import base

WRONG = """title: 12
locations: [cell-ar]
tasks: [press]
aproaches: [baseline, bold]
baseline: baseline
seeds: [0, 1]
trials: {twin: 10}
targets: [splat, coverage, splat]
level: 0.8
"""
MENDED = WRONG.replace("12", '"12"').replace("cell-ar", "cellar").replace("apro", "appro").replace(", splat]", "]")


async def actions(editor: Editor, first: int, last: int) -> dict[str, lsp.CodeAction]:
    asked = lsp.Range(lsp.Position(first, 0), lsp.Position(last, 99))
    document = lsp.TextDocumentIdentifier(editor.uri(STUDY))
    found = await editor.text_document_code_action_async(lsp.CodeActionParams(document, asked, lsp.CodeActionContext([])))
    return {one.title: one for one in found or () if isinstance(one, lsp.CodeAction)}


def changed(editor: Editor, action: lsp.CodeAction) -> list[lsp.TextEdit]:
    assert action.edit is not None
    assert action.edit.changes is not None
    return list(action.edit.changes[editor.uri(STUDY)])


def test_fixes_and_outlines(tmp_path: Path) -> None:
    base().write(tmp_path)

    async def scene(editor: Editor) -> None:
        editor.open(STUDY, WRONG)
        while not await editor.told(STUDY):
            pass
        found = await actions(editor, 0, 9)
        fixes = [one for one in found.values() if one.kind == lsp.CodeActionKind.QuickFix]
        texts = {edit.new_text for one in fixes for edit in changed(editor, one)}
        assert texts == {'"12"', "cellar", "approaches", ""}
        assert len(await actions(editor, 0, 0)) == 2  # that of the first line, and all
        everything = found["mend all that is safe"]
        assert everything.edit is None
        (edit,) = changed(editor, await editor.code_action_resolve_async(everything))
        assert edit.new_text == MENDED.replace("[splat, coverage]", "[coverage, splat]")
        assert span(edit.range) == (0, 0, 9, 0)
        editor.write(STUDY, MENDED)
        assert await editor.told(STUDY) == []
        assert list(await actions(editor, 0, 5)) == []
        edits = changed(editor, (await actions(editor, 7, 7))["sort the list"])
        assert [edit.new_text for edit in edits] == ["coverage", "splat"]

        document = lsp.TextDocumentIdentifier(editor.uri(STUDY))
        shown = await editor.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
        symbols = {one.name: one for one in shown or () if isinstance(one, lsp.DocumentSymbol)}
        assert list(symbols) == [line.partition(":")[0] for line in MENDED.splitlines()]
        approaches = symbols["approaches"]
        assert approaches.detail == "4 cells: 2 approaches × 1 locations × 1 tasks × 2 seeds × 1 domains"
        assert [(one.name, one.detail) for one in approaches.children or ()] == [("baseline", "Baseline"), ("bold", "Bold")]
        assert span(approaches.range) == (3, 0, 3, 28)
        assert [one.name for one in symbols["trials"].children or ()] == ["twin"]
        editor.open("specs/tasks/press.yaml", "title: [")
        press = lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(editor.uri("specs/tasks/press.yaml")))
        assert await editor.text_document_document_symbol_async(press) in ([], None)

    play(tmp_path, scene)
