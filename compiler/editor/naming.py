"""References and new names: what the protocol asks of `compiler.editor.names`."""

import os
from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.uris import to_fs_path

from compiler.editor.assist import kind_of_file
from compiler.editor.cursor import Place, place_at
from compiler.editor.names import CannotRename, Mention, Name, mentions, name_at, renamed
from compiler.editor.server import Server
from compiler.editor.session import Session
from compiler.project.project import Project
from compiler.reading.source import value_at

_SPECS = lsp.FileOperationRegistrationOptions(
    [lsp.FileOperationFilter(lsp.FileOperationPattern("**/specs/*/*.{yaml,yml}"), "file")]
)
Changes = list[lsp.TextDocumentEdit | lsp.CreateFile | lsp.RenameFile | lsp.DeleteFile]


def add_naming(server: Server) -> None:
    """Add references, renaming, and what follows when a file is renamed."""

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        asked = _asked(server, params)
        if asked is None:
            return []
        session, project, _, name = asked
        found = [_location(server, session, mention) for mention in mentions(project, name)]
        own = project.sources.get((name.kind, name.id))
        if own is not None and params.context.include_declaration:
            span = own.spans.top()
            found.append(lsp.Location(server.uri(session, own.name), server.range(span, own.lines)))
        return found

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        asked = _asked(server, params)
        if asked is None or asked[3].kind == "stage":
            return None
        place, text = asked[2], server.workspace.get_text_document(params.text_document.uri).source
        return lsp.PrepareRenamePlaceholder(server.stretch(text, place.start, place.end), asked[3].id)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        asked = _asked(server, params)
        if asked is None:
            return None
        session, project, place, name = asked
        to, arm = params.new_name, _arm(place)
        try:
            edits, before, after = renamed(project, name, to.removesuffix(f"~{arm}") if arm else to)
        except CannotRename as why:
            raise JsonRpcInvalidParams(str(why)) from why
        changes = _changes(server, session, edits)
        if before:
            if not _may_rename_files(server):
                raise JsonRpcInvalidParams(f"this editor cannot rename files: rename `{before}` to `{after}` yourself")
            changes.append(lsp.RenameFile(server.uri(session, before), server.uri(session, after)))
        return lsp.WorkspaceEdit(document_changes=changes)

    @server.feature(lsp.WORKSPACE_WILL_RENAME_FILES, _SPECS)
    def will_rename(params: lsp.RenameFilesParams) -> lsp.WorkspaceEdit | None:
        changes: Changes = []
        for file in params.files:
            found, to = server.session(file.old_uri), to_fs_path(file.new_uri)
            kind = kind_of_file(found[1]) if found else None
            if found is None or kind is None or to is None:
                continue
            session, after = found[0], kind_of_file(Path(os.path.relpath(to, found[0].root)).as_posix())
            if after is not None and after[0] == kind[0]:
                try:
                    changes += _changes(server, session, renamed(session.fresh(), Name(*kind), after[1], files=False)[0])
                except CannotRename:
                    continue  # the file gets its name all the same, and checking says what is wrong with it
        return lsp.WorkspaceEdit(document_changes=changes) if changes else None


def _asked(
    server: Server, params: lsp.ReferenceParams | lsp.PrepareRenameParams | lsp.RenameParams
) -> tuple[Session, Project, Place, Name] | None:
    """Session, project, and what is named at a position."""
    found = server.session(params.text_document.uri)
    kind = kind_of_file(found[1]) if found else None
    if found is None or kind is None:
        return None
    text = server.workspace.get_text_document(params.text_document.uri).source
    place = place_at(text, server.offset(text, params.position))
    name = name_at(*kind, place.path, place.value, key=place.role == "key") if place else None
    return (found[0], found[0].fresh(), place, name) if place and name else None


def _arm(place: Place) -> str:
    """What follows `~` in the word at a place: an arm is renamed with its approach."""
    word = value_at(place.value, place.path) if place.role == "value" else ""
    return word.partition("~")[2] if isinstance(word, str) else ""


def _location(server: Server, session: Session, mention: Mention) -> lsp.Location:
    source = mention.source
    return lsp.Location(server.uri(session, source.name), server.stretch(source.text, mention.start, mention.end))


def _changes(server: Server, session: Session, edits: dict[str, list[tuple[Mention, str]]]) -> Changes:
    found: Changes = []
    for name, those in edits.items():
        uri = server.uri(session, name)
        document = server.workspace.text_documents.get(uri)
        version = document.version if document is not None else None
        texts = [lsp.TextEdit(_location(server, session, mention).range, text) for mention, text in those]
        found.append(lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri, version), _distinct(texts)))
    return found


def _distinct(edits: Iterable[lsp.TextEdit]) -> list[lsp.TextEdit | lsp.AnnotatedTextEdit | lsp.SnippetTextEdit]:
    """Each stretch once: an alias may lead to one place twice."""
    return list({(e.range.start.line, e.range.start.character): e for e in edits}.values())


def _may_rename_files(server: Server) -> bool:
    workspace = server.client_capabilities.workspace
    may = workspace.workspace_edit if workspace else None
    return bool(may and may.document_changes and lsp.ResourceOperationKind.Rename in (may.resource_operations or ()))
