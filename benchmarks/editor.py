"""What the language server takes: `python -m benchmarks.editor [--specs 4172] [--folder DIR]`.

CPU seconds (user + system) of the server's process, medians, with pygls' client at the other end: from its start until
the diagnostics of a first document are there, and from each kind of change until its diagnostics are. The project is
that of benchmarks/scale_project.py. *Cold* has no cache below `build/`; *warm* has what any command before left there.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from benchmarks.scale_project import NODES_PER_LOCATION, REPOSITORY, make_project, name_of

REPEATS = 3
PATIENCE_S = 120
REST_S = 1.0
"""After diagnostics have come, what the server still does for this long counts too."""
LOCATION, APPROACH, STUDY = f"specs/locations/{name_of(7)}.yaml", "specs/approaches/enriched.yaml", "specs/study.yaml"
CHANGES = {
    "a location's title": (LOCATION, 'title: "', 'title: "{} '),
    "a location's parameter": (LOCATION, "width_px: 160", "width_px: 1{}0"),
    "a location's key, half written": (LOCATION, "  photos: 40", "  photo{}"),
    "an approach's parameter": (APPROACH, "inputs:", "stages: {{enrichment: {{variants_per_demo: {}}}}}\ninputs:"),
    "the study's trials": (STUDY, "twin: 20", "twin: 2{}"),
    "the study's list of locations": (STUDY, f"- {name_of(9)}\n", f"- {name_of(9)}\n  - place-00{{}}\n"),
}
"""Kind of change -> file, and what is put in whose place, with a digit."""


def cpu_s(process: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Editor(LanguageClient):
    """An editor that waits for diagnostics."""

    def __init__(self, root: Path) -> None:
        super().__init__("benchmark", "1")
        self.root, self.changes = root, 1
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

    async def begin(self) -> None:
        """Start the server."""
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        await self.start_io(sys.executable, "-m", "compiler.cli", "lsp", cwd=str(self.root), env=environment)
        await self.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=self.root.as_uri()))
        self.initialized(lsp.InitializedParams())

    async def leave(self) -> None:
        """End it."""
        await self.shutdown_async(None)
        self.exit(None)
        await self.stop()

    async def told(self, name: str) -> int:
        """How many diagnostics of a file come next."""
        while True:
            params = await asyncio.wait_for(self.published.get(), PATIENCE_S)
            if params.uri == (self.root / name).as_uri():
                return len(params.diagnostics)

    async def open(self, name: str) -> int:
        """Open a file; how many diagnostics it has."""
        text = (self.root / name).read_text()
        self.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem((self.root / name).as_uri(), "yaml", 1, text))
        )
        return await self.told(name)

    async def write(self, name: str, text: str) -> float:
        """CPU seconds of one change."""
        assert self._server is not None
        begin = cpu_s(self._server.pid)
        self.changes += 1
        identifier = lsp.VersionedTextDocumentIdentifier(self.changes, (self.root / name).as_uri())
        self.text_document_did_change(
            lsp.DidChangeTextDocumentParams(identifier, [lsp.TextDocumentContentChangeWholeDocument(text)])
        )
        await self.told(name)
        await asyncio.sleep(REST_S)
        return cpu_s(self._server.pid) - begin


async def opened(root: Path) -> float:
    """CPU seconds from the server's start to the diagnostics of a first document."""
    editor = Editor(root)
    await editor.begin()
    assert await editor.open(LOCATION) == 0
    await asyncio.sleep(REST_S)
    assert editor._server is not None
    used = cpu_s(editor._server.pid)
    await editor.leave()
    return used


async def changed(root: Path) -> dict[str, float]:
    """Median CPU seconds of each kind of change."""
    editor = Editor(root)
    await editor.begin()
    for name in (LOCATION, APPROACH, STUDY):
        await editor.open(name)
    found = {}
    for kind, (name, old, new) in CHANGES.items():
        text = (root / name).read_text()
        assert old in text, (kind, old)
        used = [await editor.write(name, text.replace(old, new.format(digit))) for digit in range(2, 2 + REPEATS)]
        found[kind] = statistics.median(used)
        await editor.write(name, text)
    await editor.leave()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--specs", type=int, default=4172)
    parser.add_argument("--folder", type=Path, help="where the project is made (removed at the end)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        root = make_project(Path(folder) / "project", args.specs * NODES_PER_LOCATION)
        cold = []
        for _ in range(REPEATS):
            shutil.rmtree(root / "build" / "cache", ignore_errors=True)
            cold.append(asyncio.run(opened(root)))
        warm = [asyncio.run(opened(root)) for _ in range(REPEATS)]
        rows = {"open, cold": statistics.median(cold), "open, warm": statistics.median(warm)}
        for kind, seconds in (rows | asyncio.run(changed(root))).items():
            print(f"{kind:<40} {seconds:6.2f} CPU-s")


if __name__ == "__main__":
    main()
