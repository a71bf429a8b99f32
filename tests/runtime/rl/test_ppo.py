"""PPO's arithmetic, held against closed forms, and PPO itself on a task that a line can solve."""

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from runtime.problem import InputError
from runtime.rl.ppo import Critic, Recipe, divergence, returns, surrogate, whitened
from runtime.rl.rollout import Course, Experience, Noise, Told
from runtime.rl.train import Stop, improve


def test_a_chunk_s_likelihood_is_that_of_its_noise_in_the_steps_carried_out() -> None:
    noise, torch_rng = Noise(0.03, 0.05), torch.Generator().manual_seed(0)
    one, two, action = (torch.randn(5, 8, 3, generator=torch_rng).double() * 0.1 for _ in range(3))
    for steps in (8, 5, 1):
        done = (torch.arange(8) < steps).expand(5, 8).double()
        cov = noise.sd_rad**2 * torch.eye(steps) + noise.chunk_sd_rad**2 * torch.ones(steps, steps)

        def density(mean: Tensor, steps: int = steps, cov: Tensor = cov) -> torch.distributions.MultivariateNormal:
            return torch.distributions.MultivariateNormal(mean[:, :steps].transpose(1, 2), cov.double())

        likely = [-0.5 * whitened(action - mean, done, noise).square().sum((1, 2)) for mean in (one, two)]
        wanted = [density(mean).log_prob(action[:, :steps].transpose(1, 2)).sum(1) for mean in (one, two)]
        torch.testing.assert_close(likely[0] - likely[1], wanted[0] - wanted[1], rtol=1e-5, atol=1e-5)
        kl = torch.distributions.kl_divergence(density(one), density(two)).sum(1)
        torch.testing.assert_close(divergence(one, two, done, noise), kl, rtol=1e-5, atol=1e-5)


def test_a_step_is_paid_for_what_came_of_it_alone() -> None:
    """The first step of a chunk of two is paid and the second punished: means follow each by itself."""
    noise, ones = Noise(0.1, 0.05), torch.ones(4, 2)
    mean = torch.zeros(4, 2, 1, requires_grad=True)
    batch = {"action": torch.full((4, 2, 1), 0.1), "old": torch.zeros(4, 2, 1), "done": ones}
    surrogate(mean, batch | {"advantage": torch.tensor([[1.0, 0.0]]).expand(4, 2)}, noise, 0.2).backward()
    first = mean.grad.clone() if mean.grad is not None else torch.zeros(0)
    assert torch.all(first[:, 0] < 0)
    torch.testing.assert_close(first[:, 1], torch.zeros(4, 1))


def test_returns_go_on_by_the_critic_only_where_an_episode_was_cut_off() -> None:
    recipe = Recipe(1e-3, 1, 1, 0.2, 0.9, 1.0, 0.0, 1.0)
    state = np.array([[1.0], [2.0], [3.0], [4.0]], np.float32)
    done = np.array([[True, True], [True, False], [True, False]])
    steps = np.zeros((3, 2, 1), np.float32)
    steps[done] = state
    critic = Critic(state)
    with torch.no_grad():
        left = float(critic(torch.tensor([[9.0]]))[0])
    paid, ends = np.array([[1.0, 2.0], [4.0, 99.0], [8.0, 99.0]]), np.array([True, False, False])
    meant = np.zeros((3, 2, 1))
    after = np.array([[9.0]], np.float32)
    some = Experience({}, {}, state[:3], steps, meant, meant, done, paid, ends, np.zeros(3, int), after)
    found, advantage = returns(some, critic, recipe)
    np.testing.assert_allclose(found, [1 + 0.9 * 2, 2, 4 + 0.9 * 8 + 0.81 * left, 8 + 0.9 * left], rtol=1e-5)
    with torch.no_grad():
        np.testing.assert_allclose(advantage, found - critic(torch.from_numpy(state)).numpy(), rtol=1e-5)


class Line:
    """Rows that are paid for having their one joint near a goal, which they know."""

    rows, actions, horizon, cameras = 32, 1, 4, ()

    def __init__(self) -> None:
        self._rng, self._at = np.random.default_rng(0), np.zeros(self.rows, int)
        self._goal = self._rng.uniform(-0.2, 0.2, self.rows)

    def state(self) -> np.ndarray:
        return self._goal[:, None].astype(np.float32)

    privileged = state

    def step(self, actions: np.ndarray) -> SimpleNamespace:
        off = np.abs(actions[:, 0] - self._goal)
        self._at += 1
        done = self._at >= self.horizon
        self._at[done] = 0
        self._goal = np.where(done, self._rng.uniform(-0.2, 0.2, self.rows), self._goal)
        return SimpleNamespace(reward=-off, done=done, success=done & (off < 0.05))


class Straight:
    """What a line of the state means, for two steps at once."""

    def __init__(self) -> None:
        self.line = nn.Linear(1, 2)

    def parameters(self):
        return self.line.parameters()

    def plan(self, images: Mapping[str, np.ndarray], state: np.ndarray, privileged: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.line(torch.from_numpy(state))[..., None].numpy().astype(np.float64)

    def of(self, some: Experience, rows: np.ndarray) -> tuple[Tensor, float]:
        return self.line(torch.from_numpy(some.state[rows]))[..., None], 0.0


def test_reward_rises_until_a_rule_that_was_stated_before_ends_it() -> None:
    torch.manual_seed(0)
    policy, rng = Straight(), np.random.default_rng(1)
    course = Course(Line(), 2, sees=False)  # ty: ignore[invalid-argument-type]
    noise, recipe = Noise(0.2, 0.1), Recipe(1e-2, 4, 4, 0.2, 0.9, 0.95, 0.0, 0.5)
    curve, rule = improve(policy, None, course, noise, recipe, Stop(6000, 10**6, 99), rng, lambda f, n: None)
    reward = [point.reward or 0.0 for point in curve]
    assert rule == "control_steps"
    assert curve[-1].control_steps == 2 * 32 * len(curve) >= 6000
    assert np.mean(reward[-5:]) > 0.6 * np.mean(reward[:3])
    clone = Straight()
    far = Recipe(1e-2, 4, 4, 0.2, 0.9, 0.95, 0.0, 1e-9)
    still, rule = improve(clone, clone.plan, course, noise, far, Stop(10**6, 10**6, 6), rng, lambda f, n: None)
    assert rule == "patience"
    assert max(point.gradient_steps for point in still) <= len(still), "an update ends at its target KL"


def test_what_is_no_finite_number_is_refused_before_it_is_done() -> None:
    policy = Straight()
    with torch.no_grad():
        policy.line.bias[0] = float("nan")
    course = Course(Line(), 2, sees=False)  # ty: ignore[invalid-argument-type]
    recipe, rng = Recipe(1e-2, 4, 4, 0.2, 0.9, 0.95, 0.0, 0.5), np.random.default_rng(1)
    with pytest.raises(InputError, match=r"R399.*no finite number"):
        improve(policy, None, course, Noise(0.2, 0.1), recipe, Stop(6000, 10**6, 99), rng, lambda f, n: None)


def test_reward_is_hacked_when_it_rises_while_success_falls() -> None:
    rng = np.random.default_rng(2)
    before = Told(np.ones(40, bool), rng.normal(5, 1, 40))
    worse = Told(rng.uniform(size=40) < 0.5, before.paid + rng.normal(2, 1, 40))
    assert worse.hacked(before)
    assert not Told(before.success, worse.paid).hacked(before)
    assert not Told(worse.success, before.paid - 1).hacked(before)
