"""Films drawn by a model held to our own renders: what it spoils is left out, each by its own check."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from runtime.backends.transfer_cosmos import CosmosTransfer
from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError

SPOILED: dict[str, tuple[str, Any]] = {
    "turned": ("orientation", lambda film: film[:, ::-1, ::-1]),
    "truncated": ("duration", lambda film: film[:-3]),
    "re-timed": ("duration", lambda film: np.repeat(film, 2, axis=0)),
    "blurred": ("quality", lambda film: gaussian_filter(film, (0, 3, 3, 0))),
    "frozen": ("quality", lambda film: np.repeat(film[:1], len(film), axis=0)),
}


class Painted:
    """A model that gives the demo back, darker, and one prompt's film spoiled."""

    films: dict[int, np.ndarray]
    seen: list[tuple[str, str, tuple[int, ...], tuple[int, ...]]]
    spoil = staticmethod(lambda film: film)

    def foresee(self, shown, poses, frames, asked, room) -> list[np.ndarray]:
        (controls,), control = shown, asked.control
        film = type(self).films[len(controls)] if len(controls) in type(self).films else next(iter(type(self).films.values()))
        type(self).seen.append((control, asked.prompt, controls.shape, (len(np.unique(controls)), int(controls.max()))))
        drawn = (film * 0.8).astype(np.uint8)
        return [type(self).spoil(drawn) if control == "seg" else drawn]


def stand_in(monkeypatch: pytest.MonkeyPatch, model: Any) -> None:
    """Another model than the one whose environment is asked for, which is not looked at."""
    monkeypatch.setattr("runtime.build.execute.start", lambda role, chosen, place: model)
    monkeypatch.setattr("runtime.build.execute._other_libraries", lambda job, stage: iter(()))


@pytest.mark.parametrize("how", SPOILED)
def test_what_a_model_spoils_is_left_out_by_its_own_check(
    sim_store: Path, sim_demos: Path, sim_twin: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    check, spoil = SPOILED[how]
    arrays = read_arrays(sim_demos / "dataset")
    first = [arrays.images["front"][arrays.episode_index == i] for i in range(arrays.episode_index.max() + 1)]
    monkeypatch.setattr(Painted, "films", {len(film): film for film in first}, raising=False)
    monkeypatch.setattr(Painted, "seen", [], raising=False)
    monkeypatch.setattr(Painted, "spoil", staticmethod(spoil))
    stand_in(monkeypatch, Painted())
    params = {"controls": ("edge", "seg"), "transfer_seed": [*SPOILED].index(how)}
    made = run_stage("transfer", params, {"demos": sim_demos, "twin": sim_twin}, sim_store)
    metrics = json.loads((made / "manifest.json").read_text())["metrics"]
    assert metrics["variants_passed"] == len(first)
    assert metrics[f"pass_{check}"] == 0.5
    assert [metrics[f"pass_{other}"] for other in ("orientation", "duration", "quality") if other != check] == [1.0, 1.0]
    assert read_arrays(made / "dataset").episode_index.max() + 1 == 2 * len(first)
    kinds = {control: (shape, values) for control, _, shape, values in Painted.seen}
    assert all(shape[1:] == (48, 64, 3) for shape, _ in kinds.values())
    assert kinds["edge"][1] == (2, 255)
    assert kinds["seg"][1][0] > 3, "the backdrop and several bodies"


def test_controls_are_drawn_of_our_own_scene(sim_demos: Path, sim_twin: Path) -> None:
    from runtime.sim.episodes.controls import control_film
    from runtime.sim.episodes.episodes import load_episodes
    from runtime.sim.twin.twin import read_behind, read_model, read_twin

    facts, model, episode = read_twin(sim_twin), read_model(sim_twin), load_episodes(sim_demos / "episodes.npz")[0]
    film = read_arrays(sim_demos / "dataset").images["front"][: len(episode)]
    depth, seg = (
        control_film(kind, film, episode, model, facts.cameras[0], read_behind(sim_twin, facts)["front"])
        for kind in ("depth", "seg")
    )
    arm = np.asarray(seg.max(-1) > 0)
    assert 0.02 < arm.mean() < 0.6
    assert (arm[0] != arm[-1]).mean() > 0.005, "it moves"
    assert depth[arm].mean() > depth[~arm].mean(), "and stands before the rest"


def test_without_its_environment_it_says_so(
    sim_store: Path, sim_demos: Path, sim_twin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, CosmosTransfer([sys.executable]))
    with pytest.raises(InputError, match="R370: the model `transfer` cannot be run: no folder `weights/transfer`"):
        run_stage("transfer", {"transfer_seed": 99}, {"demos": sim_demos, "twin": sim_twin}, sim_store)
