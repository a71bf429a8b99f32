"""Stage `expand_demos`: the source's demos and new ones, in a dataset that LeRobot opens; copies; sources that are refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.learn.dataset import open_dataset, read_arrays
from runtime.problem import InputError
from runtime.sim.episodes.episodes import load_episodes, save_episodes
from runtime.store.manifest import read_manifest
from tests.runtime.stages.conftest import DEMOS
from tests.runtime.stages.sim_chain import publish


def expanded(demos: Path, twin: Path, store: Path, **params: Any) -> tuple[Path, dict[str, Any]]:
    made = run_stage("expand_demos", params, {"demos": demos, "twin": twin}, store)
    return made, json.loads((made / "manifest.json").read_text())["metrics"]


def test_demos_are_added_at_other_places(sim_demos: Path, sim_twin: Path, sim_store: Path) -> None:
    made, metrics = expanded(sim_demos, sim_twin, sim_store, episodes=5)
    assert metrics["sources_used"] >= DEMOS - 1
    assert metrics["source_replay_rate"] == pytest.approx(metrics["sources_used"] / DEMOS, abs=1e-6)
    assert metrics["generation_rate"] == pytest.approx(5 / metrics["attempts"], abs=1e-4)
    assert open_dataset(made / "dataset").num_episodes == metrics["episodes"] == DEMOS + 5
    source, found = load_episodes(sim_demos / "episodes.npz"), load_episodes(made / "episodes.npz")
    assert all(np.array_equal(a.qpos, b.qpos) for a, b in zip(source, found[:DEMOS], strict=True))
    places = np.array([e.objects_m[0] for e in found])
    assert min(np.linalg.norm(places[DEMOS:, None] - places[None, :DEMOS], axis=-1).min(1)) > 1e-3
    images = read_arrays(made / "dataset").images["front"]
    assert images.std() > 10
    assert len(images) == metrics["frames"]


def test_copies_show_nothing_new(sim_demos: Path, sim_twin: Path, sim_store: Path) -> None:
    made, metrics = expanded(sim_demos, sim_twin, sim_store, episodes=5, method="copied", sources=2)
    found = load_episodes(made / "episodes.npz")
    assert metrics["episodes"] == len(found) == 7
    assert metrics["sources"] == 2
    assert all(np.array_equal(episode.action, found[i % 2].action) for i, episode in enumerate(found))


def test_a_source_that_does_not_succeed_again_is_refused(
    sim_demos: Path, sim_twin: Path, sim_store: Path, tmp_path: Path
) -> None:
    shutil.copytree(sim_demos, tmp_path / "demos", ignore=shutil.ignore_patterns("manifest.json"))
    bad = [replace(e, action=np.repeat(e.action[:1], len(e), 0)) for e in load_episodes(sim_demos / "episodes.npz")]
    save_episodes(tmp_path / "demos" / "episodes.npz", bad)
    contract = read_manifest(sim_demos)["contract"]
    with pytest.raises(InputError, match=f"R360: 0 of {DEMOS} source demos succeed when they are replayed"):
        expanded(publish(sim_store, "demos", tmp_path / "demos", "still", contract=contract), sim_twin, sim_store, episodes=5)
