"""Artifacts that several stages' tests read, built once: the simulation stages at small size."""

from pathlib import Path

import pytest

from runtime.build.testing import run_stage
from tests.runtime.stages.sim_chain import TASK, captured

DEMOS, STATES = 6, 24


@pytest.fixture(scope="session")
def sim_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sim") / "store"


@pytest.fixture(scope="session")
def sim_captured(sim_store: Path) -> tuple[Path, Path]:
    """Artifacts `capture` and `splat` of a hidden site."""
    return captured(sim_store)


@pytest.fixture(scope="session")
def sim_twin(sim_store: Path, sim_captured: tuple[Path, Path]) -> Path:
    capture, scene = sim_captured
    return run_stage("twin", {"task": TASK.model_dump()}, {"capture": capture, "scene": scene}, sim_store)


@pytest.fixture(scope="session")
def sim_conditions(sim_store: Path) -> Path:
    """Conditions of a few trials, at a hidden site as well."""
    return run_stage("conditions", {"task": TASK.model_dump(), "states": STATES, "gap": ["medium"]}, {}, sim_store)


@pytest.fixture(scope="session")
def sim_demos(sim_store: Path, sim_twin: Path) -> Path:
    return run_stage("demos", {"episodes": DEMOS}, {"twin": sim_twin}, sim_store)


@pytest.fixture(scope="session")
def sim_policy(sim_store: Path, sim_demos: Path) -> Path:
    """A policy that has hardly been trained: it moves, and seldom succeeds."""
    params = {"steps": 5, "batch_size": 8, "held_out": 1, "seed": 0}
    return run_stage("policy", params, {"demos": sim_demos}, sim_store)


@pytest.fixture(scope="session")
def sim_rollouts(sim_store: Path, sim_twin: Path) -> Path:
    return run_stage("rollouts", {"episodes": 16}, {"twin": sim_twin}, sim_store)


@pytest.fixture(scope="session")
def sim_world(sim_store: Path, sim_twin: Path, sim_rollouts: Path) -> Path:
    """A world model that has hardly been trained."""
    params = {"steps": 2, "batch_size": 4, "pictures": 4, "held_out": 4, "windows": 8}
    return run_stage("world_model", params, {"twin": sim_twin, "rollouts": sim_rollouts}, sim_store)
