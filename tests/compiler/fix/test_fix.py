"""`check --fix`: only what is safe, only where it was asked for, and no byte that no edit touches."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.cli import main
from compiler.diagnostics.diagnostic import Diagnostic, Fix, Span, meant, same_id
from compiler.fix.apply import Document, edited, write_document
from compiler.fix.edits import Edit, edit_of, scalar
from compiler.fix.order import UNORDERED
from compiler.fix.propose import Proposal, propose
from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.project.project import Project
from compiler.reading.source import read_source
from tests.conftest import REPOSITORY
from tests.errors.cases import base

STUDY = "specs/study.yaml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base().write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rewrite(path: Path, *pairs: tuple[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return text


def proposed(root: Path) -> Proposal:
    def load(overlay: Mapping[str, str]) -> Project:
        return load_project(root, overlay=overlay)

    return propose(load)


def mended(written: str, code: str, line: int, start: int, end: int, fix: Fix) -> str | None:
    """The text once the fix is made; None where the text is not as simple as it needs."""
    wrong = Diagnostic(code, "x", Span("specs/a.yaml", line, start, line, end), fix=fix)
    edit = edit_of(wrong, written.splitlines())
    return None if edit is None else edited(written, [edit])[0]


@pytest.mark.parametrize(
    ("written", "span", "fix", "becomes"),
    [
        ("kind: wlak\n", (7, 11), Fix("word", "walk", "wlak"), "kind: walk\n"),
        ("kind: 'wlak' # x\n", (7, 13), Fix("word", "walk", "wlak"), "kind: 'walk' # x\n"),
        ('kind: "wlak"\r\n', (7, 13), Fix("word", "walk", "wlak"), 'kind: "walk"\r\n'),
        ("a: one\n", (4, 7), Fix("word", "1", "one"), "a: '1'\n"),
        ("a: *x\n", (4, 6), Fix("word", "walk", "wlak"), None),
        ('a: "w\\x6cak"\n', (4, 13), Fix("word", "walk", "wlak"), None),
        ("a: other\n", (4, 9), Fix("word", "walk", "wlak"), None),
        ("title: 12\n", (8, 10), Fix("quote"), 'title: "12"\n'),
        ("title: -1e3 # y\n", (8, 12), Fix("quote"), 'title: "-1e3" # y\n'),
        ("title: true\n", (8, 12), Fix("quote"), 'title: "true"\n'),
        ("title: '12'\n", (8, 12), Fix("quote"), None),
        ("n: '12'\n", (4, 8), Fix("unquote"), "n: 12\n"),
        ("a: yes # x\n", (4, 7), Fix("value", "true", "yes"), "a: true # x\n"),
        ("a: 'off'\n", (4, 9), Fix("value", "false", "off"), "a: false\n"),
        ("n: 'twelve'\n", (4, 12), Fix("unquote"), None),
        ("x: [a, b, a]\n", (11, 12), Fix("remove"), "x: [a, b]\n"),
        ("x: [a, b , a ]\n", (12, 13), Fix("remove"), "x: [a, b ]\n"),
        ("x: [ a, b]\n", (6, 7), Fix("remove"), "x: [ b]\n"),
        ("  - a # why\n", (5, 6), Fix("remove"), None),
        ("- a", (3, 4), Fix("remove"), ""),
        ("- a\r\n", (3, 4), Fix("remove"), ""),
        ("x: [a]\n", (5, 6), Fix("remove"), None),
        ("  a,\n", (3, 4), Fix("remove"), ""),
    ],
)
def test_one_edit(written: str, span: tuple[int, int], fix: Fix, becomes: str | None) -> None:
    assert mended(written, "S101", 1, *span, fix) == becomes


@given(st.text(max_size=20))
def test_a_word_is_written_so_that_it_reads_as_itself(word: str) -> None:
    source = read_source(f"a: {scalar(word)}\nb: [{scalar(word)}]\n", "a.yaml")
    if source.readable and "\n" not in word and "\r" not in word:
        assert source.value == {"a": word, "b": [word]}


def test_only_a_single_close_word_is_sure() -> None:
    assert meant("wlak", ["walk", "orbit"]) == Fix("word", "walk", "wlak")
    assert meant("walk-1", ["walk-2", "walk-3"]) is None
    assert meant("zzz", ["walk"]) is None
    assert meant("wk", ["walk"]) is None


def test_an_id_is_a_person_s_own_word() -> None:
    known = ["enriched", "cellar-workbench", "site-11"]
    assert same_id("cellar_workbench", known) == Fix("word", "cellar-workbench", "cellar_workbench")
    assert same_id("cellarworkbench", known) == Fix("word", "cellar-workbench", "cellarworkbench")
    assert [same_id(w, known) for w in ("enriched-v2", "enrichd", "cellar-workbench-2", "site-1-1", "site-1")] == [None] * 5


def test_every_kind_of_fix(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(
        root / STUDY,
        ("title: Base", "title: 12  # twelve"),
        ("[cellar]", "[cell-ar]"),
        ("approaches:", "aproaches:"),
        ("targets: [coverage]", "targets:\n- splat\n- capture\n- splat\n"),
        ("seeds: [0, 1]", "seeds: ['0', 1]"),
        ("no_teleoperation: true", "no_teleoperation: yes"),
    )
    rewrite(root / "specs/tasks/press.yaml", ("press_button", "pres_button"))
    rewrite(root / "specs/approaches/bold.yaml", ("policy:", "polcy:"))
    assert main(["check", "--fix", "--yes"]) == 0
    said = capsys.readouterr()
    assert "-aproaches: [baseline, bold]\n+approaches: [baseline, bold]" in said.out
    assert "all specs are fine" in said.err
    text = (root / STUDY).read_text(encoding="utf-8")
    assert text.startswith('title: "12"  # twelve\nlocations: [cellar]\n')
    assert "targets:\n- capture\n- splat\n" in text
    assert "seeds: [0, 1]" in text
    assert "no_teleoperation: true" in text
    assert "press_button" in (root / "specs/tasks/press.yaml").read_text(encoding="utf-8")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.yaml")}
    assert main(["check", "--fix", "--yes"]) == 0
    assert "nothing to fix" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*.yaml")}


def test_without_a_terminal_only_the_diff_is_shown(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = rewrite(root / STUDY, ("[cellar]", "[cell-ar]"))
    assert main(["check", "--fix"]) == 1
    said = capsys.readouterr()
    assert "-locations: [cell-ar]\n+locations: [cellar]" in said.out
    assert "nothing was written" in said.err
    assert (root / STUDY).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("\n", False)])
def test_at_a_terminal_it_asks(root: Path, answer: str, written: bool) -> None:
    import pty

    rewrite(root / STUDY, ("[cellar]", "[cell-ar]"))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "compiler.cli", "check", "--fix"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=root, env=environment) as process:
        os.close(theirs)
        said = b""
        while b"[y/N]" not in said and process.poll() is None:
            said += os.read(ours, 4096)
        os.write(ours, answer.encode())
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:  # the other end is closed
            pass
        assert process.wait(30) == (0 if written else 1)
    os.close(ours)
    assert ("[cellar]" in (root / STUDY).read_text(encoding="utf-8")) is written


def test_bytes_elsewhere_stay(root: Path) -> None:
    path = root / STUDY
    rewrite(path, ("[cellar]", "[cell-ar] # 🤖"))
    content = b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n").rstrip(b"\r\n")
    path.write_bytes(content)
    path.chmod(0o640)
    assert main(["check", "--fix", "--yes"]) == 0
    assert path.read_bytes() == content.replace(b"cell-ar", b"cellar")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert {p.suffix for p in (root / "specs").rglob("*") if p.is_file()} == {".yaml"}


def test_links_and_files_elsewhere_are_left_alone(root: Path) -> None:
    rewrite(root / STUDY, ("[cellar]", "[cell-ar]"))
    (root / "elsewhere.yaml").write_bytes((root / STUDY).read_bytes())
    (root / STUDY).unlink()
    (root / STUDY).symlink_to("../elsewhere.yaml")
    (root / "simkiln.local.yaml").write_text("rots: {}\n", encoding="utf-8")
    assert {d.code for d in check(load_project(root)) if d.fix} == {"R201", "S101"}
    assert proposed(root).texts == {}
    (root / "real").mkdir()
    (root / "specs/approaches").rename(root / "real/approaches")
    (root / "specs/approaches").symlink_to("../real/approaches")
    rewrite(root / "real/approaches/bold.yaml", ("policy:", "polcy:"))
    assert proposed(root).texts == {}


def test_a_file_that_changed_meanwhile_is_left_alone(root: Path) -> None:
    content = (root / STUDY).read_bytes()
    document = Document(root / STUDY, STUDY, content, content.decode())
    (root / STUDY).write_bytes(content + b"# more\n")
    with pytest.raises(ValueError, match="changed meanwhile"):
        write_document(document, "x: 1\n")
    assert (root / STUDY).read_bytes() == content + b"# more\n"


def test_what_would_make_it_worse_is_not_done(root: Path) -> None:
    """A rename would collide with the key that is there: the good fix beside it is made all the same."""
    rewrite(root / STUDY, ("title: Base", "title: Base\ntitel: Other"), ("[cellar]", "[cell-ar]"))
    found = proposed(root)
    assert "titel: Other" in found.texts[STUDY]
    assert "[cellar]" in found.texts[STUDY]
    assert [d.code for d in found.left] == ["S101"]


def test_overlapping_edits_are_not_made_together() -> None:
    one, two = Edit(Span("a", 1, 1, 1, 4), "x"), Edit(Span("a", 1, 3, 1, 6), "y")
    assert edited("abcdefg", [two, one]) == ("xdefg", [one])


def test_flags_that_do_not_go_together(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--fix", "--format", "json"]) == 2
    assert main(["check", "--yes"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("key", ["targets", "locations", "tasks", "approaches", "gates", "seeds"])
def test_only_lists_without_an_order_are_sorted(key: str, root: Path) -> None:
    """The addresses of all nodes say whether the order of a list means something."""
    lists = {
        "locations": "[cellar, attic]",
        "tasks": "[press, poke]",
        "approaches": "[bold, baseline]",
        "gates": "[sharp, deep]",
        "targets": "[splat, capture]",
        "seeds": "[1, 0]",
    }
    for kind, name, other in (("locations", "cellar", "attic"), ("tasks", "press", "poke")):
        (root / f"specs/{kind}/{other}.yaml").write_bytes((root / f"specs/{kind}/{name}.yaml").read_bytes())
    rewrite(root / "specs/locations/attic.yaml", ("seed: 1", "seed: 2"))
    with (root / "specs/tasks/poke.yaml").open("a", encoding="utf-8") as file:
        file.write("horizon_s: 5\n")
    (root / "specs/gates").mkdir(exist_ok=True)
    for gate, threshold in (("sharp", 20), ("deep", 10)):
        (root / f"specs/gates/{gate}.yaml").write_text(
            f"title: Gate\nmetric: psnr\nstage: splat\ncomparator: at_least\nthreshold: {threshold}\n", encoding="utf-8"
        )
    rewrite(
        root / STUDY,
        ("[cellar]", lists["locations"]),
        ("[press]", lists["tasks"]),
        ("[0, 1]", lists["seeds"]),
        ("[baseline, bold]", lists["approaches"]),
        ("[coverage]", lists["targets"]),
    )
    with (root / STUDY).open("a", encoding="utf-8") as file:
        file.write(f"gates: {lists['gates']}\n")
    before = addresses(root)
    ordered = ", ".join(sorted(lists[key].strip("[]").split(", ")))
    rewrite(root / STUDY, (f"{key}: {lists[key]}", f"{key}: [{ordered}]"))
    assert (addresses(root) == before) is (key in UNORDERED["study"])


def addresses(root: Path) -> set[tuple[str, str]]:
    project = load_project(root)
    wrong = [d for d in check(project) if d.severity == "error"]
    assert wrong == []
    return set(expand(project, "study").nodes)


WORDS = {
    "locations: [cellar]": ("locations: [celar]", "locations: [cell-ar]", "locations: [cellar, cellar]", "locations: cellar"),
    "title: Base": ("title: 12", "title: true", "titel: Base", "title: ''"),
    "targets: [coverage]": ("targets: [splat, coverage]", "targets: [coverge]", "targets: [coverage, coverage]"),
    "seeds: [0, 1]": ("seeds: ['0', 1]", "seeds: [0, 0]", "seeds: [0, one]"),
    "no_teleoperation: true}": ("no_teleop: true}", "no_teleoperation: yes}", "no_teleoperation: 'true'}"),
    "baseline: baseline": ("baseline: baselin", "base: baseline", "'baseline': \"baseline\""),
    "tasks: [press]": ("tasks:\n  - press\n  - press\n", "tasks: [pres]  # one", "tasks: [&x press, *x]"),
}


@given(data=st.data())
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fixing_never_makes_it_worse(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The number of errors never grows, values that no fix names stay, and a second run finds nothing."""
    root = tmp_path_factory.mktemp("p")
    base().write(root)
    for old, news in WORDS.items():
        rewrite(root / STUDY, (old, data.draw(st.sampled_from((old, *news)))))
    before = check(load_project(root))
    found = proposed(root)
    after = check(load_project(root, overlay=found.texts))
    assert after == found.left
    assert errors(after) <= errors(before)
    assert bool(found.texts) >= bool(found.mended)
    for name, text in found.texts.items():
        was, now = leaves(read_source(root / name, name).value), leaves(read_source(text, name).value)
        fixes = sum(d.fix is not None for d in before if d.span.file == name)
        changed = [leaf for leaf in now if leaf not in was and leaf[0][0] != "targets"]
        assert len(changed) <= fixes + found.mended
        (root / name).write_text(text, encoding="utf-8")
    assert proposed(root).texts == {}


