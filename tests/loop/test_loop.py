"""The whole loop by Snakemake itself, and what is built again after an edit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
import yaml

from compiler.store.index import StoreIndex
from runtime.backend import DEFAULTS
from runtime.build.closure import SEAM
from runtime.build.code_digest import closures
from runtime.stage import load_stages
from tests import REPOSITORY
from tests.loop.project import LEARNING, SmallProject

pytestmark = pytest.mark.slow


class Traced(SmallProject):
    """Each of its processes notes what it used of our code."""

    def environment(self) -> dict[str, str]:
        known = super().environment()
        path = f"{Path(__file__).parent / 'traced'}{os.pathsep}{known['PYTHONPATH']}"
        return known | {"PYTHONPATH": path, "SIMKILN_TRACE": str(self.root / "trace"), "SIMKILN_NO_WARM": "1"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = Traced(tmp_path_factory.mktemp("project"), LEARNING)
    (project.root / "trace").mkdir()
    planned = len(project.to_build())
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-4000:]
    assert project.verify() == planned
    return project


def test_every_planned_artifact_is_published_and_the_report_is_there(built: SmallProject) -> None:
    assert built.to_build() == set()
    html = (built.root / "build" / "report" / "study.html").read_text()
    assert "A small study" in html
    assert "simkiln:labels" not in html


def test_all_that_a_job_uses_of_our_code_counts_in_its_address(built: SmallProject) -> None:
    """Static closures against what jobs imported and opened; what every job has before its stage runs is not the stage's."""
    carry = "import sys, runtime.__main__, runtime.build.execute, runtime.build.guard, runtime.build.show, runtime.tracking.log"
    program = f"{carry}; from runtime.stage import load_stages; load_stages(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    before = set(done.stdout.split()) | SEAM
    seen = set()
    for trace in (built.root / "trace").glob("*.json"):
        said = json.loads(trace.read_text())
        stage = said["words"][1] if said["words"][0].endswith("runtime/__main__.py") else None
        if stage is not None:
            seen.add(stage)
            roles = [f"{role}/{DEFAULTS[role]}" for role in load_stages()[stage].backends]
            closures_of = closures([stage, *roles]).values()
            assert set(said["modules"]) - before <= {name for one in closures_of for name in one.modules}, stage
            files = {p.relative_to(REPOSITORY).as_posix() for one in closures_of for p in one.data.values()}
            planned = {"runtime/stages/versions.json", *(f"runtime/backends/{role.replace('/', '_')}.toml" for role in roles)}
            assert set(said["data"]) - planned <= files, stage
    assert seen >= {"capture", "splat", "twin", "coverage", "demos", "enrichment", "policy", "evaluate", "uplift", "report"}


def test_manifests_tell_what_building_took_and_what_it_was_for(built: SmallProject) -> None:
    facts = StoreIndex(built.store.root, built.root / "build" / "cache" / "store.sqlite").facts()
    assert {fact.label for fact in facts} == built.plan().keys()
    assert all(fact.cpu_s > 0 and fact.peak_mb > 30 and fact.bytes > 0 and fact.cores > 0 for fact in facts)
    (splat,) = [fact for fact in facts if fact.stage == "splat"]
    assert splat.scopes == ({"location": "place", "approach": "baseline"}, {"location": "place", "approach": "enriched"})
    assert splat.backends.startswith("renderer=numba")
    manifest = built.store.manifest(*splat.address)
    where = manifest["environment"]
    assert where["libraries"]["numpy"].startswith(manifest["libraries"]["numpy"])
    assert {"torch", "torchvision", "mujoco", "lerobot", "pycolmap", "scipy", "av", "numba"} <= where["libraries"].keys()
    assert where["python"].startswith("CPython 3.12")
    assert where["numba_cpu"]
    assert (manifest["code"], manifest["digests"].keys()) == ("", {"splat", "renderer/numba"})


def test_trials_are_one_table_with_the_same_initial_states(built: SmallProject) -> None:
    (node,) = [n for label, n in built.plan().items() if label.startswith("uplift")]
    table = pyarrow.parquet.read_table(built.store.path("uplift", node["fingerprint"]) / "trials.parquet")
    rows = table.to_pylist()
    assert {(r["approach"], r["domain"], r["seed"]) for r in rows} == {
        (a, d, s) for a in ("baseline", "enriched") for d in ("twin", "irl_proxy") for s in (0, 1)
    }
    states = {frozenset(r["initial_state"] for r in rows if r["approach"] == a) for a in ("baseline", "enriched")}
    assert len(states) == 1
    assert all(bool(r["failure_mode"]) != r["success"] for r in rows)


def test_key_figures_are_measured_at_every_stage(built: SmallProject) -> None:
    """Artifacts of real stages feed them: variants that were checked, the expert's own trials, trials, and the gap."""
    pack = json.loads((built.root / "build" / "report" / "study.json").read_text())["kpi"]
    assert pack["not_run"] == ["irl"]
    assert (len(pack["weeks"]), pack["undated"]) in ((1, 0), (2, 0))  # the build may have run into a new week
    n = {(r["kpi"], r["approach"]): r["n"] for r in pack["rows"] if r["location"] == "place"}
    assert n["artifact_pass_rate", "enriched"] >= 4
    assert ("artifact_pass_rate", "baseline") not in n
    assert n["world_model", "baseline"] == n["world_model", "enriched"] == 40
    assert n["irl_proxy", "baseline"] == n["gap", "baseline"] == 2 * 3
    done = built.simkiln("kpi")
    assert done.returncode == 0
    assert "a trend needs three weeks" in done.stdout


