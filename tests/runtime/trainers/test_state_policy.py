"""Training elsewhere, by a stand-in with the twin's own physics: the package, the checkpoint, agreement, what goes wrong."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.out import Out
from runtime.problem import InputError
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.so101 import SO101
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.reward import parts_of
from runtime.sim.twin.twin import read_twin
from runtime.stages.state_policy import StatePolicyParams, state_policy
from runtime.trainers.agreement import agreement, bench_of, play_here
from runtime.trainers.isaaclab import IsaacLab, Played
from runtime.trainers.package import Asked, command, write_package
from runtime.trainers.perceptron import read_perceptron
from tests.runtime.trainers.plain_twin import plain_twin, stand_in

MAKES = {"actor": "actor.npz", "package": "package/", "agreement": "agreement.json"}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain_twin(tmp_path_factory.mktemp("twin") / "twin")


def trained(folder: Path, twin: Path, fails: str = "", **params: Any) -> tuple[Path, dict[str, Any]]:
    trainer = IsaacLab([sys.executable, str(stand_in(folder / "lab.py", twin, fails))])
    asked = StatePolicyParams(environments=4, iterations=2, trials=6, device="cpu", **params)
    (folder / "made").mkdir()
    return folder / "made", state_policy(asked, twin, Out(folder / "made", MAKES, quiet=True), trainer)


def test_the_same_physics_agrees_and_another_does_not(twin: Path, tmp_path: Path) -> None:
    made, found = trained(tmp_path, twin, randomise={"width": 0.5})
    assert found["joint_rmse_rad"] == pytest.approx(0, abs=1e-6)
    assert found["tip_rmse_m"] == pytest.approx(0, abs=1e-6)
    assert found["reward_rmse"] == pytest.approx(0, abs=1e-6)
    assert (found["same_outcome"], found["agrees"]) == (1.0, 1.0)
    assert found["success_here"] == found["success_there"] == found["success_same_actions"]
    assert json.loads((made / "agreement.json").read_text())["tolerance"] == 0.1
    said = json.loads((made / "package" / "log.txt").read_text().splitlines()[1])
    assert said[2:] == command([], Asked(4, 2, device="cpu"))
    assert json.loads((made / "package" / "task.json").read_text())["randomisation"] == {"friction": 0.25, "servo": 0.1}
    facts, actor = read_twin(twin), read_perceptron(made / "actor.npz")
    starts = [kind_of(facts.task).draw_start(facts.task, i, "development") for i in range(3)]
    bench, still = bench_of(twin, starts), np.tile(facts.robot.home_rad, (2, 3, 1))
    there = Played(still, still + 0.5, np.zeros((2, 3, 3)), np.zeros((2, 3)), np.array([[False] * 3, [True] * 3]))
    other = agreement(twin, starts, there, actor, 0.97, {})
    assert other["joint_rmse_rad"] == pytest.approx(0.5, abs=0.06), "half a radian, and what the arm has moved from its start"
    assert other["tip_rmse_m"] > 0.1
    assert (other["success_there"], other["same_outcome"]) == (1.0, float(play_here(bench, actor).mean()))


def test_a_package_holds_the_twin_in_parts(twin: Path, tmp_path: Path) -> None:
    write_package(twin, tmp_path / "package", Asked(8, 3, reward={"smooth": 0}))
    whole = mujoco.MjModel.from_xml_path(str(twin / "scene.xml"))
    parts = {p.stem: mujoco.MjModel.from_xml_path(str(p)) for p in (tmp_path / "package" / "mjcf").glob("*.xml")}
    assert sum(part.ngeom for part in parts.values()) == whole.ngeom
    assert sum(part.body_mass.sum() for part in parts.values()) == pytest.approx(whole.body_mass.sum())
    assert (parts["robot"].njnt, parts["thing"].njnt, parts["place"].njnt) == (6, 1, 0)
    assert [part.nu for part in parts.values()] == [0, 0, 0]
    assert np.allclose(parts["robot"].dof_armature, SO101.armature_kg_m2)
    assert "/" not in "".join(parts["thing"].geom(i).name for i in range(parts["thing"].ngeom))
    told = json.loads((tmp_path / "package" / "task.json").read_text())
    facts = read_twin(twin)
    parts = parts_of(facts.task, {"smooth": 0})
    assert told["reward"] == {name: {"weight": part.weight, "shapes": part.shapes} for name, part in parts.items()}
    assert (told["substeps"], told["timestep_s"], told["servo"]["kp_nm_per_rad"]) == (25, 0.004, 90.0)
    terms = (tmp_path / "package" / "simkiln_task" / "terms.py").read_text()
    assert [name for name in told["observations"] if f"def {name}(" not in terms] == []
    assert [name for name in parts_of(facts.task) if f'"{name}": ' not in terms.partition("PARTS = ")[2]] == []


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("train", "R392: Isaac Lab cannot be used: it ended with status 1: RuntimeError: out of memory"),
        ("save", "R390: the trainer"),
    ],
)
def test_what_fails_there_is_told_in_its_words(twin: Path, tmp_path: Path, fails: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        trained(tmp_path, twin, fails=fails)


def test_what_cannot_go_there_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="R391: a task `push_to_zone` cannot go to Isaac Lab"):
        write_package(plain_twin(tmp_path / "push", "push_to_zone"), tmp_path / "package", Asked(1, 1))
    with pytest.raises(InputError, match="R392: Isaac Lab cannot be used: its Python `/nowhere/python` does not start"):
        IsaacLab(["/nowhere/python"]).convert(tmp_path)
