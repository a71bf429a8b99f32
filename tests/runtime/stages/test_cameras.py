"""Several cameras of a twin, one of them on the wrist: seen, recorded, learned from, tried at a site with gaps of their own."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.build.testing import run_stage
from runtime.learn.dataset import open_dataset, read_arrays
from runtime.problem import InputError
from runtime.sim.episodes.episodes import load_episodes, place
from runtime.sim.parts.mj import mujoco
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.eye import where_now
from runtime.sim.site.place import camera_optics, hidden_place
from runtime.sim.twin.twin import over_support, read_behind, read_model, read_twin
from tests.runtime.stages.sim_chain import SITE, TASK

SIZE = [48, 36]
CAMERAS = {"front": {"size": SIZE}, "wrist": {"on": "wrist", "size": SIZE}}
KEYS = ["front", "wrist"]


@pytest.fixture(scope="module")
def twin(sim_store: Path, sim_captured: tuple[Path, Path]) -> Path:
    capture, scene = sim_captured
    return run_stage("twin", {"task": TASK.model_dump(), "cameras": CAMERAS}, {"capture": capture, "scene": scene}, sim_store)


@pytest.fixture(scope="module")
def demos(sim_store: Path, twin: Path) -> Path:
    return run_stage("demos", {"episodes": 3, "scripted_tries": 0}, {"twin": twin}, sim_store)


def test_a_mounted_camera_moves_with_the_hand_and_sees_the_support_where_it_is(twin: Path, demos: Path) -> None:
    facts, model, data = read_twin(twin), read_model(twin), mujoco.MjData(read_model(twin))
    front, wrist = facts.cameras
    assert model.camera("front").bodyid[0] == 0
    assert model.body(model.camera("wrist").bodyid[0]).name == "gripper"
    assert sorted(path.name for path in (twin / "background").iterdir()) == ["front.npz"]
    episode, seen = load_episodes(demos / "episodes.npz")[0], []
    for qpos in (episode.qpos[0], episode.qpos[-1]):
        place(model, data, qpos, episode.objects_m)
        assert where_now(front, model, data) is front
        now = where_now(wrist, model, data)
        assert np.allclose(model.camera("wrist").fovy, now.fov_y_deg)
        mujoco.mj_camlight(model, data)
        turn = data.cam_xmat[model.camera("wrist").id].reshape(3, 3) @ np.diag((1.0, -1.0, -1.0))
        assert np.allclose(turn, now.c2w[:3, :3], atol=1e-6)  # as viewers of scene.xml have it
        behind = read_behind(twin, facts)["wrist"]
        assert not isinstance(behind, Backdrop)
        backdrop = behind(now)
        plane, _, area = over_support(backdrop.depth_m, now, facts.task.area)
        assert area.any()
        assert np.median(np.abs(backdrop.depth_m - plane)[area]) < 1e-5
        seen.append(now.position)
    assert np.linalg.norm(seen[0] - seen[1]) > 0.03


def test_lerobot_reads_both_cameras_and_objects_are_where_their_pictures_show_them(demos: Path) -> None:
    arrays, theirs = read_arrays(demos / "dataset"), open_dataset(demos / "dataset")
    assert sorted(theirs.meta.camera_keys) == [f"observation.images.{name}" for name in KEYS]
    row = theirs[5]
    for name in KEYS:
        shown = row[f"observation.images.{name}"].numpy().transpose(1, 2, 0)
        assert np.array_equal(np.round(shown * 255).astype(np.uint8), arrays.images[name][5])
    with np.load(demos / "places.npz") as stored:
        where = stored["wrist"][:, 0]  # of the button, which is red
    inside = np.all(np.abs(where) < 0.8, axis=1)
    assert inside.sum() > 3
    pixels = ((where[inside] + 1) / 2 * SIZE).astype(int)
    there = arrays.images["wrist"][inside].astype(int)
    reds = [film[y, x, 0] - film[y, x, 1] for film, (x, y) in zip(there, pixels, strict=True)]
    assert np.median(reds) > 60 > np.median(there[..., 0] - there[..., 1]) + 40
    with Image.open(demos / "preview.png") as preview:
        assert preview.size == (8 * 2 * SIZE[0] * 3, 3 * SIZE[1] * 3)


def test_a_policy_looks_through_both_in_trials_at_a_site_and_behind_align(
    sim_store: Path, sim_captured: tuple[Path, Path], sim_conditions: Path, twin: Path, demos: Path
) -> None:
    params = {"steps": 3, "batch_size": 4, "held_out": 1, "seed": 0, "camera_keys": KEYS}
    policy = run_stage("policy", params, {"demos": demos}, sim_store)
    assert json.loads((policy / "policy.json").read_text())["camera_keys"] == KEYS
    inputs = {"policy": policy, "twin": twin, "conditions": sim_conditions}
    with np.load(run_stage("align", {}, {"twin": twin}, sim_store) / "reference.npz") as stored:
        assert {name: stored[name].shape for name in KEYS} == {"front": (36, 48, 3), "wrist": (0, 0, 3)}
    aligned = inputs | {"transform": run_stage("align", {}, {"twin": twin}, sim_store)}
    at_site = {"domain": "irl_proxy", "trials": 2, "site": SITE.model_dump(), "twice": 1}
    for done in (run_stage("evaluate", at_site, inputs, sim_store), run_stage("evaluate", at_site, aligned, sim_store)):
        assert json.loads((done / "manifest.json").read_text())["metrics"]["n"] == 2
        with Image.open(next((done / "rollouts").glob("*.png"))) as sheet:
            assert sheet.size == (8 * 2 * SIZE[0] * 3, SIZE[1] * 3)
    inputs = {"demos": demos, "twin": twin, "scene": sim_captured[1]}
    varied = run_stage("enrichment", {"variants_per_demo": 1}, inputs, sim_store)
    assert set(read_arrays(varied / "dataset").images) == set(KEYS)
    inputs |= {"policy": policy}
    practised = run_stage("practice", {"episodes": 2, "steps": 2, "seed": 0}, inputs, sim_store)
    assert json.loads((practised / "policy.json").read_text())["camera_keys"] == KEYS


def test_each_camera_of_a_site_has_a_gap_of_its_own_whichever_others_there_are() -> None:
    place = hidden_place(SITE)
    (sensor, shift, turn), other = camera_optics(SITE, "front"), camera_optics(SITE, "wrist")
    assert sensor == place.sensor
    assert np.array_equal(shift, place.camera_shift_m)
    assert np.array_equal(turn, place.camera_turn_rad)
    assert other[0] != sensor
    assert not np.allclose(other[1], shift)
    assert not np.any(camera_optics(SITE.at("none"), "wrist")[1])


@pytest.mark.parametrize(
    ("camera", "code", "told"),
    [
        ({"on": "elbow", "position_m": [0, 0, 0.1], "target_m": [0, 0, 0]}, "R276", "gripper"),
        ({"position_m": [0.5, 0, 0.4], "target_m": [2, 0, 0.6]}, "R277", "sees nothing"),
        ({"on": "upper_arm", "position_m": [-0.05, 0, 0.02], "target_m": [-0.1, 0, 0.02]}, "R277", "upper_arm"),
    ],
)
def test_cameras_that_are_on_nothing_or_see_nothing_are_refused(
    sim_store: Path, sim_captured: tuple[Path, Path], camera: dict, code: str, told: str
) -> None:
    capture, scene = sim_captured
    params = {"task": TASK.model_dump(), "cameras": {"side": camera}}
    with pytest.raises(InputError) as caught:
        run_stage("twin", params, {"capture": capture, "scene": scene}, sim_store)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.key.startswith("cameras.side")
    assert told in problem.message + problem.help
