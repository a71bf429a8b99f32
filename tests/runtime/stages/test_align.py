"""An approach may bring an input transform: the same checkpoint then sees live pictures as its twin would show them."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from runtime.build.testing import run_stage
from runtime.learn.actor import PolicyFacts
from runtime.learn.load import load_policy
from runtime.problem import InputError
from runtime.sim.scene.bench import Bench
from runtime.sim.site.install import install
from runtime.sim.tasks import kind_of
from runtime.sim.trials.transform import transformed
from runtime.sim.twin.twin import eyes_of, read_backdrops, read_model, read_twin
from tests.runtime.stages.sim_chain import SITE


@pytest.fixture(scope="module")
def aligned(sim_store: Path, sim_twin: Path) -> Path:
    return run_stage("align", {}, {"twin": sim_twin}, sim_store)


class Watching:
    """Stands still and remembers what it was shown."""

    looks = True

    def __init__(self, facts: PolicyFacts) -> None:
        self.facts = facts
        self.shown: list[np.ndarray] = []

    def reset(self, n: int) -> None:
        self.shown.clear()

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        self.shown.append(images["front"])
        return state


def test_the_policy_sees_the_site_in_the_twins_light(sim_twin: Path, sim_policy: Path, aligned: Path) -> None:
    twin, real = read_twin(sim_twin), install(SITE, read_twin(sim_twin))
    starts = [kind_of(twin.task).draw_start(twin.task, i, "trial") for i in range(3)]
    eyes = real.eyes["front"], eyes_of(read_model(sim_twin), twin, read_backdrops(sim_twin, twin))["front"]
    rng = np.random.default_rng(0)
    benches = [Bench(model, twin.physics, twin.task, twin.control_hz, starts) for model in (real.model, read_model(sim_twin))]
    live, wanted = (np.stack([eye.see(data, rng) for data in bench.datas]) for eye, bench in zip(eyes, benches, strict=True))
    watching = Watching(load_policy(sim_policy / "checkpoint").facts)
    policy = transformed(watching, aligned)
    policy.reset(3)
    policy.act({"front": live}, benches[0].measured(), "press the red button")
    before, after = (np.abs(picture.astype(float) - wanted).mean() for picture in (live, watching.shown[0]))
    assert after < 0.6 * before


def test_trials_through_it_are_of_the_same_checkpoint_and_end_otherwise(
    sim_store: Path, sim_policy: Path, sim_twin: Path, sim_conditions: Path, aligned: Path
) -> None:
    params = {"domain": "irl_proxy", "trials": 3, "twice": 3, "site": SITE.model_dump()}
    inputs: dict[str, Path | list[Path]] = {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions}
    plain = run_stage("evaluate", params, inputs, sim_store)
    through = run_stage("evaluate", params, inputs | {"transform": aligned}, sim_store)
    scores, again = (pq.read_table(folder / "trials.parquet")["score"].to_pylist() for folder in (plain, through))
    assert scores != again
    second = pq.read_table(through / "twice.parquet")["score"].to_pylist()
    assert second == pytest.approx(again, abs=1e-6)


def test_a_transform_for_other_pictures_is_refused(sim_policy: Path, tmp_path: Path) -> None:
    policy = load_policy(sim_policy / "checkpoint")
    for pictures, said in (({"wrist": (48, 64)}, "does not have it"), ({"front": (24, 32)}, r"\(24, 32\) pixels")):
        drawn = {name: np.zeros((*size, 3), np.uint8) for name, size in pictures.items()}
        np.savez(tmp_path / "reference.npz", **drawn)  # ty: ignore[invalid-argument-type]
        with pytest.raises(InputError, match=f"R318.*{said}"):
            transformed(policy, tmp_path)
