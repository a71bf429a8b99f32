"""A twin against its place: the same actions in both, and a few real episodes that bring them together."""

import json
from pathlib import Path

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.sim.site.place import hidden_place
from runtime.sim.twin.twin import read_model, read_twin
from runtime.store.manifest import read_manifest
from tests.runtime.stages.sim_chain import SITE

SHORT = {"seconds": 2.0, "picture_steps": 10, "site": SITE.model_dump()}


@pytest.fixture(scope="module")
def aligned(sim_store: Path, sim_twin: Path, sim_captured: tuple[Path, Path]) -> Path:
    return run_stage("align_twin", {**SHORT, "episodes": 2}, {"twin": sim_twin, "scene": sim_captured[1]}, sim_store)


def measured(twin: Path, store: Path, **more: object) -> dict[str, float]:
    found = run_stage("fidelity", {**SHORT, "episodes": 2, **more}, {"twin": twin}, store)
    assert (found / "preview.png").stat().st_size > 1000
    return read_manifest(found)["metrics"]


def test_a_few_episodes_bring_the_twin_nearer_to_its_place(sim_store: Path, sim_twin: Path, aligned: Path) -> None:
    before, after = measured(sim_twin, sim_store), measured(aligned, sim_store)
    assert after["joint_rmse_deg"] < 0.5 * before["joint_rmse_deg"]
    assert after["tip_error_mm"] < before["tip_error_mm"]
    assert after["psnr_background_db"] > before["psnr_background_db"] + 1
    assert after["real_episodes"] == before["real_episodes"] == 2
    found, truth = read_twin(aligned), hidden_place(SITE).physics
    assert found.physics.latency_s == pytest.approx(truth.latency_s, abs=0.012)
    assert found.physics.servo.time_constant_s == pytest.approx(truth.servo.time_constant_s, abs=0.02)
    model = read_model(aligned)
    lag = model.actuator_dynprm[model.actuator("elbow_flex").id, 0]
    assert lag == pytest.approx(found.physics.servo.time_constant_s, rel=1e-4)
    gain = read_manifest(aligned)["metrics"]["gain"]
    assert found.look.sensor.gain == pytest.approx([gain[color] for color in ("red", "green", "blue")], abs=1e-3)


def test_what_may_not_be_adjusted_stays(sim_store: Path, sim_twin: Path, sim_captured: tuple[Path, Path]) -> None:
    fixed = {
        "latency_s": None,
        "servo_time_constant_s": None,
        "servo_kp_nm_per_rad": None,
        "camera_shift_m": 0,
        "camera_turn_deg": 0,
    }
    inputs = {"twin": sim_twin, "scene": sim_captured[1]}
    with pytest.raises(ValueError, match="nothing may be adjusted"):
        run_stage("align_twin", {**SHORT, **fixed, "exposure": 0, "episodes": 1}, inputs, sim_store)
    made = run_stage("align_twin", {**SHORT, **fixed, "episodes": 1}, inputs, sim_store)
    after, before = (json.loads((folder / "twin.json").read_text()) for folder in (made, sim_twin))
    assert len(after.pop("gain")) == 3
    assert after == before
    assert (made / "scene.xml").read_text() == (sim_twin / "scene.xml").read_text()
    with np.load(made / "background" / "front.npz") as a, np.load(sim_twin / "background" / "front.npz") as b:
        np.testing.assert_array_equal(a["rgb"], b["rgb"])


def test_a_place_without_site_and_recordings_is_refused(sim_store: Path, sim_twin: Path) -> None:
    with pytest.raises(InputError, match="neither a hidden site nor recordings"):
        measured(sim_twin, sim_store, site=None)


def test_demos_at_the_place_are_counted_as_teleoperated(sim_store: Path, sim_twin: Path) -> None:
    made = run_stage("site_demos", {"episodes": 2, "site": SITE.model_dump()}, {"twin": sim_twin}, sim_store)
    metrics = read_manifest(made)["metrics"]
    assert metrics["real_episodes"] == metrics["teleoperated_episodes"] == metrics["attempts"] >= 2
    assert not (made / "places.npz").exists()
