"""A domain of its own is one row in `runtime/bound/domain.py`, and a stage that makes trials there."""

import json
import subprocess
import sys
from pathlib import Path

from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from tests import REPOSITORY
from tests.errors.cases import base

PROGRAM = """
import json, sys, types
from pathlib import Path

path = Path("runtime/bound/domain.py")
row = '    "pilot": DomainRow("pilot bench", "on the pilot bench", True, "irl", ("simulation", "transfer"), "irl_proxy"),'
before = '    "irl_proxy": DomainRow('
module = types.ModuleType("runtime.bound.domain")
sys.modules["runtime.bound.domain"] = module
exec(compile(path.read_text().replace(before, row + before, 1), str(path), "exec"), module.__dict__)

from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.report.drawing.words import by_reality, domain
from runtime.stage import Params, one, stage


class Nothing(Params):
    pass


@stage(version=1, kind="trials", role="trials", domains=("pilot",), makes={"trials": "trials.parquet"},
       per=("location", "task", "approach", "seed", "domain", "look"), needs={"policy": one("policy")})
def bench(p: Nothing, policy, out):
    return {}


project = load_project(Path(sys.argv[1]))
errors = [f"{d.code}: {d.message}" for d in check(project, "study") if d.severity == "error"]
graph = expand(project, "study")
uplift = next(n for n in graph.nodes.values() if n.stage.role == "evidence")
print(json.dumps({
    "errors": errors,
    "trials": [n.label for n in uplift.inputs["trials"]],
    "order": by_reality(["twin", "pilot"]), "words": domain("pilot"),
}))
"""


def test_a_row_and_a_stage_are_all_it_takes(tmp_path: Path) -> None:
    base().write(tmp_path)
    study = tmp_path / "specs" / "study.yaml"
    study.write_text(study.read_text().replace("{twin: 10, irl_proxy: 10}", "{twin: 10, pilot: 5}"))
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["errors"] == []
    cells = [f"cellar/press/{approach}/{seed}" for approach in ("baseline", "bold") for seed in (0, 1)]
    assert found["trials"] == [label for cell in cells for label in (f"evaluate/{cell}/twin", f"bench/{cell}/pilot")]
    assert (found["order"], found["words"]) == (["pilot", "twin"], "pilot bench")


def test_trials_in_own_world_models_are_made_and_reported_where_targets_name_them(tmp_path: Path) -> None:
    base().write(tmp_path)
    study = tmp_path / "specs" / "study.yaml"
    named = "sets: {pretrain: [cellar]}\ntargets: [own_world]\n"
    for more, expected in (("", []), (named, [f"own_world/cellar/press/{a}/{s}" for a in ("baseline", "bold") for s in (0, 1)])):
        study.write_text(study.read_text().replace("targets: [coverage]\n", "") + more)
        project = load_project(tmp_path)
        assert [d.code for d in check(project, "study") if d.severity == "error"] == []
        graph = expand(project, "study")
        (report,) = [node for node in graph.nodes.values() if node.stage.role == "report"]
        assert [node.label for node in report.inputs["own_worlds"]] == expected
        assert any(node.stage.role == "own" for node in graph.nodes.values()) == bool(expected)
