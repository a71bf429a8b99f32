"""One more folder in `runtime/sim/tasks/` is one more kind of task, from its YAML to judged trials, and changes one schema."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import REPOSITORY

CHAIN = """
import json, sys
from pathlib import Path
import numpy as np
from runtime.build.testing import run_stage
from runtime.sim.episodes.episodes import load_episodes, redraw
from runtime.sim.twin.twin import eyes_of, read_backdrops, read_model, read_twin

store, capture, scene = map(Path, sys.argv[1:])
task = {"kind": "push_cube", "instruction": "push the cube away", "horizon_s": 6.0}
twin = run_stage("twin", {"task": task}, {"capture": capture, "scene": scene}, store)
demos = run_stage("demos", {"episodes": 3, "scripted_tries": 0, "action_noise_rad": 0.01}, {"twin": twin}, store)
policy = run_stage("policy", {"steps": 2, "batch_size": 4, "held_out": 1, "seed": 0}, {"demos": demos}, store)
conditions = run_stage("conditions", {"task": task, "states": 2}, {}, store)
judged = {"policy": policy, "twin": twin, "conditions": conditions}
trials = run_stage("evaluate", {"domain": "twin", "trials": 2, "twice": 2}, judged, store)
facts, model = read_twin(twin), read_model(twin)
episode = load_episodes(demos / "episodes.npz")[0]
film = redraw(next(iter(eyes_of(model, facts, read_backdrops(twin, facts)).values())), episode, np.random.default_rng(0))
moved = float(np.ptp(episode.qpos[:, model.joint("cube/free").qposadr[0]]))
trial = json.loads((trials / "manifest.json").read_text())["metrics"]
print(json.dumps({"moved_m": moved, "film": film.shape, "trial": trial, "task": facts.task.model_dump()}))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code with one more folder in it, compiled kernels and all."""
    root = tmp_path_factory.mktemp("house")
    for name in ("compiler", "runtime", "rules", "schema", "docs"):
        shutil.copytree(REPOSITORY / name, root / name)
    shutil.copytree(REPOSITORY / "tests/runtime/sim/tasks/more/push_cube", root / "runtime/sim/tasks/push_cube")
    return root


def call(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=house, capture_output=True, text=True, env={"PYTHONPATH": str(house)})


def test_it_changes_one_schema(house: Path) -> None:
    assert call(house, "-m", "compiler.cli", "schema").stdout.split() == ["schema/task.schema.json"]
    schema = json.loads((house / "schema/task.schema.json").read_text())
    assert {"press_button", "push_cube"} < set(schema["discriminator"]["mapping"])
    assert schema["$defs"]["PushCube"]["properties"]["push_m"]["maximum"] == 0.2


def test_editors_offer_its_name_and_its_settings(house: Path) -> None:
    asked = """
from compiler.editor.fields import keys_at, values_at
print("push_cube" in values_at("task", ("kind",), {"kind": "x"}), "cube" in keys_at("task", (), {"kind": "push_cube"}))
print("button" in keys_at("task", (), {"kind": "push_cube"}), "policy" in keys_at("task", ("stages",), {"kind": "push_cube"}))
"""
    assert call(house, "-c", asked).stdout.splitlines() == ["True True", "False True"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cube: {edge_m: 0.5}", "S105 5:16 `edge_m` is `0.5`, but must be at most 0.06"),
        ("button: {travel_m: 0.01}", "S101 5:1 unknown key `button`"),
        ("cube: {edge_mm: 3}", "S101 5:8 unknown key `edge_mm`"),
        ("cube: {edge_m: 0.05}", ""),
    ],
)
def test_its_own_settings_are_held_against_its_own_model(house: Path, line: str, said: str) -> None:
    (house / "specs/tasks").mkdir(parents=True, exist_ok=True)
    modeline = "# yaml-language-server: $schema=../../schema/task.schema.json"
    text = f"{modeline}\ntitle: Push\nkind: push_cube\ninstruction: push the cube\n{line}\n"
    (house / "specs/tasks/push.yaml").write_text(text)
    done = call(house, "-m", "compiler.cli", "check", "--format", "json")
    found = json.loads(done.stdout)["diagnostics"]
    assert [f"{d['code']} {d['span']['line']}:{d['span']['col']} {d['message']}" for d in found] == ([said] if said else [])


def test_demos_are_made_drawn_and_learnt_from_and_trials_judged(
    house: Path, sim_captured: tuple[Path, Path], sim_store: Path
) -> None:
    done = call(house, "-c", CHAIN, str(sim_store), *map(str, sim_captured))
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["moved_m"] > 0.03
    assert found["film"][1:] == [48, 64, 3]
    assert found["trial"]["n"] == 2
    assert set(found["trial"]["failure_modes"]) <= {"never_touched", "not_far_enough"}
    assert found["task"]["cube"]["edge_m"] == 0.03
