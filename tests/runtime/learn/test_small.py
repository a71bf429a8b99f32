"""The small policy: the light route (plain torch, plain numpy) is the LeRobot route, to the byte."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from runtime.learn.checkpoint import policy_facts, save_facts
from runtime.learn.dataset import read_arrays
from runtime.learn.learner import make_learner
from runtime.learn.load import SmallActor, load_policy
from runtime.learn.spec import Spec
from runtime.learn.train import Recipe, seed_everything, train
from runtime.learn.windows import make_windows
from runtime.learn.zoo import LeRobotActor, LeRobotLearner
from tests.runtime.learn import reach

SPEC = Spec("small", ("front",), reach.HW, 6, 6, chunk=8, n_action_steps=4)


@pytest.fixture(scope="module", params=[1, 3])
def spec(request: pytest.FixtureRequest) -> Spec:
    """Of a policy that looks at one observation, and of one that remembers two more."""
    return replace(SPEC, history=request.param)


@pytest.fixture(scope="module")
def saved(demos: tuple[Path, list[dict]], spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint trained for a few steps by the light route, `policy.json` beside it."""
    root, dataset = tmp_path_factory.mktemp("policy"), demos[0] / "dataset"
    arrays = read_arrays(dataset)
    seed_everything(1)
    learner = make_learner(spec, dataset)
    train(learner, arrays, Recipe(5, 8, 1e-3, seed=1))
    learner.save(root / "checkpoint")
    save_facts(root / "policy.json", policy_facts(spec, arrays, root / "checkpoint", spec.history, 1, 5, 8))
    return root / "checkpoint"


def test_lerobot_writes_the_same_bytes(demos: tuple[Path, list[dict]], saved: Path, spec: Spec, tmp_path: Path) -> None:
    """A policy that LeRobot's factories made, given the same weights, is saved as the same files."""
    full = LeRobotLearner(spec, demos[0] / "dataset")
    full.policy.load_state_dict(load_file(saved / "model.safetensors"))
    full.save(tmp_path)
    ours = {p.name: p.read_bytes() for p in saved.iterdir()}
    theirs = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert sorted(ours) == sorted(theirs)
    for name, content in theirs.items():
        assert ours[name] == content, name


def test_only_safetensors_and_json(saved: Path) -> None:
    assert {p.suffix for p in saved.iterdir()} == {".safetensors", ".json"}


def test_numpy_acts_as_lerobot_does(saved: Path) -> None:
    light = load_policy(saved)
    assert isinstance(light, SmallActor)
    lerobot = LeRobotActor(saved, light.facts)
    rng = np.random.default_rng(0)
    for actor in (light, lerobot):
        actor.reset(3)
    for _ in range(11):  # across two replannings
        images = {"front": rng.integers(0, 256, (3, *reach.HW, 3), dtype=np.uint8)}
        state = rng.normal(0, 0.3, (3, 6)).astype(np.float32)
        actions = [a.act(images, state, "press") for a in (light, lerobot)]
        assert actions[0].shape == (3, 6)
        np.testing.assert_allclose(actions[0], actions[1], atol=2e-5)


def test_losses_of_both_routes_agree(demos: tuple[Path, list[dict]], spec: Spec) -> None:
    dataset = demos[0] / "dataset"
    light, full = make_learner(spec, dataset), LeRobotLearner(spec, dataset)
    with torch.no_grad():
        for name, value in full.weights().items():
            light.weights()[name].copy_(value)
    arrays = read_arrays(dataset)
    windows = make_windows(arrays, np.arange(72), light.observation_deltas, light.action_deltas)
    batch = windows.batch(np.arange(0, 72, 5))
    with torch.no_grad():
        losses = [float(route.loss(batch, train=False)) for route in (light, full)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert light.action_deltas == full.action_deltas
    assert light.observation_deltas == full.observation_deltas == (None if spec.history == 1 else (-8, -4, 0))


def test_what_was_seen_before_matters_unless_its_order_is_of_chance(demos: tuple[Path, list[dict]], tmp_path: Path) -> None:
    """In training and in trials, `shuffled` moves what came before the last observation, and nothing else."""
    spec, arrays = replace(SPEC, history=3), read_arrays(demos[0] / "dataset")
    plain, moved = (make_windows(arrays, np.arange(10, 70), spec.past, (0,), shuffled) for shuffled in (False, True))
    a, b = (windows.batch(np.arange(60))["observation.state"] for windows in (plain, moved))
    assert np.array_equal(a[:, -1], b[:, -1])
    assert np.array_equal(np.sort(a, 1), np.sort(b, 1))
    assert not np.array_equal(a, b)
    learner = make_learner(spec, demos[0] / "dataset")
    learner.save(tmp_path / "checkpoint")
    rng = np.random.default_rng(0)
    seen = [
        (
            {"front": rng.integers(0, 256, (12, *reach.HW, 3), dtype=np.uint8)},
            rng.normal(0, 1, (12, 6)) * [1, 1, 1, 1, 1, 0] + 0.3,
        )
        for _ in range(9)
    ]
    ends = {}
    for shuffled in (False, True):
        save_facts(tmp_path / "policy.json", policy_facts(spec, arrays, tmp_path / "checkpoint", 3, 1, 0, 8, shuffled))
        for first in (0, 1):  # the first observation is the oldest that the third plan looks at
            actor = load_policy(tmp_path / "checkpoint")
            actor.reset(12)
            given = [seen[5 * first] if t == 0 else seen[t] for t in range(9)]
            ends[shuffled, first] = [actor.act(x, q.astype(np.float32), "press") for x, q in given][-1]
    assert np.abs(ends[False, 0] - ends[False, 1]).max() > 1e-6
    assert np.abs(ends[False, 0] - ends[True, 0]).max() > 1e-6


def test_it_learns_to_look(demos: tuple[Path, list[dict]], tmp_path: Path) -> None:
    """After a few CPU seconds it goes to discs that it never saw, far better than going to the mean disc."""
    arrays_root = tmp_path / "demos"
    reach.write(arrays_root, count=40, length=8, seed=3)
    arrays = read_arrays(arrays_root)
    seed_everything(0)
    learner = make_learner(SPEC, arrays_root)
    train(learner, arrays, Recipe(350, 32, 3e-3, seed=0))
    learner.save(tmp_path / "checkpoint")
    save_facts(tmp_path / "policy.json", policy_facts(SPEC, arrays, tmp_path / "checkpoint", 1, 0, 350, 8))
    actor, rng, n = load_policy(tmp_path / "checkpoint"), np.random.default_rng(77), 30
    x, y = rng.uniform(-0.9, 0.9, (2, n))
    goal, q = reach.goal_of(x, y), np.tile(np.array([0, 0, 0, 0, 0, 0.3], np.float32), (n, 1))
    actor.reset(n)
    for _ in range(16):
        images = np.stack([reach.picture(*p, rng) for p in zip(x, y, strict=True)])
        target = actor.act({"front": images}, q, "press")
        q = (q + 0.9 * (target - q)).astype(np.float32)
    error, blind = np.abs(q - goal)[:, :2].mean(), np.abs(goal - goal.mean(0))[:, :2].mean()
    assert error < 0.35 * blind, (error, blind)
