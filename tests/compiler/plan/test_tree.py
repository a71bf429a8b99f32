"""What `simkiln plan` shows: marks, orphans, places of one shape together, and a form for programs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compiler.plan.changes import Mark
from compiler.plan.cost import Band, Estimate
from compiler.plan.overview import Overview, overview
from compiler.plan.study import open_project, plan_study
from compiler.plan.summary import footer, hours, size
from compiler.plan.tree import Place, lines
from compiler.spec.study import Budget
from tests import REPOSITORY
from tests.compiler.published import base_project, edit, planned, publish_all


def seen(root: Path, study: str = "study") -> Overview:
    project, plan = planned(root, study)
    return overview(project, plan, cores=2)


def marks(found: Overview) -> dict[str, Mark]:
    return {n.label: found.changes.mark(found.plan, n) for n in found.plan.graph.nodes.values()}


def text(found: Overview, every: bool = False) -> str:
    return "\n".join(line.text for line in lines(found.places(), found.plan.graph.study, every))


def simkiln(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
    command = [sys.executable, "-m", "compiler.cli", *words]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    root = base_project(tmp_path)
    publish_all(root)
    return root


def test_everything_is_new_in_an_empty_store(tmp_path: Path) -> None:
    found = seen(base_project(tmp_path))
    assert set(marks(found).values()) == {Mark.BUILD}
    assert found.counts["rebuild"] == found.counts["orphan"] == 0
    assert "cellar  (" in text(found)
    assert "\n  + capture 1, splat 1, " in text(found)


def test_nothing_is_to_be_done_in_a_full_one(built: Path) -> None:
    found = seen(built)
    assert set(marks(found).values()) == {Mark.REUSE}
    assert text(found) == "= cellar, study study: nothing to do"
    assert footer(found.counts, found.estimate) == [f"nothing to build; {found.counts['reuse']} reused"]


def test_nothing_is_indexed_where_nothing_is_to_be_done(built: Path) -> None:
    seen(built)
    assert not (built / "build" / "cache" / "store.sqlite").exists()


def test_a_new_value_rebuilds_and_the_old_artifacts_are_superseded(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    found = seen(built)
    rebuilt = {label for label, mark in marks(found).items() if mark is Mark.REBUILD}
    assert {label.split("/")[0] for label in rebuilt} == {"policy", "evaluate", "uplift", "report"}
    assert all("/bold/" in label for label in rebuilt if label.startswith(("policy", "evaluate")))
    assert Mark.BUILD not in marks(found).values()
    assert found.changes.orphans == ()
    assert {f.label for f in found.changes.superseded} == rebuilt
    (policy,) = [n for n in found.plan.graph.nodes.values() if n.label == "policy/cellar/press/bold/0"]
    assert found.changes.before[policy.address].label == policy.label
    assert "\n  ~ policy 2, evaluate 4\n  = " in text(found)
    publish_all(built)
    edit(built, "approaches/bold", "steps: 8", "steps: 7")
    assert set(marks(seen(built)).values()) == {Mark.REUSE}, "the old value finds the old artifacts"


def test_what_no_study_plans_is_an_orphan(built: Path) -> None:
    edit(built, "study", "approaches: [baseline, bold]", "approaches: [baseline]")
    found = seen(built)
    assert {f.stage for f in found.changes.orphans} == {"policy", "evaluate"}
    assert {f.scopes[0]["approach"] for f in found.changes.orphans} == {"bold"}
    assert {f.stage for f in found.changes.superseded} == {"uplift", "report"}
    assert "\n  - policy 2, evaluate 4" in text(found)
    assert found.counts["orphan"] == 8
    (built / "specs" / "studies").mkdir()
    other = (built / "specs" / "study.yaml").read_text().replace("[baseline]", "[baseline, bold]")
    (built / "specs" / "studies" / "other.yaml").write_text(other)
    assert seen(built).changes.orphans == (), "another study plans them"
    (built / "specs" / "studies" / "other.yaml").write_text(other.replace("[cellar]", "[lost]"))
    found = seen(built)
    assert (found.changes.orphans, found.changes.refused) == ((), ("other",))
    assert "orphans are not told: study `other` has errors" in simkiln(built, "plan").stdout


def test_a_location_that_no_study_names_any_more(built: Path) -> None:
    other = (built / "specs" / "locations" / "cellar.yaml").read_text().replace("seed: 1", "seed: 9")
    (built / "specs" / "locations" / "attic.yaml").write_text(other)
    edit(built, "study", "[cellar]", "[attic]")
    found = seen(built)
    shown = text(found)
    assert shown.index("attic  (") < shown.index("cellar\n  - capture 1, splat 1, ") < shown.index("study study")


def test_an_artifact_of_another_study_is_not_taken_for_an_older_version(built: Path) -> None:
    other = (built / "specs" / "study.yaml").read_text() + "stages: {splat: {iterations: 9}}\n"
    (built / "specs" / "studies").mkdir()
    (built / "specs" / "studies" / "other.yaml").write_text(other)
    found = seen(built, "other")
    assert marks(found)["splat/cellar"] is Mark.BUILD
    assert found.changes.superseded == ()


def test_manifests_without_scopes_are_no_orphans_of_anybody(built: Path) -> None:
    for path in (built / "store").glob("*/*/manifest.json"):
        old = json.loads(path.read_text())
        del old["scopes"], old["built"]
        path.write_text(json.dumps(old))
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    found = seen(built)
    assert found.counts["orphan"] == found.counts["rebuild"] == 0
    assert found.counts["build"] == 8


def place(name: str | None, *parts: tuple[Mark, str, int], cpu_s: float = 0.0) -> Place:
    return Place(name, parts, cpu_s)


def test_four_thousand_locations_fit_on_a_screen() -> None:
    idle = [place(f"oak-{i}", (Mark.REUSE, "capture", 1), (Mark.REUSE, "splat", 1)) for i in range(3896)]
    new = [place(f"elm-{i}", (Mark.BUILD, "capture", 1), (Mark.BUILD, "splat", 1), cpu_s=36.0) for i in range(100)]
    edited = [place(f"ash-{i}", (Mark.REBUILD, "splat", 1), (Mark.REUSE, "capture", 1)) for i in range(4)]
    whole = [place(None, (Mark.REBUILD, "uplift", 1))]
    shown = [line.text for line in lines([*idle, *new, *edited, *whole], "big")]
    assert shown == [
        "100 locations like elm-0  (60.0 CPU-min)",
        "  + capture 1, splat 1 each",
        "4 locations like ash-0",
        "  ~ splat 1 each",
        "  = capture 1 each",
        "study big",
        "  ~ uplift 1",
        "= 3,896 locations like oak-0: nothing to do",
    ]
    assert len(list(lines([*idle, *new], "big", every=True))) == 2 * 3996


def test_many_kinds_of_change_are_cut_off() -> None:
    many = [place(f"oak-{i}", (Mark.BUILD, "policy", i + 1)) for i in range(100)]
    shown = [line.text for line in lines(many, "big", limit=20)]
    assert len(shown) == 21
    assert shown[-1] == "... and 90 locations with 90 other kinds of change (--all shows each)"


def test_the_footer_needs_counts_alone() -> None:
    assert footer({"reuse": 100_000}) == ["nothing to build; 100,000 reused"]
    estimate = Estimate(Band(12.3, 9.8, 16.1), Band(2, 1, 4), Band(3.2), 0.5, 0.92, 6.2, 2, Band(5.5, 4, 7), "EUR")
    assert footer({"build": 3, "rebuild": 1, "reuse": 5, "orphan": 2}, estimate, Budget(cpu_hours=10), 5_000_000) == [
        "3 to build, 1 to rebuild, 5 reused, 2 orphans (5.0 MB)",
        "estimate: 12.3 CPU-h (9.8 to 16.1; 92% of it measured), 2.0 GPU-h (1.0 to 4.0), at least 3.2 GB of disk, "
        "5.50 EUR (4.00 to 7.00), at least 6.2 h on 2 cores",
        "over budget: 12.3 CPU-hours, and the study's `budget:` allows 10.0",
    ]


def test_amounts_for_people() -> None:
    assert [hours(h, "CPU") for h in (250, 1.6, 0.5, 0.001)] == ["250 CPU-h", "1.6 CPU-h", "30.0 CPU-min", "3.6 CPU-s"]
    assert [size(n, rough=True) for n in (2.5e12, 1.5e9, 1.5e6, 1e3)] == ["2.5 TB", "1.5 GB", "1.5 MB", "1.0 kB"]


def test_the_form_for_programs(built: Path) -> None:
    edit(built, "study", "approaches: [baseline, bold]", "approaches: [baseline]\nrates: {cpu_hour: 1}")
    done = simkiln(built, "plan", "--json")
    assert done.returncode == 0, done.stderr
    form: dict[str, Any] = json.loads(done.stdout)
    assert form["counts"] == form["counts"] | {"build": 0, "rebuild": 2, "not needed": 0, "orphan": 8}
    assert sum(n["state"] == "rebuild" for n in form["nodes"]) == 2
    assert len(form["orphans"]) == 8
    assert form["estimate"]["currency"] == "EUR"
    Draft202012Validator(json.loads((REPOSITORY / "schema" / "plan.schema.json").read_text())).validate(form)


def test_colour_only_on_a_terminal(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    assert "\x1b" not in simkiln(built, "plan").stdout
    coloured = on_terminal(built, "plan")
    assert "\x1b[33m  ~ policy 2, evaluate 4" in coloured
    assert "\x1b" not in on_terminal(built, "plan", NO_COLOR="1")


def on_terminal(root: Path, *words: str, **environment: str) -> str:
    import pty

    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env |= {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm-256color", **environment}
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "compiler.cli", *words], cwd=root, env=env, stdout=theirs) as job:
        os.close(theirs)
        found = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            found += part
        assert job.wait() == 0
    os.close(ours)
    return found.decode()


def test_a_read_only_project_is_planned(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    expected = simkiln(built, "plan").stdout
    for path in (built / "build").rglob("*"):
        path.unlink() if path.is_file() else None
    (built / "build" / "cache").rmdir()
    (built / "build").rmdir()
    (built / "build").write_text("not a folder")
    assert simkiln(built, "plan").stdout == expected


def test_planning_twice_is_the_same(built: Path) -> None:
    edit(built, "approaches/bold", "steps: 7", "steps: 8")
    project = open_project(built)
    first, second = (overview(project, plan_study(project, "study")).to_json() for _ in range(2))
    assert first == second