def test_learning_curves_end_where_the_trials_are(built: SmallProject) -> None:
    plan = built.plan()
    for approach, seed in (("baseline", 0), ("enriched", 1)):
        cell = f"place/press-button/{approach}/{seed}"
        curve, trials = plan[f"learning/{cell}"], plan[f"evaluate/{cell}/twin"]
        points = pyarrow.parquet.read_table(built.store.path("learning", curve["fingerprint"]) / "learning.parquet").to_pylist()
        done = pyarrow.parquet.read_table(built.store.path("evaluate", trials["fingerprint"]) / "trials.parquet").to_pylist()
        assert [p["step"] for p in points] == [2, 2, 4, 4]
        names = ("initial_state", "success", "score", "failure_mode")
        assert [[p[n] for n in names] for p in points[2:]] == [[d[n] for n in names] for d in done[:2]]
    report = json.loads((built.root / "build" / "report" / "study.json").read_text())
    assert {(row["approach"], row["location"]) for row in report["learning"]["rows"]} == {
        ("baseline", "place"),
        ("enriched", "place"),
    }
    again = built.simkiln("recompute")
    assert again.returncode == 0, again.stdout + again.stderr


def test_second_run_does_nothing(built: SmallProject) -> None:
    before = {p: p.stat().st_mtime_ns for p in (built.root / "store").rglob("*")}
    done = built.snakemake()
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout + done.stderr
    assert {p: p.stat().st_mtime_ns for p in (built.root / "store").rglob("*")} == before


def test_a_lost_snakemake_folder_changes_nothing(built: SmallProject) -> None:
    shutil.rmtree(built.root / ".snakemake", ignore_errors=True)
    done = built.snakemake()
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout + done.stderr
    built.verify()


def test_titles_and_comments_rebuild_nothing(built: SmallProject) -> None:
    path = built.root / "specs" / "study.yaml"
    text = path.read_text()
    try:
        path.write_text("# a comment\n\n" + text.replace("A small study", "Another <b>title</b>"))
        assert built.to_build() == set()
        assert built.simkiln("report").returncode == 0
        html = (built.root / "build" / "report" / "study.html").read_text()
        assert "Another &lt;b&gt;title&lt;/b&gt;" in html
    finally:
        path.write_text(text)


def test_one_parameter_rebuilds_what_depends_on_it_and_the_old_value_reuses(built: SmallProject) -> None:
    path = built.root / "specs" / "approaches" / "enriched.yaml"
    text = path.read_text()
    try:
        changed = yaml.safe_load(text)
        changed.setdefault("stages", {}).setdefault("policy", {})["learning_rate"] = 0.000123
        path.write_text(yaml.safe_dump(changed))
        stages = {label.split("/")[0] for label in built.to_build()}
        assert {"policy", "evaluate", "uplift", "report"} <= stages
        assert stages.isdisjoint({"capture", "splat", "twin", "coverage", "demos", "enrichment"})
        assert all("enriched" in label for label in built.to_build() if label.startswith(("policy", "evaluate")))
        why = built.simkiln("why", "policy/place/press-button/enriched/0")
        assert "learning_rate" in why.stdout
        assert "enriched.yaml:" in why.stdout
    finally:
        path.write_text(text)
    assert built.to_build() == set()


def test_why_and_where(built: SmallProject) -> None:
    where = built.simkiln("where", "splat/place")
    assert where.returncode == 0
    assert (built.root / where.stdout.strip() / "manifest.json").is_file()
    assert "not built" in built.simkiln("why", "splat/place").stdout
    lost = built.simkiln("why", "splat/palce")
    assert lost.returncode == 2
    assert "did you mean" in lost.stderr


def test_damaged_artifacts_fail_by_name_and_are_built_again_once_removed(built: SmallProject) -> None:
    node = built.plan()["splat/place"]
    folder = built.store.path("splat", node["fingerprint"])
    content = (folder / "splat.ply").read_bytes()
    (folder / "splat.ply").write_bytes(content[: len(content) // 2])
    with pytest.raises(Exception, match="splat"):
        built.verify()
    built.store.set_aside("splat", node["fingerprint"])
    assert "splat/place" not in built.to_build()  # nothing that is missing reads it
    coverage = built.plan()["coverage/place"]
    built.store.set_aside("coverage", coverage["fingerprint"])
    assert built.to_build() == {"splat/place", "coverage/place"}
    assert built.snakemake().returncode == 0
    assert (folder / "splat.ply").read_bytes() == content, "the same plan gives the same bytes"
    built.verify()


def test_same_plan_gives_the_same_numbers(built: SmallProject, tmp_path: Path) -> None:
    other = SmallProject(tmp_path, LEARNING)
    labels = [f"evaluate/place/press-button/baseline/0/{domain}" for domain in ("twin", "irl_proxy")]
    assert {k: other.plan()[k]["fingerprint"] for k in labels} == {k: built.plan()[k]["fingerprint"] for k in labels}
    assert other.snakemake().returncode == 0
    for label in labels:
        stage, name = "evaluate", built.plan()[label]["fingerprint"]
        ours = json.loads((built.store.path(stage, name) / "manifest.json").read_text())["files"]["trials.parquet"]
        theirs = json.loads((other.store.path(stage, name) / "manifest.json").read_text())["files"]["trials.parquet"]
        assert ours == theirs
