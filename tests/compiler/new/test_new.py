"""`simkiln new`: every kind is valid at once, whatever people call it; nothing is overwritten or written outside."""

import io
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.cli import main
from compiler.laws.check import check
from compiler.new.membership import added
from compiler.project.load import load_project
from compiler.reading.source import read_source
from compiler.reading.writing import flow, scalar
from runtime.out import Out
from runtime.stage import REGISTRY, Params, one, places, stage
from tests import REPOSITORY
from tests.errors.cases import base

KINDS = {
    "location": ["--kind", "photos", "--root", "captures", "--path", "oak", "--poses", "none"],
    "task": ["--instruction", "push it"],
    "approach": ["--extends", "baseline", "--set", "policy.steps=900", "--input", "policy.demos=enrichment"],
    "gate": ["--metric", "uplift", "--approach", "bold", "--domain", "twin", "--comparator", "above"],
    "study": ["--trials", "twin=20,irl_proxy=20", "--seeds", "0,1,2", "--baseline", "baseline"],
}


class NoParams(Params):
    """Nothing to set."""


FOLDERS = {"location": "locations", "task": "tasks", "approach": "approaches", "gate": "gates", "study": "studies"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base().write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def errors(root: Path) -> list[str]:
    return [d.message for d in check(load_project(root)) if d.severity == "error"]


def test_a_study_by_the_template_has_the_six_headings_and_passes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(REPOSITORY / "specs", project / "specs", dirs_exist_ok=True)
    assert main(["new", "study", "ours", "--from", "template", "--phase", "2", "--trials", "irl_proxy=40"]) == 0
    text = (project / "specs" / "studies" / "ours.yaml").read_text()
    assert [line[2] for line in text.splitlines() if line.startswith("# ") and line[2].isdigit()] == list("123456")
    said = yaml.safe_load(text)
    assert said["constraints"] == {"no_new_real_data": True, "no_teleoperation": True}
    assert said["target_uplift"] == {"world_model": 6, "irl": 3}
    assert "pick-place-unseen" in said["tasks"]
    assert len(said["claims"]) == 1
    assert [d for d in check(load_project(project), "ours") if d.severity == "error"] == []
    assert main(["new", "study", "other", "--phase", "2"]) == 2
    assert "--from template" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_valid_at_once(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", kind, "oak-street", *KINDS[kind], "--title", 'a "b": @c 🌳']) == 0
    path = project / "specs" / FOLDERS[kind] / "oak-street.yaml"
    assert capsys.readouterr().out.split() == [os.path.relpath(path)]
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=../../schema/{kind}.schema.json\n# ")
    assert yaml.safe_load(text)["title"] == 'a "b": @c 🌳'
    assert errors(project) == []


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_alone_are_valid(kind: str, project: Path) -> None:
    assert main(["new", kind, "1e3"]) == 0
    assert errors(project) == []


@pytest.mark.parametrize(
    "words",
    [
        ["location", "a", "--kind", "splat", "--root", "splats", "--path", "a/b.ply", "--up", "0,-1,0"],
        ["location", "a", "--kind", "hidden_site", "--seed", "7", "--style", "lab"],
        ["gate", "a", "--metric", "psnr", "--stage", "splat", "--comparator", "between", "--threshold", "20,30"],
        ["study", "a", "--tasks", "", "--approaches", "", "--targets", "coverage,twin"],
    ],
)
def test_other_forms_of_a_kind(words: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fine = "twin" not in words[-1]
    assert main(["new", *words]) == (0 if fine else 2)
    assert errors(project) == []
    if not fine:
        assert "`twin` is made for each task, and the study has none" in capsys.readouterr().err


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=80) | st.sampled_from(["on", "null", "1e3", "0x1f", "---", "{{ x }}", "- a", "a #b"]))
def test_any_title_comes_back(title: str) -> None:
    try:
        text = f"title: {scalar(title)}\nlist: {flow([title, {title: title}])}\n"
    except ValueError:
        assert any(0xD800 <= ord(c) < 0xE000 for c in title)
        return
    source = read_source(text.encode(), "x.yaml")
    assert not source.diagnostics, source.diagnostics
    assert source.value == {"title": title, "list": [title, {title: title}]}
    assert yaml.safe_load(text) == source.value


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip))
def test_any_title_is_valid_at_once(title: str, project: Path) -> None:
    path = project / "specs" / "tasks" / "t.yaml"
    path.unlink(missing_ok=True)
    assert main(["new", "task", "t", "--instruction", "press it", f"--title={title}"]) == 0
    assert load_project(project).tasks["t"].title == title.strip()


