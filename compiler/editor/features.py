"""What the language server answers: the protocol on one side, `Session` and `assist` on the other."""

from collections.abc import Callable
from pathlib import Path

from lsprotocol import types as lsp

from compiler.editor import assist
from compiler.editor.actions import add_actions
from compiler.editor.naming import add_naming
from compiler.editor.outline import Symbol, outline
from compiler.editor.server import Server
from compiler.project.project import Project

SPEC_FILES = "**/specs/**/*.{yaml,yml}"
"""What the editor is asked to watch: laws hold across files, and git changes some that are not open."""
_KINDS = {
    "key": lsp.CompletionItemKind.Property,
    "value": lsp.CompletionItemKind.EnumMember,
    "reference": lsp.CompletionItemKind.Reference,
}
_FORMS = {
    "mapping": lsp.SymbolKind.Namespace,
    "list": lsp.SymbolKind.Array,
    "value": lsp.SymbolKind.Property,
    "reference": lsp.SymbolKind.Variable,
}


def serve() -> None:
    """Speak the protocol over standard input and output until the client says goodbye."""
    make_server().start_io()


def make_server() -> Server:
    """The server with its features."""
    server = Server()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def did_change(
        params: lsp.DidOpenTextDocumentParams | lsp.DidChangeTextDocumentParams | lsp.DidSaveTextDocumentParams,
    ) -> None:
        found = server.session(params.text_document.uri)
        if found is not None:
            session, name = found
            session.buffers[name] = server.workspace.get_text_document(params.text_document.uri).source
            await server.refresh(session)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        found = server.session(params.text_document.uri)
        if found is not None:
            session, name = found
            session.buffers.pop(name, None)
            await server.refresh(session)

    @server.feature(lsp.INITIALIZED)
    async def initialized(_params: lsp.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        files = workspace.did_change_watched_files if workspace else None
        if files and files.dynamic_registration:
            watched = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(SPEC_FILES)])
            asked = lsp.Registration("specs", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, watched)
            await server.client_register_capability_async(lsp.RegistrationParams([asked]))

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_on_disk(params: lsp.DidChangeWatchedFilesParams) -> None:
        found = [server.session(event.uri) for event in params.changes]
        for session in {id(pair[0]): pair[0] for pair in found if pair}.values():
            await server.refresh(session)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        asked = _asked(server, params)
        said = assist.hover(*asked) if asked else None
        if asked is None or said is None:
            return None
        markdown = lsp.MarkupContent(lsp.MarkupKind.Markdown, said[0])
        return lsp.Hover(markdown, server.stretch(asked[2], said[1], said[2]))

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[" ", "[", "{", ","]))
    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        asked = _asked(server, params)
        found = assist.complete(*asked) if asked else []
        return [_item(server, asked[2], item, number) for number, item in enumerate(found)] if asked else []

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        asked = _asked(server, params)
        span = assist.definition(*asked) if asked else None
        if asked is None or span is None:
            return None
        session = server.sessions[asked[0].root]
        lines = session.lines(span.file) if not Path(span.file).is_absolute() else [""]
        return lsp.Location(server.uri(session, span.file), server.range(span, lines))

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        found = server.session(params.text_document.uri)
        kind = assist.kind_of_file(found[1]) if found else None
        if found is None or kind is None:
            return []
        text = server.workspace.get_text_document(params.text_document.uri).source
        place = server.stretches(text)
        return [_symbol(place, one) for one in outline(found[0].project, kind[0], text)]

    add_naming(server)
    add_actions(server)
    return server


def _asked(
    server: Server, params: lsp.HoverParams | lsp.CompletionParams | lsp.DefinitionParams
) -> tuple[Project, str, str, int] | None:
    """Project, kind, text and offset that a request is about; None for a file that is not a spec."""
    found = server.session(params.text_document.uri)
    kind = assist.kind_of_file(found[1]) if found else None
    if found is None or kind is None:
        return None
    text = server.workspace.get_text_document(params.text_document.uri).source
    return found[0].project, kind[0], text, server.offset(text, params.position)


def _item(server: Server, text: str, item: assist.Item, number: int) -> lsp.CompletionItem:
    return lsp.CompletionItem(
        item.label,
        kind=_KINDS[item.role],
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, item.about) if item.about else None,
        sort_text=f"{number:04}",
        filter_text=item.label,
        text_edit=lsp.TextEdit(server.stretch(text, item.start, item.end), item.text),
    )


def _symbol(place: Callable[[int, int], lsp.Range], symbol: Symbol) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        symbol.name or "''",
        _FORMS[symbol.form],
        place(symbol.start, symbol.end),
        place(symbol.at, symbol.to),
        detail=symbol.detail or None,
        children=[_symbol(place, one) for one in symbol.within] or None,
    )
