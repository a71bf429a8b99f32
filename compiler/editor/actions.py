"""Fixes as code actions: each by itself at its problem, all that are safe in one file, and lists that may be sorted."""

import asyncio

from lsprotocol import types as lsp

from compiler.editor.assist import kind_of_file
from compiler.editor.server import Server
from compiler.editor.session import Session
from compiler.fix.edits import Edit, edit_of
from compiler.fix.order import sorting_of
from compiler.reading.source import read_source, split_lines

_KINDS = [lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.RefactorRewrite, lsp.CodeActionKind.SourceFixAll]


def add_actions(server: Server) -> None:
    """Add code actions."""

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(_KINDS, resolve_provider=True))
    async def code_action(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        found = server.session(params.text_document.uri)
        if found is None:
            return []
        session, name = found
        actions = [*_fixes(server, session, name, params), *_sorts(server, session, name, params)]
        if any(d.fix is not None for d in session.found.get(name, ())):
            everything = lsp.CodeAction("mend all that is safe", lsp.CodeActionKind.SourceFixAll, data=params.text_document.uri)
            if lsp.CodeActionKind.SourceFixAll in (params.context.only or ()) and not _resolves(server):
                everything = await _all(server, everything)
            if everything.edit is not None or _resolves(server):
                actions.append(everything)
        return actions

    @server.feature(lsp.CODE_ACTION_RESOLVE)
    async def resolve(action: lsp.CodeAction) -> lsp.CodeAction:
        return await _all(server, action)


def _fixes(server: Server, session: Session, name: str, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """The fixes of the diagnostics that touch a range, where the text is still what was checked."""
    lines = split_lines(session.buffers.get(name, ""))
    found = []
    for d in session.found.get(name, []) if lines == session.lines(name) else ():
        edit, here = edit_of(d, lines), server.range(d.span, lines)
        if edit is not None and _touches(here, params.range):
            sent = [server.diagnostic(session, d, lines)]
            action = lsp.CodeAction(d.help or "mend it", lsp.CodeActionKind.QuickFix, diagnostics=sent, is_preferred=True)
            action.edit = _edits(server, params.text_document.uri, lines, [edit])
            found.append(action)
    return found


def _sorts(server: Server, session: Session, name: str, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Sorting of a list whose order means nothing, where the range is in it."""
    kind, text = kind_of_file(name), session.buffers.get(name)
    lines = split_lines(text or "")
    edits = list(sorting_of(kind[0], read_source(text, name))) if kind is not None and text is not None else []
    if not any(_touches(server.range(edit.span, lines), params.range) for edit in edits):
        return []
    edit = _edits(server, params.text_document.uri, lines, edits)
    return [lsp.CodeAction("sort the list", lsp.CodeActionKind.RefactorRewrite, edit=edit)]


async def _all(server: Server, action: lsp.CodeAction) -> lsp.CodeAction:
    """The action with the edit that it stands for: the whole text, once every fix was tried."""
    uri = action.data
    found = server.session(uri) if isinstance(uri, str) else None
    if found is None or not isinstance(uri, str):
        return action
    session, name = found
    async with server.checking:
        before = session.buffers.get(name)
        after = await asyncio.to_thread(session.fixes, name)
    if before is not None and after is not None and before == session.buffers.get(name):
        whole = lsp.TextEdit(server.stretch(before, 0, len(before)), after)
        action.edit = lsp.WorkspaceEdit({uri: [whole]})
    return action


def _edits(server: Server, uri: str, lines: list[str], edits: list[Edit]) -> lsp.WorkspaceEdit:
    return lsp.WorkspaceEdit({uri: [lsp.TextEdit(server.range(edit.span, lines), edit.text) for edit in edits]})


def _touches(here: lsp.Range, there: lsp.Range) -> bool:
    return here.end >= there.start and here.start.line <= there.end.line


def _resolves(server: Server) -> bool:
    """Whether the client asks for an action's edit only when it is chosen."""
    document = server.client_capabilities.text_document
    support = document.code_action.resolve_support if document and document.code_action else None
    return bool(support and "edit" in support.properties)