def test_the_study_called_study_stands_beside_the_folders(project: Path) -> None:
    (project / "specs/study.yaml").unlink()
    assert main(["new", "study", "study"]) == 0
    text = (project / "specs/study.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schema/study.schema.json\n")
    assert errors(project) == []


def test_a_location_whose_photos_are_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    photos = project / "photos/oak/images"
    photos.mkdir(parents=True)
    assert main(["new", "location", "oak", "--root", "captures=photos"]) == 1
    assert "`specs/locations/oak.yaml` was not written" in capsys.readouterr().err
    for i in range(12):
        Image.new("RGB", (64, 48), (i, 120, 60)).save(photos / f"{i}.png")
    assert main(["new", "location", "oak", "--root", "captures=photos", "--add-to", "study"]) == 1
    assert "X412" in capsys.readouterr().err
    assert main(["new", "location", "oak", "--root", "captures=photos"]) == 0
    assert load_project(project).locations["oak"].source.model_dump()["root"] == "captures"


def test_nothing_is_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (project / "specs/locations/cellar.yaml").read_bytes()
    assert main(["new", "location", "cellar", "--kind", "hidden_site"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (project / "specs/locations/cellar.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "A", "a b", "", "a/b"])
def test_ids_cannot_be_paths(name: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = set(project.rglob("*"))
    assert main(["new", "task", name]) == 2
    assert "is not an id" in capsys.readouterr().err
    assert set(project.rglob("*")) == files


def test_a_folder_that_leaves_the_project_is_refused(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (project / "specs" / "gates").symlink_to(outside)
    assert main(["new", "gate", "g", "--approach", "bold"]) == 2
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["approach", "w", "--set", "policy.stebs=9"], "unknown key `stebs`; did you mean `steps`"),
        (["approach", "w", "--set", "policy=9"], "is not of the form STAGE.NAME=VALUE"),
        (["approach", "w", "--extends", "basline"], "did you mean `baseline`"),
        (["approach", "w", "--prior-irl", "5,1"], "upside down"),
        (["gate", "g", "--threshold", "1,2"], "needs a threshold of one number"),
        (["gate", "g", "--stage", "splat"], "`--stage` does not belong to such a gate"),
        (["location", "l", "--kind", "hidden_site", "--seed", "-1"], "must be at least 0"),
        (["study", "s", "--locations", "cellar,nowhere"], "unknown locations `nowhere`"),
        (["study", "s", "--trials", "twin"], "is not of the form NAME=VALUE"),
        (["task"], "which id?"),
    ],
)
def test_flags_are_refused_with_the_reason(
    words: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = set(project.rglob("*"))
    assert main(["new", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert set(project.rglob("*")) == files


def test_a_study_that_the_new_spec_would_break_stays_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (project / "specs/study.yaml").read_bytes()
    assert main(["new", "approach", "w", "--no-teleoperation", "no", "--add-to", "study"]) == 1
    assert "X404" in capsys.readouterr().err
    assert (project / "specs/study.yaml").read_bytes() == before
    assert not (project / "specs/approaches/w.yaml").exists()


def test_dry_run_writes_nothing_but_caches(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def files() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in project.rglob("*") if p != project and "build" not in p.parts}

    before = files()
    assert main(["new", "approach", "w", "--dry-run", "--add-to", "study"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["extends"] == "baseline"
    assert files() == before
    assert [p.name for p in project.glob("build/*")] in ([], ["cache"])


LISTS = [
    ("locations: [a, b]  # two\n", "locations: [a, b, new]  # two\n"),
    ("locations: []\n", "locations: [new]\n"),
    ("locations: [\n  a,  # first\n  b,  # second\n]\n", "locations: [\n  a,  # first\n  b, new,  # second\n]\n"),
    (
        "locations:\n  - a  # first\n  - 'b' # second\ntitle: x\n",
        "locations:\n  - a  # first\n  - 'b' # second\n  - new\ntitle: x\n",
    ),
    ("locations:\n- a\n- b", "locations:\n- a\n- b\n- new\n"),
    ("locations:\r\n  - a\r\ntitle: x\r\n", "locations:\r\n  - a\r\n  - new\r\ntitle: x\r\n"),
    ("title: x\n# the end\n", "title: x\n# the end\nlocations: [new]\n"),
    ("locations: [a, new]\n", "locations: [a, new]\n"),
    ("locations:\n  - &x a\n  - *x\n", "locations:\n  - &x a\n  - *x\n  - new\n"),
]


@pytest.mark.parametrize(("before", "after"), LISTS)
def test_an_id_is_added_and_comments_stay(before: str, after: str) -> None:
    assert added(before, "s.yaml", "location", "new") == after


@pytest.mark.parametrize("text", ["locations:\n", "a: &x [b]\nlocations: *x\n", "{title: x}\n", "locations: {a: b}\n", "a: [\n"])
def test_a_list_that_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"by hand|has errors"):
        added(text, "s.yaml", "location", "new")


def test_a_byte_order_mark_stays(project: Path) -> None:
    path = project / "specs/study.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert main(["new", "location", "loft", "--kind", "hidden_site", "--add-to", "study"]) == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbftitle: Base\r\nlocations: [cellar, loft]\r\n")
    assert errors(project) == []


def test_questions_on_a_terminal(project: Path) -> None:
    """A real terminal: a wrong answer is asked again with the reason, an empty one takes the default."""
    ours, theirs = pty.openpty()
    answers = ["Cellar", "cellar", "loft", "", "splatt", "hidden_site", "-3", "7", ""]
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    command = [sys.executable, "-m", "compiler.cli", "new", "location", "--add-to", "study"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, cwd=project, env=environment, stdin=theirs, capture_output=True, text=True, timeout=60, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, done.stderr
    for said in ("is not an id", "exists already", "did you mean `splat`", "must be at least 0", "[workshop]"):
        assert said in done.stderr
    assert done.stdout.split() == ["specs/locations/loft.yaml", "specs/study.yaml"]
    assert load_project(project).studies["study"].locations == ["cellar", "loft"]
    source = load_project(project).locations["loft"].source
    assert source.model_dump(include={"kind", "seed", "style"}) == {"kind": "hidden_site", "seed": 7, "style": "workshop"}
    assert errors(project) == []


def test_questions_that_end_early_write_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("A title\n"))
    assert main(["new", "task", "poke"]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert not (project / "specs/tasks/poke.yaml").exists()


def test_generated_approaches_are_judged_but_not_listed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "specs" / "approaches" / "bold.yaml"
    path.write_text(path.read_text() + "controls: {short: {stages: {policy: {steps: 5}}}}\n")
    assert main(["new", "study", "second", "--defaults"]) == 0
    assert "~" not in (project / "specs" / "studies" / "second.yaml").read_text()
    words = "--metric uplift --domain twin --comparator above --threshold 0 --add-to study --defaults".split()
    assert main(["new", "gate", "good", "--approach", "bold~short", *words]) == 0, capsys.readouterr().err
    assert errors(project) == []


def test_tasks_go_to_places_of_known_scale(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "location", "attic", "--kind", "photos", "--defaults"]) == 0
    assert main(["new", "study", "second", "--defaults"]) == 0
    assert main(["new", "study", "third", "--locations", "attic", "--defaults"]) == 0
    second, third = (yaml.safe_load((project / f"specs/studies/{name}.yaml").read_text()) for name in ("second", "third"))
    assert "attic" not in second["locations"]
    assert second["tasks"]
    assert not third.get("tasks")
    assert errors(project) == []
    assert main(["new", "study", "fourth", "--locations", "attic", "--tasks", "press", "--defaults"]) == 2
    assert "the scale of location `attic` is unknown" in capsys.readouterr().err


def test_a_study_is_judged_with_the_places_of_its_sets(project: Path) -> None:
    @stage(version=1, per=("set", "approach"), over="pretrain", needs={"demos": places("demos")}, makes={"model": "model.json"})
    def world(p: NoParams, demos: list[Path], out: Out) -> dict[str, Any]:
        """A model of many places."""
        return {}

    needs = {"world": one("world"), "start": one("policy")}

    @stage(version=1, kind="policy", per=("location", "task", "approach", "seed"), needs=needs, makes={"c": "checkpoint/"})
    def dreamed(p: NoParams, world: Path, start: Path, out: Out) -> dict[str, Any]:
        """A policy that goes on in the model."""
        return {}

    try:
        specs = project / "specs"
        (specs / "locations" / "attic.yaml").write_text("title: Attic\nsource: {kind: hidden_site, seed: 5}\n")
        bold = specs / "approaches" / "bold.yaml"
        bold.write_text(bold.read_text() + "inputs: {evaluate: {policy: dreamed}}\n")
        study = specs / "study.yaml"
        study.write_text(study.read_text() + "sets: {pretrain: [attic]}\n")
        assert main(["new", "location", "barn", *KINDS["location"], "--add-to", "study"]) == 1
        assert main(["new", "task", "push", *KINDS["task"], "--add-to", "study"]) == 0
    finally:
        del REGISTRY["world"], REGISTRY["dreamed"]
