"""Which fixes are safe: each is tried on the project in memory, and kept only where checking says that it helped."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.fix.apply import Document, edited, read_document
from compiler.fix.edits import Edit, edit_of
from compiler.fix.order import sorting
from compiler.laws.check import check
from compiler.project.project import Project

ROUNDS = 4
"""A fix may bring to light what another one can mend: times that fixes are looked for."""
MOST_ALONE = 100
"""Fixes of a round that are tried one by one where all together do not help."""

Read = Callable[[Path, str], Document | None]
"""Reads a file below the project's folder, for editing; None for one that may not be edited."""
Open = Callable[[Mapping[str, str]], Project]
"""Loads the project with texts by project-relative name in the place of files."""


@dataclass
class Proposal:
    """New texts of files, and what checking says once they are written."""

    documents: dict[str, Document] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    mended: int = 0
    left: list[Diagnostic] = field(default_factory=list)
    read: Read = read_document


@dataclass(frozen=True)
class _Candidate:
    edit: Edit
    mends: Diagnostic | None


def propose(load: Open, study: str | None = None, read: Read = read_document, only: str | None = None) -> Proposal:
    """Fixes that leave no more errors than there were; nothing is written.

    Args:
        load: loads the project.
        study: look only at what this study uses.
        read: reads a file that may be edited.
        only: mend only this file.
    """
    found = Proposal(read=read)
    project = load({})
    found.left = check(project, study)
    refused: set[_Candidate] = set()
    for _ in range(ROUNDS):
        candidates = [c for c in _candidates(project, found.left, only) if c not in refused]
        candidates = [c for c in candidates if _document(found, project.root, c.edit.span.file)]
        if not candidates:
            break
        kept = _try(load, study, found, candidates)
        if not kept and len(candidates) > 1:
            for candidate in candidates[:MOST_ALONE]:
                kept = _try(load, study, found, [candidate]) or kept
                if kept:  # places have moved
                    break
                refused.add(candidate)
        if not kept:
            break
        project = load(found.texts)
    return found


def _candidates(project: Project, diagnostics: Iterable[Diagnostic], only: str | None) -> list[_Candidate]:
    here = [d for d in diagnostics if only in (None, d.span.file)]
    mending = [_Candidate(edit, d) for d in here if (edit := edit_of(d, project.lines(d.span.file)))]
    return mending or [_Candidate(edit, None) for edit in sorting(project) if only in (None, edit.span.file)]


def _document(found: Proposal, root: Path, name: str) -> bool:
    if name not in found.documents:
        document = found.read(root, name)
        if document is None:
            return False
        found.documents[name] = document
    return True


def _try(load: Open, study: str | None, found: Proposal, candidates: list[_Candidate]) -> bool:
    """Make the edits; keep them when what they mend is gone and nothing worse came."""
    texts, made = dict(found.texts), set[Edit]()
    for name in {c.edit.span.file for c in candidates}:
        before = texts.get(name, found.documents[name].text)
        texts[name], done = edited(before, [c.edit for c in candidates if c.edit.span.file == name])
        made |= set(done)
    mended = [c.mends for c in candidates if c.edit in made and c.mends is not None]
    after = check(load(texts), study)
    if not _helped(found.left, after, mended):
        return False
    found.texts = {name: text for name, text in texts.items() if text != found.documents[name].text}
    found.mended, found.left = found.mended + len(mended), after
    return True


def _helped(before: list[Diagnostic], after: list[Diagnostic], mended: list[Diagnostic]) -> bool:
    """No more errors, none new in reading or shape, and what was to be mended is gone."""
    old, new = _counts(before), _counts(after)
    if sum(d.severity == "error" for d in after) > sum(d.severity == "error" for d in before):
        return False
    if any(key[0][0] in "YS" and count > old[key] for key, count in new.items()):
        return False
    gone = _counts(mended)
    return all(new[key] <= old[key] - count for key, count in gone.items())


def _counts(diagnostics: Iterable[Diagnostic]) -> Counter[tuple[str, str, str]]:
    return Counter((d.code, d.span.file, d.message) for d in diagnostics)
