"""Demos: only successes, in a dataset that LeRobot itself opens, and enough to draw them again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from runtime.build.testing import run_stage
from runtime.learn.dataset import open_dataset, read_arrays
from runtime.problem import InputError
from runtime.sim.episodes import drawn
from runtime.sim.episodes.demos import Effort, scripted_successes
from runtime.sim.episodes.episodes import load_episodes, redraw
from runtime.sim.parts.mj import mujoco
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import eyes_of, read_backdrops, read_model, read_twin
from runtime.store.store import Store
from tests.runtime.stages.conftest import DEMOS
from tests.runtime.stages.sim_chain import TASK


def test_metrics_say_how_often_the_expert_succeeded(sim_demos: Path) -> None:
    metrics = json.loads((sim_demos / "manifest.json").read_text())["metrics"]
    assert metrics["episodes"] == DEMOS
    assert metrics["attempts"] >= DEMOS
    assert metrics["generation_rate"] == pytest.approx(DEMOS / metrics["attempts"], abs=1e-3)
    assert metrics["generation_rate"] > 0.8


def test_the_expert_is_tried_on_starts_that_no_demo_begins_from(sim_demos: Path, sim_twin: Path) -> None:
    metrics = json.loads((sim_demos / "manifest.json").read_text())["metrics"]
    assert metrics["scripted_tries"] == 40
    assert metrics["scripted_rate"] == pytest.approx(metrics["scripted_successes"] / 40)
    assert metrics["scripted_rate"] > 0.8
    kind, task = kind_of(TASK), TASK
    demo, other = (np.concatenate([kind.draw_start(task, i, p).objects_m for i in range(40)]) for p in ("demo", "scripted"))
    assert np.abs(demo[:, None] - other[None]).max(-1).min() > 0


def test_every_try_counts_not_only_successes(sim_twin: Path) -> None:
    model, twin = read_model(sim_twin), read_twin(sim_twin)
    calm, wild = (scripted_successes(model, twin, 50, Effort(noise, 0.6, 0, 0)) for noise in (0.0, 0.35))
    assert calm == 50
    assert wild < 50


FAULTS = {
    "turned": ("orientation", lambda film: film[:, ::-1, ::-1]),
    "truncated": ("duration", lambda film: film[:-2]),
    "blurred": ("quality", lambda film: gaussian_filter(film, (0, 3, 3, 0))),
    "black": ("quality", lambda film: film // 60),
}


def test_a_spoiled_demo_fails_its_own_check(sim_store: Path, sim_twin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drawn.write_dataset
    for n, (fault, (check, spoil)) in enumerate([*FAULTS.items(), ("re-timed", ("duration", lambda film: film))]):

        def spoiled(root, fps, names, sizes, rows, *rest, fault=fault, spoil=spoil):
            def first_is_spoiled():
                for i, row in enumerate(rows):
                    film = {name: spoil(of) if i == 0 else of for name, of in row["images"].items()}
                    count = len(film["front"])
                    yield row | {"images": film, "state": row["state"][:count], "action": row["action"][:count]}

            return whole(root, fps + (fault == "re-timed"), names, sizes, first_is_spoiled(), *rest)

        monkeypatch.setattr(drawn, "write_dataset", spoiled)
        params = {"episodes": 2, "scripted_tries": 0, "demo_seed": 90 + n}
        with pytest.raises(InputError, match=rf"R265: demos fail their visual checks: 0 \({check}\)"):
            run_stage("demos", params, {"twin": sim_twin}, sim_store)


def test_demos_that_nobody_checked_reach_no_training(sim_store: Path, sim_demos: Path) -> None:
    manifest = json.loads((sim_demos / "manifest.json").read_text())
    store, contract = Store(sim_store), manifest["contract"]
    with store.building("demos", "c" * 32) as folder:
        shutil.copytree(sim_demos / "dataset", folder / "dataset")
        contract = {name: fact for name, fact in contract.items() if name != "checked"}
        loose = store.publish("demos", "c" * 32, folder, {"metrics": {}, "contract": contract})
    with pytest.raises(InputError, match=r"B312: .*`policy` takes `demos` `checked` .*but the content has None"):
        run_stage("policy", {"steps": 1, "seed": 0}, {"demos": loose}, sim_store)


def test_every_demo_presses_the_button(sim_demos: Path, sim_twin: Path) -> None:
    model = read_model(sim_twin)
    cap = model.joint("object/press").qposadr[0]
    for episode in load_episodes(sim_demos / "episodes.npz"):
        assert -episode.qpos[:, cap].min() > 0.8 * TASK.button.press_m  # rows stand before their action


def test_lerobot_opens_and_iterates_the_dataset(sim_demos: Path) -> None:
    opened = open_dataset(sim_demos / "dataset")
    episodes = load_episodes(sim_demos / "episodes.npz")
    assert opened.num_episodes == DEMOS
    assert len(opened) == sum(len(e) for e in episodes)
    item = opened[0]
    assert item["task"] == TASK.instruction
    assert tuple(item["observation.images.front"].shape) == (3, 48, 64)
    assert np.allclose(item["observation.state"].numpy(), episodes[0].state[0])
    assert np.allclose(item["action"].numpy(), episodes[0].action[0])


def test_stored_states_draw_the_stored_pictures(sim_demos: Path, sim_twin: Path) -> None:
    twin, model = read_twin(sim_twin), read_model(sim_twin)
    eye = eyes_of(model, twin, read_backdrops(sim_twin, twin))["front"]
    episode = load_episodes(sim_demos / "episodes.npz")[1]
    arrays = read_arrays(sim_demos / "dataset")
    stored = arrays.images["front"][arrays.episode_index == 1].astype(int)
    again = redraw(eye, episode, np.random.default_rng(5)).astype(int)
    assert np.abs(stored - again).mean() < 1.5 * twin.look.sensor.noise_sd
    data = mujoco.MjData(model)
    assert len(episode.qpos[0]) == len(data.qpos)


def test_actions_are_targets_within_reach_of_the_joints(sim_demos: Path) -> None:
    arrays = read_arrays(sim_demos / "dataset")
    assert np.abs(arrays.action - arrays.state).max() < 0.8
    assert np.all(np.isfinite(arrays.action))


def test_a_held_out_task_makes_no_demos(sim_store: Path, sim_captured) -> None:
    capture, scene = sim_captured
    task = TASK.model_copy(update={"held_out": True}).model_dump()
    twin = run_stage("twin", {"task": task}, {"capture": capture, "scene": scene}, sim_store)
    with pytest.raises(InputError, match="R262"):
        run_stage("demos", {"episodes": 2}, {"twin": twin}, sim_store)


def test_an_expert_that_fails_too_often_is_a_problem(sim_store: Path, sim_twin: Path) -> None:
    params = {"episodes": 4, "attempts_per_demo": 1.0, "action_noise_rad": 0.5}
    with pytest.raises(InputError, match="R261"):
        run_stage("demos", params, {"twin": sim_twin}, sim_store)
