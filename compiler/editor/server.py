"""The language server's state: sessions by project, and our spans in the client's units. Needs the extra `lsp`."""

import asyncio
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from compiler.diagnostics.diagnostic import Diagnostic, Span
from compiler.diagnostics.pages import folder
from compiler.editor.session import Session, find_root
from compiler.reading.source import Lines, split_lines

PAUSE_S = 0.2
"""Typing that goes on is not checked."""
_SEVERITY = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


class Server(LanguageServer):
    """Sessions by project; several folders may be open in one editor."""

    def __init__(self) -> None:
        super().__init__("simkiln", version("simkiln"), text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.sessions: dict[Path, Session] = {}
        self.checking = asyncio.Lock()

    def session(self, uri: str) -> tuple[Session, str] | None:
        """The session and the name of a document; None for one that is not a spec."""
        path = to_fs_path(uri)
        root = find_root(Path(path).parent) if path else None
        if path is None or root is None:
            return None
        session = self.sessions.setdefault(root, Session(root))
        name = session.name(Path(path))
        return None if name is None else (session, name)

    async def refresh(self, session: Session) -> None:
        """Check after a pause and publish; a later change takes over."""
        session.turn += 1
        turn = session.turn
        await asyncio.sleep(PAUSE_S)
        if turn != session.turn:
            return
        async with self.checking:
            if turn != session.turn:
                return
            found = await asyncio.to_thread(session.check)
        if turn == session.turn:
            for name, diagnostics in found.items():
                self.publish(session, name, diagnostics)

    def publish(self, session: Session, name: str, diagnostics: list[Diagnostic]) -> None:
        """Send a file's diagnostics; of a file that is not open only when they are others than last time."""
        uri, lines = self.uri(session, name), session.lines(name)
        if name not in session.buffers and session.told.get(name) == (diagnostics, lines):
            return
        session.told[name] = diagnostics, lines
        sent = [self.diagnostic(session, d, lines) for d in diagnostics]
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, sent))

    def diagnostic(self, session: Session, d: Diagnostic, lines: Sequence[str]) -> lsp.Diagnostic:
        """One diagnostic; notes with a place are related information."""
        notes = [
            lsp.DiagnosticRelatedInformation(
                lsp.Location(self.uri(session, note.span.file), self.range(note.span, session.lines(note.span.file))), note.text
            )
            for note in d.notes
            if note.span is not None
        ]
        page = folder() / f"{d.code}.md"
        return lsp.Diagnostic(
            range=self.range(d.span, lines),
            message=d.message + (f"\n{d.help}" if d.help else ""),
            severity=_SEVERITY[d.severity],
            code=d.code,
            code_description=lsp.CodeDescription(page.as_uri()) if page.is_file() else None,
            source="simkiln",
            related_information=notes or None,
        )

    def uri(self, session: Session, name: str) -> str:
        """The URI of a file of the project."""
        return from_fs_path(str(session.root / name)) or name

    def range(self, span: Span, lines: Sequence[str]) -> lsp.Range:
        """A span in the client's units; LSP counts lines and characters from 0."""
        return lsp.Range(self.position(span.line, span.col, lines), self.position(span.end_line, span.end_col, lines))

    def position(self, line: int, column: int, lines: Sequence[str]) -> lsp.Position:
        """A line and a column that count from 1, in the client's units."""
        text = lines[line - 1] if line <= len(lines) else ""
        return lsp.Position(line - 1, self.workspace.position_codec.client_num_units(text[: column - 1]))

    def stretch(self, text: str, start: int, end: int) -> lsp.Range:
        """The characters `[start, end)` of a text, in the client's units."""
        return self.stretches(text)(start, end)

    def stretches(self, text: str) -> Callable[[int, int], lsp.Range]:
        """The same, for many stretches of one text."""
        places, lines = Lines(text, ""), split_lines(text)
        return lambda start, end: self.range(places.span(start, end), lines)

    def offset(self, text: str, position: lsp.Position) -> int:
        """The character of a text that a client's position means."""
        at, ends = 0, ("\n", "\r")
        for _ in range(position.line):
            while at < len(text) and text[at] not in ends:
                at += 1
            at += 2 if text[at : at + 2] == "\r\n" else 1
        used = 0
        while at < len(text) and text[at] not in ends and used < position.character:
            used += self.workspace.position_codec.client_num_units(text[at])
            at += 1
        return min(at, len(text))
