"""20,000 documents near the repository's specs through the whole door: an answer, fast, and the same one twice.

python -m tests.compiler.reading.test_fuzz    prints how many documents gave which codes
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.reading.source import read_source
from compiler.render import RENDERERS
from compiler.render.text import render_text
from tests.compiler.mutations import EDITS, REPOSITORY, STUDY, Document, corpus, documents

SEED, COUNT = 20261120, 20_000
PLACES = {
    "location": "locations/cellar-workbench.yaml",
    "task": "tasks/press-button.yaml",
    "approach": "approaches/enriched.yaml",
    "gate": "gates/splat-sharp.yaml",
    "study": "study.yaml",
}


class Door:
    """A small project in which one spec at a time is replaced and everything checked."""

    def __init__(self, root: Path) -> None:
        self.root, self.files = root, {"study.yaml": STUDY.encode()}
        for name in (*PLACES.values(), "approaches/baseline.yaml"):
            if name != "study.yaml":
                self.files[name] = (REPOSITORY / "specs" / name).read_bytes()
        for name, text in self.files.items():
            self._write(name, text)

    def answer(self, document: Document) -> tuple[list[Diagnostic], str]:
        """What `check` finds with the document in its kind's place, and all of it as text."""
        name = PLACES[document.kind]
        self._write(name, document.text)
        project = load_project(self.root)
        found = check(project)
        self._write(name, self.files[name])
        return found, "\n".join(render_text(d, project.lines(d.span.file), colour=False) for d in found)

    def _write(self, name: str, text: bytes) -> None:
        path = self.root / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def survey(root: Path, count: int) -> tuple[Counter[str], float, str]:
    """How many documents gave codes of which families, the most CPU seconds of one, and a digest of all answers."""
    door, families, longest, said = Door(root), Counter[str](), 0.0, hashlib.sha256()
    assert [d for d in door.answer(Document("study", STUDY.encode(), ""))[0] if d.severity == "error"] == []
    for number, document in enumerate(documents(SEED, count)):
        begin = time.process_time()
        try:
            found, text = door.answer(document)
        except Exception as error:
            error.add_note(f"document {number}, a {document.kind} from {document.origin}: {document.text!r}")
            raise
        longest = max(longest, time.process_time() - begin)
        assert "\x1b" not in text, document
        for name, render in RENDERERS.items():
            if number % 20 == 0:
                assert render(found) == render(found), name
        families.update({d.code[0] for d in found} or {"fine"})
        said.update(text.encode("utf-8", "surrogatepass"))
        if number % 10 == 0:
            assert door.answer(document)[1] == text, document
    return families, longest, said.hexdigest()


@pytest.mark.slow
def test_twenty_thousand_documents_end_in_an_answer(tmp_path: Path) -> None:
    families, longest, _ = survey(tmp_path, COUNT)
    assert longest < 1
    assert min(families[family] for family in ("fine", "Y", "S", "R", "X")) > 200, families


def test_another_process_says_the_same(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.compiler.reading.test_fuzz import survey\n"
        "print(survey(Path(sys.argv[1]), 300)[2])"
    )
    answers = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", program, str(tmp_path)]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
        answers.add(done.stdout)
    assert len(answers) == 1


@given(st.sampled_from(corpus()), st.lists(st.tuples(st.sampled_from(EDITS), st.randoms()), min_size=1, max_size=5))
@settings(max_examples=300)
def test_reading_what_hypothesis_makes_of_a_spec(document: Document, edits: list) -> None:
    text = document.text
    for edit, rng in edits:
        text = edit(rng, text)
    source, again = read_source(text, "f.yaml"), read_source(text, "f.yaml")
    assert (source.diagnostics, repr(source.value)) == (again.diagnostics, repr(again.value))
    assert len(list(source.spans)) == len(source.spans)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        families, longest, _ = survey(Path(folder), COUNT)
        shown = ", ".join(f"{family} {n}" for family, n in sorted(families.items()))
        spent = time.process_time() - begin
        sys.stdout.write(f"{COUNT} documents, {spent:.0f} CPU-s: {shown}; longest {longest:.3f} CPU-s\n")
