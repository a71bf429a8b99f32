"""The language server over standard input and output, with pygls' own client at the other end."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from tests.conftest import REPOSITORY
from tests.errors.cases import base

PATIENCE_S = 60


class Editor(LanguageClient):
    """An editor with one project open."""

    def __init__(self, root: Path) -> None:
        super().__init__("test", "1")
        self.root = root
        self.versions: dict[str, int] = {}
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()

        self.registered: asyncio.Queue[lsp.Registration] = asyncio.Queue()

        @self.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def _(params: lsp.RegistrationParams) -> None:
            for registration in params.registrations:
                self.registered.put_nowait(registration)

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def text(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    async def begin(self, encodings: list[lsp.PositionEncodingKind | str] | None = None) -> None:
        general = lsp.GeneralClientCapabilities(position_encodings=encodings)
        await self.start_io(sys.executable, "-m", "compiler.cli", "lsp", "--stdio", cwd=str(self.root), env=ENVIRONMENT)
        files = lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        edits = lsp.WorkspaceEditClientCapabilities(True, [lsp.ResourceOperationKind.Rename])
        workspace = lsp.WorkspaceClientCapabilities(did_change_watched_files=files, workspace_edit=edits)
        resolves = lsp.CodeActionClientCapabilities(resolve_support=lsp.ClientCodeActionResolveOptions(["edit"]))
        document = lsp.TextDocumentClientCapabilities(code_action=resolves)
        capabilities = lsp.ClientCapabilities(general=general, workspace=workspace, text_document=document)
        await self.initialize_async(lsp.InitializeParams(capabilities, root_uri=self.root.as_uri()))
        self.initialized(lsp.InitializedParams())

    async def end(self) -> None:
        await self.shutdown_async(None)
        self.exit(None)
        await self.stop()

    def open(self, name: str, text: str | None = None) -> str:
        text = self.text(name) if text is None else text
        document = lsp.TextDocumentItem(self.uri(name), "yaml", 1, text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        return text

    def write(self, name: str, text: str) -> None:
        """Type: the whole text, as the server asks for it."""
        self.versions[name] = self.versions.get(name, 1) + 1
        identifier = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, [change]))

    async def told(self, name: str) -> list[lsp.Diagnostic]:
        """The next diagnostics of a file."""
        while True:
            params = await asyncio.wait_for(self.published.get(), PATIENCE_S)
            if params.uri == self.uri(name):
                return list(params.diagnostics)

    async def completed(self, name: str, line: int, character: int) -> dict[str, lsp.CompletionItem]:
        asked = lsp.CompletionParams(lsp.TextDocumentIdentifier(self.uri(name)), lsp.Position(line, character))
        found = await self.text_document_completion_async(asked)
        assert isinstance(found, list)
        return {item.label: item for item in found}

    async def hovered(self, name: str, line: int, character: int) -> tuple[str, lsp.Range | None]:
        asked = lsp.HoverParams(lsp.TextDocumentIdentifier(self.uri(name)), lsp.Position(line, character))
        found = await self.text_document_hover_async(asked)
        if found is None:
            return "", None
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value, found.range

    async def defined(self, name: str, line: int, character: int) -> str | None:
        asked = lsp.DefinitionParams(lsp.TextDocumentIdentifier(self.uri(name)), lsp.Position(line, character))
        found = await self.text_document_definition_async(asked)
        assert found is None or isinstance(found, lsp.Location)
        return found.uri if found else None


STUDY, TASK = "specs/study.yaml", "specs/tasks/press.yaml"
ENVIRONMENT = {"PYTHONPATH": str(REPOSITORY), "PATH": "", "HOME": "."}


def play(
    root: Path, scene: Callable[[Editor], Awaitable[None]], encodings: list | None = None, kind: type[Editor] = Editor
) -> None:
    """One session of an editor, from its beginning to its end."""

    async def session() -> None:
        editor = kind(root)
        await editor.begin(encodings)
        await scene(editor)
        await editor.end()

    asyncio.run(asyncio.wait_for(session(), 2 * PATIENCE_S))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base().write(tmp_path)
    return tmp_path


def span(found: lsp.Range | None) -> tuple[int, int, int, int]:
    assert found is not None
    return found.start.line, found.start.character, found.end.line, found.end.character


def test_diagnostics_follow_what_is_written(root: Path) -> None:
    async def scene(editor: Editor) -> None:
        text = editor.open(STUDY)
        assert await editor.told(STUDY) == []
        editor.write(STUDY, text.replace("[cellar]", "[cell-ar]"))
        (wrong,) = await editor.told(STUDY)
        assert (wrong.code, wrong.severity, wrong.source) == ("R201", lsp.DiagnosticSeverity.Error, "simkiln")
        assert wrong.message == "unknown location `cell-ar`\ndid you mean `cellar`? known locations: cellar"
        assert span(wrong.range) == (1, 12, 1, 19)
        assert wrong.code_description is not None
        assert wrong.code_description.href.endswith("/R201.md")
        document = lsp.TextDocumentIdentifier(editor.uri(STUDY))
        asked = lsp.CodeActionParams(document, wrong.range, lsp.CodeActionContext([wrong]))
        actions = await editor.text_document_code_action_async(asked)
        assert actions is not None
        action, _ = actions  # the other one mends all
        assert isinstance(action, lsp.CodeAction)
        assert action.edit is not None
        assert action.edit.changes is not None
        (edit,) = action.edit.changes[editor.uri(STUDY)]
        assert (edit.new_text, span(edit.range)) == ("cellar", (1, 12, 1, 19))
        editor.write(STUDY, text.replace("[cellar]", "[cel"))
        assert [d.code for d in await editor.told(STUDY)] == ["Y101"]
        editor.write(STUDY, text)
        assert await editor.told(STUDY) == []
        (root / STUDY).write_text("title: 3\n", encoding="utf-8")  # what is open counts, not what is on disk
        editor.text_document_did_save(lsp.DidSaveTextDocumentParams(document))
        assert await editor.told(STUDY) == []
        editor.text_document_did_close(lsp.DidCloseTextDocumentParams(document))
        assert {d.code for d in await editor.told(STUDY)} >= {"S104", "S102"}

    play(root, scene)


def test_a_mistake_in_another_file_is_told_there(root: Path) -> None:
    async def scene(editor: Editor) -> None:
        text = editor.open("specs/approaches/bold.yaml")
        await editor.told("specs/approaches/bold.yaml")
        editor.open(STUDY)
        editor.write("specs/approaches/bold.yaml", text.replace("extends: baseline", "extends: bold"))
        (wrong,) = await editor.told("specs/approaches/bold.yaml")
        assert wrong.code == "R203"
        editor.open("specs/locations/cellar.yaml", "title: Cellar\nsource: {kind: hiden_site, seed: 1}\n")
        assert [d.code for d in await editor.told("specs/locations/cellar.yaml")] == ["S103"]

    play(root, scene)


def test_files_that_change_on_disk_are_checked(root: Path) -> None:
    async def scene(editor: Editor) -> None:
        registration = await asyncio.wait_for(editor.registered.get(), PATIENCE_S)
        assert registration.method == lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
        editor.open(STUDY)
        assert await editor.told(STUDY) == []
        (root / "specs/locations/cellar.yaml").unlink()
        gone = lsp.FileEvent(editor.uri("specs/locations/cellar.yaml"), lsp.FileChangeType.Deleted)
        editor.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([gone]))
        assert [d.code for d in await editor.told(STUDY)] == ["R201"]

    play(root, scene)


@pytest.mark.parametrize(
    ("encoding", "robot"), [(None, 2), (lsp.PositionEncodingKind.Utf8, 4), (lsp.PositionEncodingKind.Utf32, 1)]
)
def test_positions_count_the_clients_units(root: Path, encoding: str | None, robot: int) -> None:
    async def scene(editor: Editor) -> None:
        text = 'title: T\nstages: {"policy": {steps: 3}} # 🤖\nbaseline: baseline\n'
        line = '{title: "🤖🤖", locations: [cell-ar], stages: {policy: {steps: 3, }}}'
        editor.open(STUDY, line + "\r\n")
        wrong = next(d for d in await editor.told(STUDY) if d.code == "R201")
        before = line.index("cell-ar") - 2 + 2 * robot
        assert span(wrong.range) == (0, before, 0, before + 7)
        steps = line.index("steps") - 2 + 2 * robot
        said, where = await editor.hovered(STUDY, 0, steps + 2)
        assert said.startswith("**`steps`**: whole number, at least 0")
        assert span(where) == (0, steps, 0, steps + 5)
        keys = await editor.completed(STUDY, 0, line.index(", }}") + 2 - 2 + 2 * robot)
        assert "batch_size" in keys
        assert "steps" not in keys
        edit = keys["batch_size"].text_edit
        assert isinstance(edit, lsp.TextEdit)
        assert edit.range.start.character == line.index(", }}") - 2 + 2 * robot + 2
        editor.write(STUDY, text)
        assert (await editor.hovered(STUDY, 1, 22))[0].startswith("**`steps`**")

    play(root, scene, [encoding] if encoding else None)


def test_hover_tells_what_keys_and_references_mean(root: Path) -> None:
    async def scene(editor: Editor) -> None:
        editor.open(STUDY)
        await editor.told(STUDY)
        said, where = await editor.hovered(STUDY, 1, 2)
        assert said == "**`locations`**: list\n\nLocations, by id."
        assert span(where) == (1, 0, 1, 9)
        said, where = await editor.hovered(STUDY, 1, 14)
        assert said == "**location `cellar`**: Cellar\n\n`specs/locations/cellar.yaml`"
        assert span(where) == (1, 12, 1, 18)
        assert (await editor.hovered(STUDY, 1, 10))[1] is None
        (root / "specs/locations/cellar.yaml").write_text("title: '![x](https://example.org)'\n", encoding="utf-8")
        editor.write(STUDY, editor.text(STUDY))
        await editor.told(STUDY)
        said, _ = await editor.hovered(STUDY, 1, 14)
        assert said.startswith(r"**location `cellar`**: \!\[x\]\(https\://example.org\)")
        editor.open(TASK)
        assert "press the button" not in (await editor.hovered(TASK, 2, 20))[0]

    play(root, scene)


HALF_WRITTEN = {
    "locations: [attic, |": ["cellar"],
    "locations: [attic,|\ntasks: [press": ["cellar"],
    "locations: [attic, \ntasks: [|": ["press"],
    "locations: [\n  attic,\n  |\ntasks: [press]": ["cellar"],
    "tasks:\n-|": ["press"],
    "title: a: b\napproaches: [bold]\nbaseline: |": ["baseline", "bold"],
    'title: "half\nsets: {pretrain: [|': ["cellar"],
    "title half\n\tx\nclaims:\n  a: {kind: [\n  b:\n    parts:\n      c: {kind: ordered, order: [bold, |": ["baseline"],
}
"""A study that is being written, with the cursor at `|` -> ids that may stand there."""


def test_completion_while_the_text_is_broken(root: Path) -> None:
    async def scene(editor: Editor) -> None:
        editor.open(STUDY, "title: T\nlocations: [\n")
        assert list(await editor.completed(STUDY, 1, 12)) == ["cellar"]
        editor.write(STUDY, "title: T\nstages:\n  pol\nseeds: [0")
        assert "policy" in await editor.completed(STUDY, 2, 5)
        editor.write(STUDY, "ti\n")
        found = await editor.completed(STUDY, 0, 2)
        assert next(iter(found)) == "title"
        assert "trials" in found
        editor.write(STUDY, "title: T\nbaseline: \ntrials: {tw")
        assert set(await editor.completed(STUDY, 1, 10)) == {"baseline", "bold"}
        assert "twin" in await editor.completed(STUDY, 2, 11)
        line = "  better: {kind: superior, approach: bo, controls: {placebo: }}"
        editor.write(STUDY, f"title: T\nclaims:\n{line}\n")
        assert set(await editor.completed(STUDY, 2, line.index("bo,") + 2)) == {"baseline", "bold"}
        assert set(await editor.completed(STUDY, 2, line.index("}}"))) == {"baseline", "bold"}
        for before, ids in HALF_WRITTEN.items():
            editor.write(STUDY, before.replace("|", "") + "\n")
            line, _, there = before.partition("|")[0].rpartition("\n")
            found = await editor.completed(STUDY, line.count("\n") + bool(line), len(there))
            assert [label for label, item in found.items() if item.kind == lsp.CompletionItemKind.Reference] == ids, before
        bold = "specs/approaches/bold.yaml"
        editor.open(bold, "title: B\ninputs:\n  policy: {demos: }\n  enrichment: {}\n")
        assert set(await editor.completed(bold, 2, 18)) == {
            "demos",
            "enrichment",
            "expand_demos",
            "recorded_demos",
            "site_demos",
            "splat_demos",
            "transfer",
            "varied_demos",
        }
        assert "clips" in await editor.completed(bold, 3, 15)
        cellar = "specs/locations/cellar.yaml"
        editor.open(cellar, "title: C\nsource: {kind: }\n")
        assert set(await editor.completed(cellar, 1, 15)) == {"photos", "splat", "hidden_site", "benchmark", "lab"}
        editor.open("notes.yaml", "a: \n")
        assert await editor.completed("notes.yaml", 0, 3) == {}

    play(root, scene)


def test_definitions_of_references(root: Path) -> None:
    async def scene(editor: Editor) -> None:
        editor.open(STUDY)
        bold = "specs/approaches/bold.yaml"
        editor.open(bold)
        assert await editor.defined(STUDY, 3, 25) == editor.uri(bold)
        assert await editor.defined(bold, 1, 12) == editor.uri("specs/approaches/baseline.yaml")
        assert await editor.defined(STUDY, 8, 12) == (REPOSITORY / "runtime/stages/coverage.py").as_uri()
        assert await editor.defined(bold, 3, 4) == (REPOSITORY / "runtime/stages/policy.py").as_uri()
        assert await editor.defined(STUDY, 0, 9) is None

    play(root, scene)


def test_without_the_extra_its_name_is_said(root: Path) -> None:
    program = (
        "import sys; sys.modules['pygls'] = None; import importlib.util as u; f = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'pygls' else f(name, *a)\n"
        "from compiler.cli import main; sys.exit(main(['lsp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'simkiln[lsp]'" in done.stderr
