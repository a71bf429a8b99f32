"""One project in an editor: the texts that are open, and what checking says of them."""

import gc
import os
from collections.abc import Mapping
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.editor.looked import Looked
from compiler.fix.apply import Document, read_document
from compiler.fix.propose import propose
from compiler.laws.check import check
from compiler.plan.study import open_project
from compiler.project.collector import without_gc
from compiler.project.held import Held
from compiler.project.project import LOCAL_FILE, Project
from compiler.reading.spec_files import SUFFIXES


class Session:
    """A project whose open files count as they are in the editor, saved or not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.buffers: dict[str, str] = {}
        self.found: dict[str, list[Diagnostic]] = {}
        self.told: dict[str, tuple[list[Diagnostic], list[str]]] = {}
        """File -> diagnostics that the client has, and the lines that they are of."""
        self.turn = 0
        self._held, self._looked = Held(), Looked()
        self._project: Project | None = None

    @property
    def project(self) -> Project:
        """The project as of the last check."""
        if self._project is None:
            self._project = self._load()
        return self._project

    def name(self, path: Path) -> str | None:
        """The project-relative name of a file that checking looks at, else None."""
        name = os.path.relpath(path, self.root)
        known = name == LOCAL_FILE or (name.startswith(f"specs{os.sep}") and name.endswith(SUFFIXES))
        return Path(name).as_posix() if known else None

    def check(self) -> dict[str, list[Diagnostic]]:
        """Diagnostics by file, with an empty list for each that had some before, that the client has some of, or that is open."""
        self._looked.begin()
        with without_gc():
            project, first = self._load(), self._project is None
            found: dict[str, list[Diagnostic]] = {name: [] for name in (*self.found, *self.told, *self.buffers)}
            for diagnostic in check(project):
                found.setdefault(diagnostic.span.file, []).append(diagnostic)
        self._project, self.found = project, {name: those for name, those in found.items() if those}
        if first:
            gc.freeze()  # specs stay; the collector need not walk them again and again
        return found

    def fresh(self) -> Project:
        """The project as it is at this moment."""
        return self._load()

    def fixes(self, name: str) -> str | None:
        """The text of an open file with every fix that is safe; None where there is none."""
        with without_gc():
            return propose(lambda texts: self._load(texts), read=self._document, only=name).texts.get(name)

    def lines(self, name: str) -> list[str]:
        """The lines of a file as the last check saw them."""
        return self.project.lines(name) or [""]

    def _load(self, texts: Mapping[str, str] | None = None) -> Project:
        project = open_project(self.root, None, {**self.buffers, **(texts or {})}, self._held)
        project.inspect = self._looked
        return project

    def _document(self, root: Path, name: str) -> Document | None:
        text = self.buffers.get(name)
        return read_document(root, name) if text is None else Document(root / name, name, text.encode(), text)


def find_root(path: Path) -> Path | None:
    """The nearest folder above a path that holds `specs/`."""
    return next((folder for folder in (path, *path.parents) if (folder / "specs").is_dir()), None)
