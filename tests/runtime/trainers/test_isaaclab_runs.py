"""The real Isaac Lab, where `simkiln backends install isaaclab` made its environment: one update, tried and held to the twin."""

import os
from pathlib import Path

import pytest

from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import read_twin
from runtime.trainers.agreement import agreement
from runtime.trainers.isaaclab import IsaacLab
from runtime.trainers.package import Asked
from tests import REPOSITORY
from tests.runtime.trainers.plain_twin import plain_twin

PYTHON = Path(os.environ.get("ISAACLAB_PYTHON", REPOSITORY / ".envs/isaaclab/bin/python"))


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.is_file(), reason="no Isaac Lab: `simkiln backends install isaaclab` (7.5 GB)")
def test_what_was_trained_there_moves_alike_here(tmp_path: Path) -> None:
    twin, lab = plain_twin(tmp_path / "twin"), IsaacLab([str(PYTHON)])
    asked, facts = Asked(environments=4, iterations=1, device="cpu"), read_twin(twin)
    actor = lab.train(twin, asked, tmp_path / "package")
    starts = [kind_of(facts.task).draw_start(facts.task, i, "development") for i in range(4)]
    played = lab.play(tmp_path / "package", actor, starts, tmp_path, "cpu")
    found = agreement(twin, starts, played, actor, asked.ppo.gamma, {})
    assert found["joint_rmse_rad"] < 0.01
    assert found["tip_rmse_m"] < 0.003
    assert found["reward_rmse"] < 0.02
    assert found["success_there"] == found["success_same_actions"]
