"""Stage `varied_demos`: with no width the twin's own demos; with one, episodes that each have their own twin, again and again."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.sim.vector.varied import FACTORS
from tests.runtime.stages.conftest import DEMOS


def made_of(twin: Path, captured: tuple[Path, Path], store: Path, **params: Any) -> tuple[Path, dict[str, Any]]:
    said = {"episodes": DEMOS, "views": 3, **params}
    made = run_stage("varied_demos", said, {"twin": twin, "scene": captured[1]}, store)
    return made, json.loads((made / "manifest.json").read_text())["metrics"]


def test_no_width_is_the_twin_as_it_is(sim_demos: Path, sim_twin: Path, sim_captured: tuple[Path, Path], sim_store: Path) -> None:
    made, metrics = made_of(sim_twin, sim_captured, sim_store, randomise={"width": 0})
    nominal, found = read_arrays(sim_demos / "dataset"), read_arrays(made / "dataset")
    assert np.array_equal(found.action, nominal.action)
    assert np.array_equal(found.state, nominal.state)
    assert np.abs(found.images["front"].astype(float) - nominal.images["front"]).mean() < 3  # the cameras' noise
    assert set(metrics["drawn"].values()) == {0.0}


def test_each_episode_has_a_twin_of_its_own(
    sim_twin: Path, sim_captured: tuple[Path, Path], sim_store: Path, tmp_path: Path
) -> None:
    made, metrics = made_of(sim_twin, sim_captured, sim_store)
    made = Path(shutil.move(made, tmp_path / "made"))
    again, _ = made_of(sim_twin, sim_captured, sim_store)
    assert set(metrics["drawn"]) == set(FACTORS)
    assert min(metrics["drawn"].values()) > 0.1
    found, repeated = read_arrays(made / "dataset"), read_arrays(again / "dataset")
    assert np.array_equal(found.action, repeated.action)
    assert np.array_equal(found.images["front"], repeated.images["front"])
    first = np.unique(found.episode_index, return_index=True)[1]
    assert found.images["front"][first].astype(float).std(axis=0).mean() > 10  # 2 levels of noise, were it one look


def test_dead_time_alone_moves_what_the_joints_do(
    sim_demos: Path, sim_twin: Path, sim_captured: tuple[Path, Path], sim_store: Path
) -> None:
    alone = {name: 0 for name in ("gravity_m_s2", "mass", "friction", "damping", "servo", "backlash_deg", "joint_offset_deg")}
    made, metrics = made_of(sim_twin, sim_captured, sim_store, randomise=alone | {"latency_s": 0.09})
    assert {name for name, of in metrics["drawn"].items() if of} == {"latency_s"}
    nominal, late = read_arrays(sim_demos / "dataset"), read_arrays(made / "dataset")
    begun = np.linalg.norm(late.state[1] - late.state[0]), np.linalg.norm(nominal.state[1] - nominal.state[0])
    assert begun[0] < begun[1]  # the first action works later


def test_looks_that_cannot_be_told_from_a_fault_are_refused(
    sim_twin: Path, sim_captured: tuple[Path, Path], sim_store: Path
) -> None:
    still = dict.fromkeys(("mass", "friction", "damping", "servo", "exposure", "light_change", "light_tint"), 0)
    away = {"width": 4, "camera_turn_deg": 20, **still}  # it looks somewhere else
    with pytest.raises(InputError, match="R426: none of 1 looks of demo 0"):
        made_of(sim_twin, sim_captured, sim_store, episodes=1, views=1, redraws=0, randomise=away)
