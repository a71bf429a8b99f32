"""Soft actor-critic with demos: LeRobot's update with LeRobot's own networks, and ours on a problem whose answer is known."""

from typing import Any

import numpy as np
import pytest
import torch

from runtime.rl.sac import REAL, Recipe, Sac, Transitions, actor_loss, batch_of, critic_loss, target_of, temperature_loss


def bandit(n: int, rng: np.random.Generator) -> Transitions:
    """One step: paid 1 where the action is within 0.3 of half of what is seen."""
    seen, action = rng.uniform(-1, 1, (n, 1)).astype(np.float32), rng.uniform(-1, 1, (n, 1)).astype(np.float32)
    paid, nothing = (np.abs(action - seen / 2)[:, 0] < 0.3).astype(np.float32), np.zeros(n, np.float32)
    where = np.full(n, REAL), np.ones(n, np.int64)
    return Transitions(seen, action, paid, seen, np.ones(n, np.float32), *where, nothing, nothing, nothing)


def test_it_learns_what_pays() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    some, sac = bandit(2000, rng), Sac(1, 1, Recipe(rate=3e-3, actor_rate=3e-3, batch=128))
    before = np.abs(sac.best(some.seen) - some.seen / 2).mean()
    for _ in range(300):
        sac.update(batch_of(some.of(rng.integers(len(some), size=128))))
    assert before > 0.2
    assert np.abs(sac.best(some.seen) - some.seen / 2).mean() < 0.12
    again = Sac(1, 1, Recipe())
    again.load(sac.state())
    assert np.array_equal(again.best(some.seen), sac.best(some.seen))


@pytest.mark.slow
@pytest.mark.parametrize("backup_entropy", [False, True])
def test_losses_and_gradients_are_lerobot_s(backup_entropy: bool) -> None:
    """With LeRobot's actor and critics in the place of ours, and the same numbers drawn."""
    from lerobot.configs import FeatureType, PolicyFeature
    from lerobot.policies.gaussian_actor.configuration_gaussian_actor import GaussianActorConfig
    from lerobot.policies.gaussian_actor.modeling_gaussian_actor import GaussianActorPolicy
    from lerobot.rl.algorithms.sac import SACAlgorithm, SACAlgorithmConfig

    torch.manual_seed(1)
    config = GaussianActorConfig(
        input_features={"observation.state": PolicyFeature(FeatureType.STATE, (3,))},
        output_features={"action": PolicyFeature(FeatureType.ACTION, (2,))},
        latent_dim=16,
        device="cpu",
    )
    said = SACAlgorithmConfig(
        policy_config=config, num_critics=4, num_subsample_critics=2, use_backup_entropy=backup_entropy, discount=0.9
    )
    theirs: Any = SACAlgorithm(policy=GaussianActorPolicy(config), config=said)
    with torch.no_grad():
        for p in theirs.critic_target.parameters():
            p += 0.05 * torch.randn_like(p)
    rng = torch.Generator().manual_seed(2)
    seen, after, action = (torch.randn(32, n, generator=rng) for n in (3, 3, 2))
    reward, done = torch.rand(32, generator=rng), (torch.rand(32, generator=rng) < 0.3).float()

    def named(x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"observation.state": x}

    batch: dict[str, Any] = {"state": named(seen), "next_state": named(after)}
    batch |= {"action": action.tanh(), "reward": reward, "done": done}

    def sample(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return theirs.policy.actor(named(x))

    def values(of: Any) -> Any:
        return lambda x, a: of(named(x), a)

    recipe = Recipe(discount=0.9, subsample=2, backup_entropy=backup_entropy)
    temperature = theirs.temperature

    def ours(what: str) -> torch.Tensor:
        if what == "critic":
            goal = target_of(
                sample, values(theirs.critic_target), (seen, action.tanh(), reward, after, done), recipe, temperature
            )
            return critic_loss(theirs.critic_ensemble(named(seen), action.tanh()), goal)
        if what == "actor":
            return actor_loss(sample, values(theirs.critic_ensemble), seen, temperature)[0]
        return temperature_loss(theirs.log_alpha, sample(seen)[1].detach(), theirs.target_entropy)

    for what, parameters in (
        ("critic", list(theirs.critic_ensemble.parameters())),
        ("actor", list(theirs.policy.actor.parameters())),
        ("temperature", [theirs.log_alpha]),
    ):
        found = []
        for loss_of in (lambda w: getattr(theirs, f"_compute_loss_{w}")(batch), ours):
            torch.manual_seed(3)
            loss = loss_of(what)
            found.append((loss, torch.autograd.grad(loss, parameters, allow_unused=True)))
        (their_loss, their_grads), (our_loss, our_grads) = found
        assert torch.allclose(their_loss, our_loss, atol=1e-6), what
        for one, other in zip(their_grads, our_grads, strict=True):
            assert (one is None) == (other is None)
            assert one is None or other is None or torch.allclose(one, other, atol=1e-6), what
