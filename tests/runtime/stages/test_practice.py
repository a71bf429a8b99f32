"""Practice begins where the policy went, is shown by the expert, and is trained on beside the demos."""

from pathlib import Path

import numpy as np
import pytest

from runtime.build.testing import run_stage
from runtime.store.manifest import read_manifest

Inputs = dict[str, Path | list[Path]]
FEW = {"episodes": 6, "steps": 3, "batch_size": 8, "held_out": 1, "seed": 0}


@pytest.fixture(scope="module")
def inputs(sim_policy: Path, sim_demos: Path, sim_twin: Path, sim_captured: tuple[Path, Path]) -> Inputs:
    return {"policy": sim_policy, "demos": sim_demos, "twin": sim_twin, "scene": sim_captured[1]}


@pytest.fixture(scope="module")
def practised(sim_store: Path, inputs: Inputs) -> Path:
    return run_stage("practice", FEW, inputs, sim_store)


def weights(folder: Path) -> bytes:
    return (folder / "checkpoint" / "model.safetensors").read_bytes()


def stored(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "practised.npz") as found:
        return dict(found)


def test_the_expert_shows_from_where_the_policy_went(sim_store: Path, sim_policy: Path, practised: Path, inputs: Inputs) -> None:
    """The first states of what is shown are not those that starts have: the policy was there."""
    found, said = stored(practised), read_manifest(practised)
    assert said["metrics"]["shown"] == len(found["length"]) > 0
    assert len(found["state"]) == len(found["observation.images.front"]) == len(found["places.front"]) == found["length"].sum()
    by_expert = stored(run_stage("practice", FEW | {"driver": "expert"}, inputs, sim_store))
    home = by_expert["state"][0]
    first = found["state"][np.r_[0, np.cumsum(found["length"])[:-1]]]
    starts = by_expert["state"][np.r_[0, np.cumsum(by_expert["length"])[:-1]]]
    assert np.abs(first - home).max() > 2 * np.abs(starts - home).max()
    assert weights(practised) != weights(sim_policy)
    assert said["contract"] == read_manifest(sim_policy)["contract"]


def test_a_second_round_goes_on_from_the_first_with_all_that_was_shown(sim_store: Path, practised: Path, inputs: Inputs) -> None:
    again = run_stage("practice", FEW, inputs | {"before": practised}, sim_store)
    first, both = stored(practised), stored(again)
    np.testing.assert_array_equal(both["state"][: len(first["state"])], first["state"])
    assert len(both["length"]) > len(first["length"])
    assert not np.array_equal(both["state"][len(first["state"]) :][:3], first["state"][:3])
    assert read_manifest(again)["metrics"]["round"] == 2


def test_without_episodes_the_old_demos_are_trained_on(sim_store: Path, sim_demos: Path, inputs: Inputs) -> None:
    alone = run_stage("practice", FEW | {"episodes": 0}, inputs, sim_store)
    said = read_manifest(alone)["metrics"]
    assert (said["shown"], said["frames"]) == (0, read_manifest(sim_demos)["metrics"]["frames"])
