"""Stage `splat_demos`: links carry their Gaussians, demos keep their actions, and controls differ in pictures alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.sim.episodes.episodes import load_episodes
from runtime.sim.episodes.through_splats import bare, overlap, splat_eyes, state_at
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.splat_eye import SplatEye
from runtime.sim.twin.twin import Embedded, read_backdrops, read_model, read_twin
from tests.runtime.stages.conftest import DEMOS

LINKS = ("shoulder", "upper_arm", "lower_arm", "wrist", "gripper", "moving_jaw")


def drawn(demos: Path, twin: Path, store: Path, **params: Any) -> tuple[Path, dict[str, Any]]:
    made = run_stage("splat_demos", params, {"demos": demos, "twin": twin}, store)
    return made, json.loads((made / "manifest.json").read_text())["metrics"]


@pytest.fixture(scope="module")
def eye(sim_demos: Path, sim_twin: Path) -> SplatEye:
    facts, model = read_twin(sim_twin), read_model(sim_twin)
    first = load_episodes(sim_demos / "episodes.npz")[0]
    return splat_eyes(model, facts, read_backdrops(sim_twin, facts), first, 0.004, Embedded())["front"]


def test_a_link_moves_its_gaussians(eye: SplatEye, sim_demos: Path, sim_twin: Path) -> None:
    """Seen larger than policies see it: of four pixels of a link, one is at its edge there."""
    camera = eye.camera.resized(320, 240)
    behind = bare(camera, read_twin(sim_twin))
    large = SplatEye(eye.model, camera, behind, eye.look, shell=eye.shell, scanned=eye.scanned, renderer=Embedded())
    episode = load_episodes(sim_demos / "episodes.npz")[0]
    states = [state_at(eye.model, episode, step) for step in (0, len(episode) - 1)]
    for link in LINKS:
        own = np.flatnonzero(eye.model.geom_bodyid == eye.model.body(link).id).tolist()
        assert overlap(large, states, own) > 0.9, link
    turned = np.stack([eye.shell.placed(data)[0] for data in states])
    first, last = turned[:, np.isin(eye.shell.geom, own)]
    assert np.linalg.norm(last - first, axis=1).min() > 0.01
    assert np.allclose(np.linalg.norm(last - last[0], axis=1), np.linalg.norm(first - first[0], axis=1), atol=1e-9)  # rigid


def test_what_stands_before_them_hides_them(eye: SplatEye, sim_demos: Path) -> None:
    state = state_at(eye.model, load_episodes(sim_demos / "episodes.npz")[0], 0)
    assert isinstance(eye.behind, Backdrop)
    wall = replace(eye.behind, depth_m=np.full_like(eye.behind.depth_m, 0.05))
    hidden = SplatEye(eye.model, eye.camera, wall, eye.look, shell=eye.shell, scanned=eye.scanned, renderer=Embedded())
    assert np.allclose(hidden.light(state), eye.behind.rgb, atol=1e-6)
    assert np.abs(eye.light(state) - eye.behind.rgb).max() > 0.3


def test_demos_keep_their_actions_and_controls_differ_in_pictures(sim_demos: Path, sim_twin: Path, sim_store: Path) -> None:
    source = read_arrays(sim_demos / "dataset")
    films = {"meshes": source.images["front"].astype(float)}
    for draw in ("splat", "flat", "simulator", "lit"):
        made, metrics = drawn(sim_demos, sim_twin, sim_store, draw=draw)
        found = read_arrays(made / "dataset")
        assert metrics["episodes"] == DEMOS
        assert np.array_equal(found.action, source.action)
        assert np.array_equal(found.state, source.state)
        films[draw] = found.images["front"].astype(float)
        if draw == "splat":
            assert metrics["overlap"] > 0.9
            assert metrics["psnr_meshes_db"] > 24
    apart = {name: np.abs(film - films["meshes"]).mean() for name, film in films.items()}
    assert 2 < apart["splat"] < 10 < apart["simulator"]  # noise alone is 2 levels
    assert np.abs(films["splat"] - films["flat"]).mean() > 2.5
    front = np.abs(films["flat"] - films["simulator"]).max(-1) < 10  # what is behind differs
    lit, plain = (np.abs(films[name] - films["meshes"])[front].mean() for name in ("lit", "simulator"))
    assert lit < 3 < plain  # robot and objects are lit as the baseline shows them
    assert np.abs(films["lit"] - films["meshes"])[~front].mean() > 10  # before the plane


def test_gaussians_that_show_something_else_are_refused(sim_demos: Path, sim_twin: Path, sim_store: Path) -> None:
    with pytest.raises(InputError, match="R425: Gaussians and meshes of robot and objects overlap by 0"):
        drawn(sim_demos, sim_twin, sim_store, spacing_m=0.05, least_overlap=0.97)
