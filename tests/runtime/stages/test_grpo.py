"""GRPO in a world model: what groups are paid, where imagined rollouts end, that updates go where they are paid, and guards."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.build.testing import run_stage
from runtime.learn.learner import resumed
from runtime.learn.load import load_policy
from runtime.learn.optimiser import AdamW
from runtime.problem import InputError
from runtime.rl.actor import Whole
from runtime.rl.ppo import Recipe, surrogate, update
from runtime.rl.rollout import Noise
from runtime.sim.episodes.attempts import load_attempts
from runtime.sim.parts.so101 import SO101
from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin
from runtime.stage import load_stages
from runtime.store.manifest import read_manifest
from runtime.world.grpo import Keyframes, Rules, advantages, imagined, keyframes, optimise, threshold_of
from runtime.world.model import WorldModel, read_world

NOISE, GROUP, P = Noise(0.03, 0.02), 4, 6
FEW: dict[str, Any] = {"imagined": 8, "groups": 2, "group": GROUP, "held_out": 2, "seed": 0}


@given(st.lists(st.lists(st.booleans(), min_size=8, max_size=8), min_size=1, max_size=20))
@settings(deadline=None, max_examples=60)
def test_groups_are_paid_nothing_in_sum_and_only_where_they_differ(won: list[list[bool]]) -> None:
    paid, counts = advantages(np.array(won, float).ravel(), 8, (0.1, 0.9))
    for own, pay, counted in zip(won, paid.reshape(-1, 8), counts, strict=True):
        assert counted == (0 < sum(own) < 8)
        assert abs(pay.sum()) < 1e-9
        assert pay.any() == counted
        assert all(one > 0 for one, good in zip(pay, own, strict=True) if counted and good)
    narrow = advantages(np.array([1, 0, 0, 0, 0, 0, 0, 0], float), 8, (0.25, 0.75))
    assert not narrow[1].any()
    assert not narrow[0].any()


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_the_threshold_is_that_of_the_best_f1(said: list[tuple[int, bool]]) -> None:
    chance, truth = np.array([c / 10 for c, _ in said]), np.array([t for _, t in said])
    at, f1 = threshold_of(chance, truth)

    def of(threshold: float) -> float:
        right = ((chance >= threshold) & truth).sum()
        return 2 * right / max(1, (chance >= threshold).sum() + truth.sum())

    assert f1 == pytest.approx(of(at))
    assert f1 >= max(of(threshold) for threshold in np.linspace(0, 1, 101)) - 1e-12


def test_what_is_paid_for_may_become_likelier_than_rarer() -> None:
    noise, still = Noise(1.0, 0.0), torch.zeros(1, 1, 1)
    for ratio, advantage, cut in ((1.25, 1.0, 1.25), (2.0, 1.0, 1.28), (0.5, -1.0, 0.8), (0.9, -1.0, 0.9)):
        action = torch.full((1, 1, 1), 3.0)
        mean = 3.0 - torch.sqrt(9.0 - 2 * torch.log(torch.tensor(ratio)))
        told = {"action": action, "old": still, "done": torch.ones(1, 1), "advantage": torch.full((1, 1), advantage)}
        assert surrogate(mean.view(1, 1, 1), told, noise, 0.2, 0.28).item() == pytest.approx(-cut * advantage, abs=1e-5)


@pytest.fixture(scope="module")
def rollouts(sim_store: Path, sim_policy: Path, sim_demos: Path, sim_twin: Path) -> Path:
    inputs: dict[str, Path | list[Path]] = {"policy": sim_policy, "demos": sim_demos, "twin": sim_twin}
    return run_stage("self_rollouts", {"rollouts": P, "seed": 0}, inputs, sim_store)


@pytest.fixture(scope="module")
def world(sim_world: Path) -> WorldModel:
    return read_world(sim_world / "model")


@pytest.fixture(scope="module")
def whole(sim_policy: Path, sim_demos: Path) -> Whole:
    checkpoint = sim_policy / "checkpoint"
    return Whole(resumed(checkpoint, load_policy(checkpoint).facts, sim_demos / "dataset"))


@pytest.fixture(scope="module")
def begun(rollouts: Path, sim_twin: Path) -> Keyframes:
    facts, model = read_twin(sim_twin), read_model(sim_twin)
    eye = eyes_of(model, facts, read_behind(sim_twin, facts))["front"]
    true = load_attempts(rollouts / "attempts.npz")
    found = keyframes(true, model, eye, 5, 40, 3, np.random.default_rng(0))
    for joints, left in zip(found.joints, found.left, strict=True):
        assert any(np.array_equal(joints, one.state[40 - left]) for one in true if 40 - left < len(one)), "no true state"
    return found


def test_self_rollouts_count_every_one_and_show_successes_alone(rollouts: Path) -> None:
    metrics = json.loads((rollouts / "manifest.json").read_text())["metrics"]
    true = load_attempts(rollouts / "attempts.npz")
    assert metrics["twin_rollouts"] == len(true) == P
    assert metrics["shown"] + metrics["left_out"] == sum(bool(rollout.success[-1]) for rollout in true)


def test_imagined_rollouts_end_in_time_or_where_members_come_apart(world: WorldModel, whole: Whole, begun: Keyframes) -> None:
    each = begun.some(np.repeat(np.arange(3), GROUP))
    assert all(begun.left % 5 == 0)
    never = Rules(2.0, 1e9, SO101.limits_rad)
    found = imagined(world, whole, each, NOISE, never, np.random.default_rng(0))
    steps = np.bincount(found.some.row, found.some.done.sum(1))
    assert np.array_equal(steps, each.left)
    assert not found.won.any()
    assert not found.cut.any()
    apart = imagined(world, whole, each, NOISE, Rules(2.0, 0.0, SO101.limits_rad), np.random.default_rng(0))
    assert apart.cut.all()
    assert apart.some.done.sum() == len(each.first)
    sure = imagined(world, whole, each, NOISE, Rules(-1.0, 0.0, SO101.limits_rad), np.random.default_rng(0))
    assert sure.won.all()
    assert not sure.cut.any()


def test_groups_that_do_not_differ_teach_nothing(world: WorldModel, whole: Whole, begun: Keyframes) -> None:
    """Where none succeeds, all do, or all are cut off, no weight moves."""
    before, recipe = [p.detach().clone() for p in whole.parameters()], Recipe(1e-2, 1, 1, 0.2, 1.0, 1.0, 0.0, 5.0, clip_high=0.28)
    for threshold, cut_m, won, cut in ((2.0, 1e9, 0, 0), (-1.0, 1e9, 1, 0), (2.0, 0.0, 0, 1)):
        rules, rng = Rules(threshold, cut_m, SO101.limits_rad), np.random.default_rng(0)
        how = (1, 3, GROUP, (0.1, 0.9), NOISE, rules, recipe, rng, lambda share, now: None)
        (point,) = optimise(world, whole, lambda count: begun, *how)
        assert (point.success, point.cut, point.counted, point.gradient_steps) == (won, cut, 0, 0)
    assert all(torch.equal(a, b) for a, b in zip(before, whole.parameters(), strict=True))


def test_updates_go_where_they_are_paid(world: WorldModel, whole: Whole, begun: Keyframes) -> None:
    """Paid is who first turned joint 0 further than the policy meant to: then it means to."""
    each = begun.some(np.repeat(np.arange(3), 8))
    some = imagined(world, whole, each, NOISE, Rules(2.0, 1e9, SO101.limits_rad), np.random.default_rng(1)).some
    first = np.unique(some.row, return_index=True)[1]
    further = (some.action - some.mean)[first, :, 0].mean(1)
    paid, counts = advantages((further > np.median(further)).astype(float), 8, (0.1, 0.9))
    assert counts.any()
    of_first = np.zeros(len(some))
    of_first[first] = paid
    recipe = Recipe(3e-4, 3, 2, 0.2, 1.0, 1.0, 0.0, 5.0, clip_high=0.28)
    before = whole.of(some, first)[0].detach()[..., 0].mean()
    advantage, rng = np.repeat(of_first, some.done.sum(1)), np.random.default_rng(0)
    optimiser = AdamW(whole.parameters(), weight_decay=0.0, clip_norm=1.0)
    made = update(partial(whole.of, some), optimiser, some, advantage, None, NOISE, recipe, rng)
    assert made.steps == 6
    assert whole.of(some, first)[0].detach()[..., 0].mean() > before


def test_a_world_model_that_does_not_tell_success_is_not_learned_in(
    sim_store: Path, sim_policy: Path, sim_demos: Path, sim_twin: Path, sim_world: Path, rollouts: Path
) -> None:
    inputs: dict[str, Path | list[Path]] = {"policy": sim_policy, "demos": sim_demos, "twin": sim_twin, "world": sim_world}
    inputs["remedies"] = rollouts
    with pytest.raises(InputError, match="R427: the world model tells success of 2 true rollouts with an F1 of 0"):
        run_stage("grpo", FEW, inputs, sim_store)
    made = run_stage("grpo", FEW | {"least_f1": 0}, inputs, sim_store)
    metrics = json.loads((made / "manifest.json").read_text())["metrics"]
    assert metrics["real_rollouts"] == P
    assert metrics["imagined_rollouts"] == 8
    if not metrics["counted_groups"]:  # then nothing was learned
        assert metrics["gradient_steps"] == 0
    assert (made / "grpo.csv").read_text().count("\n") == 2


def test_imagined_success_is_by_the_threshold_of_held_out_rollouts(
    sim_store: Path,
    sim_policy: Path,
    sim_demos: Path,
    sim_twin: Path,
    sim_world: Path,
    rollouts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is chosen by F1 on the last true rollouts is what imagined ones are paid by. The recipe is WMPO's by default."""
    inputs: dict[str, Path | list[Path]] = {"policy": sim_policy, "demos": sim_demos, "twin": sim_twin, "world": sim_world}
    held = [bool(one.success[-1]) for one in load_attempts(rollouts / "attempts.npz")[-2:]]
    for seed, threshold in ((1, -1.0), (2, 2.0)):

        def chosen(chance: np.ndarray, truth: np.ndarray, at: float = threshold) -> tuple[float, float]:
            assert (len(chance), truth.tolist()) == (2, held)
            return at, 0.9

        monkeypatch.setattr("runtime.world.grpo.threshold_of", chosen)
        made = run_stage("grpo", FEW | {"seed": seed}, {**inputs, "remedies": rollouts}, sim_store)
        said = read_manifest(made)["metrics"]
        assert (said["threshold"], said["f1"], said["imagined_before"]) == (threshold, 0.9, float(threshold < 0))
    stated = load_stages()["grpo"].params.model_fields
    assert [stated[name].default for name in ("group", "accept", "clip", "clip_high")] == [8, (0.1, 0.9), 0.2, 0.28]