@pytest.fixture(scope="module")
def own_specs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository's specs."""
    root = tmp_path_factory.mktemp("own")
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    return root


@given(data=st.data())
@settings(max_examples=60)
def test_slips_of_the_finger_in_our_own_specs(data: st.DataObject, own_specs: Path) -> None:
    """Characters dropped, swapped and added: never more errors than before, and nothing left to fix."""
    path = data.draw(st.sampled_from(sorted((own_specs / "specs").rglob("*.yaml"))))
    text = written = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 2))
        slips = (text[at + 1] + text[at], text[at + 1], "x" + text[at : at + 2], "'" + text[at : at + 2])
        text = text[:at] + data.draw(st.sampled_from(slips)) + text[at + 2 :]
    try:
        path.write_text(text, encoding="utf-8")
        before, found = check(load_project(own_specs)), proposed(own_specs)
        assert errors(found.left) <= errors(before)
        assert set(found.texts) <= {path.relative_to(own_specs).as_posix()}
        for new in found.texts.values():
            path.write_text(new, encoding="utf-8")
        assert proposed(own_specs).texts == {}
    finally:
        path.write_text(written, encoding="utf-8")


def errors(diagnostics: list[Diagnostic]) -> int:
    return sum(d.severity == "error" for d in diagnostics)


def leaves(value: Any, path: tuple[str | int, ...] = ("",)) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        return [leaf for key, child in value.items() for leaf in leaves(child, (*path[path[0] == "" :], key))]
    if isinstance(value, list):
        return [leaf for i, child in enumerate(value) for leaf in leaves(child, (*path, i))]
    return [(path, repr(value))]
