"""Proximal policy optimisation of a policy that plans chunks, with a critic that knows the true state.

Schulman et al., "Proximal Policy Optimization Algorithms" (2017); advantages as in Schulman et al., "High-Dimensional Continuous
Control Using Generalized Advantage Estimation" (2016); what the critic knows as in Pinto et al., "Asymmetric Actor Critic"
(2018). A chunk is planned at once and paid step by step: each step that was carried out has a likelihood, given the steps before
it, and an advantage of its own. Of a chunk as one action of 48 numbers a clip of 0.2 lets 0.02 nats pass, and every step would be
paid for what came before it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from runtime.learn.optimiser import AdamW
from runtime.rl.rollout import Experience, Noise


@dataclass(frozen=True)
class Recipe:
    """How an update is made. `target_kl` and `anchor` are of nats a decision."""

    rate: float
    epochs: int
    batches: int  # of an epoch
    clip: float
    discount: float  # of a control step
    gae_lambda: float  # lambda of the advantages, of a control step
    anchor: float  # weight of KL(policy || clone)
    target_kl: float
    critic_rate: float = 1e-3
    annealed: bool = False  # whether `rate` falls to 0 along a line, so that the last policy is no draw of many
    clip_high: float | None = None  # where what is paid for may become likelier by more than it may become rarer


class Critic(nn.Module):
    """The value of a true state [N, P], whose normaliser is that of the first experience."""

    mean: Tensor
    sd: Tensor

    def __init__(self, first: np.ndarray, hidden: int = 128) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(first.mean(0)))
        self.register_buffer("sd", torch.from_numpy(first.std(0)) + 1e-3)
        inputs = first.shape[1]
        self.net = nn.Sequential(nn.Linear(inputs, hidden), nn.ELU(), nn.Linear(hidden, hidden), nn.ELU(), nn.Linear(hidden, 1))

    def forward(self, privileged: Tensor) -> Tensor:
        """Values [N]."""
        return self.net(((privileged - self.mean) / self.sd).clamp(-8, 8))[:, 0]


def returns(some: Experience, critic: Critic, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Returns and generalised advantages of the S steps that were carried out, in the order of `some.done`. The horizon ends an
    episode as success does, since the critic knows how much is left; where an experience was cut off, it says what was to come.
    """
    done = some.done
    with torch.no_grad():
        states = some.privileged[done], some.after
        values, left = (critic(torch.from_numpy(x)).numpy().astype(np.float64) for x in states)
    reward, rows = some.reward[done], np.repeat(some.row, done.sum(1))
    ends = np.zeros(len(reward), bool)
    ends[np.cumsum(done.sum(1)) - 1] = some.ends
    found, trace, after, row = np.zeros(len(reward)), 0.0, 0.0, -1
    for i in range(len(reward) - 1, -1, -1):
        if ends[i] or rows[i] != row:
            row, trace = rows[i], 0.0
            after = 0.0 if ends[i] else left[row]
        trace = reward[i] + recipe.discount * after - values[i] + recipe.discount * recipe.gae_lambda * trace
        found[i], after = trace, values[i]
    return found + values, found


def whitened(off: Tensor, done: Tensor, noise: Noise) -> Tensor:
    """Deviations [M, k, J] in the steps that were carried out (`done` [M, k], the first of each), as independent standard ones:
    each step's off what the steps before it let expect of what all have in common."""
    own, held = noise.sd_rad**2, noise.chunk_sd_rad**2
    off = off * done[..., None]
    known = own + held * torch.arange(off.shape[1])[:, None]
    return (off - held / known * (off.cumsum(1) - off)) * done[..., None] / (own + own * held / known).sqrt()


def divergence(one: Tensor, two: Tensor, done: Tensor, noise: Noise) -> Tensor:
    """KL of two policies of the same noise whose means are these, [M] nats a decision."""
    return 0.5 * whitened(one - two, done, noise).square().sum((1, 2))


def surrogate(mean: Tensor, some: dict[str, Tensor], noise: Noise, clip: float, high: float | None = None) -> Tensor:
    """PPO's clipped loss of means [B, k, J], summed over the steps of a batch: `action`, `old` (means), `done`, `advantage`. The
    ratio is clipped to 1 - `clip` and 1 + `high` (`clip` where that is None)."""

    def log_likelihood(of: Tensor) -> Tensor:
        return -0.5 * whitened(some["action"] - of, some["done"], noise).square().sum(2)

    ratio = (log_likelihood(mean) - log_likelihood(some["old"])).exp()  # [B, k]
    clipped = ratio.clamp(1 - clip, 1 + (clip if high is None else high))
    return -(torch.minimum(ratio * some["advantage"], clipped * some["advantage"]) * some["done"]).sum()


@dataclass(frozen=True)
class Updated:
    """What an update did: gradient steps, and the KL of the policy before from the one after it, nats a decision."""

    steps: int
    kl: float
    loss: float


def update(
    of: Callable[[np.ndarray], tuple[Tensor, Tensor | float]],
    optimiser: AdamW,
    some: Experience,
    advantage: np.ndarray,
    clone: np.ndarray | None,
    noise: Noise,
    recipe: Recipe,
    rng: np.random.Generator,
) -> Updated:
    """Some epochs over an experience; they end early when the policy has gone further than `target_kl` in a batch.

    Args:
        of: rows of the experience [B] -> what the policy means there now [B, k, J], and a loss that it has beside PPO's.
        advantage: of the steps that were carried out [S].
        clone: what the clone would have meant [M, k, J], or None where there is none.
    """
    paid = np.zeros(some.done.shape)
    paid[some.done] = advantage
    told = {"action": some.action, "old": some.mean, "done": some.done, "advantage": paid}
    tensors = {name: torch.from_numpy(value.astype(np.float32)) for name, value in told.items()}
    anchors = None if clone is None else torch.from_numpy(clone.astype(np.float32))
    steps, kl, losses = 0, 0.0, []
    for _ in range(recipe.epochs):
        for rows in np.array_split(rng.permutation(len(some)), recipe.batches):
            batch = {name: value[rows] for name, value in tensors.items()}
            now, beside = of(rows)
            kl = float(divergence(now.detach(), batch["old"], batch["done"], noise).mean())
            if kl > recipe.target_kl:
                return Updated(steps, kl, float(np.mean(losses or [0.0])))
            loss = surrogate(now, batch, noise, recipe.clip, recipe.clip_high)
            if anchors is not None and recipe.anchor:
                loss = loss + recipe.anchor * divergence(now, anchors[rows], batch["done"], noise).sum()
            loss = loss / batch["done"].sum() + beside
            optimiser.zero_grad()
            loss.backward()
            optimiser.step(recipe.rate)
            losses.append(float(loss.detach()))
            steps += 1
    return Updated(steps, kl, float(np.mean(losses)))


def fit(critic: Critic, optimiser: AdamW, privileged: np.ndarray, returns: np.ndarray, rate: float, epochs: int) -> float:
    """Regress the critic on returns [S] of true states [S, P]; the share of their variance that it explains afterwards."""
    states, goal = torch.from_numpy(privileged), torch.from_numpy(returns.astype(np.float32))
    for _ in range(epochs):
        for rows in torch.randperm(len(states)).split(256):
            optimiser.zero_grad()
            nn.functional.huber_loss(critic(states[rows]), goal[rows]).backward()
            optimiser.step(rate)
    with torch.no_grad():
        return float(1 - (goal - critic(states)).var() / goal.var().clamp_min(1e-9))
