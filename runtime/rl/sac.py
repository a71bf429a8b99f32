"""Soft actor-critic with demos, off policy: the update of LeRobot's `SACAlgorithm` over features that are computed once.

Haarnoja et al., "Soft Actor-Critic" (2018), with what RLPD adds (Ball et al. 2023): an ensemble of critics with layer norm, of
which
targets take the least of a few, and demos in every batch. A test holds losses and one update against LeRobot's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from math import log

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from runtime.learn.optimiser import AdamW

DEMO, REAL, SYNTHETIC = range(3)
"""Where a transition is from: demos, rollouts at the place, or a world model."""
LEAST_SD, MOST_SD = 0.01, 1.0


@dataclass(frozen=True)
class Transitions:
    """M chunks of control steps, each with what came of it; an action is a point in -1..1."""

    seen: np.ndarray  # f32 [M, F] features before
    action: np.ndarray  # f32 [M, A]
    reward: np.ndarray  # f32 [M] 1 for success on the way; of a world model its probability
    after: np.ndarray  # f32 [M, F] features afterwards
    done: np.ndarray  # f32 [M] whether nothing comes afterwards; of a world model the probability
    origin: np.ndarray  # i64 [M] DEMO, REAL or SYNTHETIC
    round: np.ndarray  # i64 [M] in which it was made; 0 for demos
    away_rad: (
        np.ndarray
    )  # f32 [M] root mean square of how far joint targets are from those of the real segment; 0 where it is real
    apart_m: np.ndarray  # f32 [M] how far members of the world model are apart about where tip and objects end; 0 where real
    apart_done: np.ndarray  # f32 [M] and about whether it is done, standard deviation of the probability

    def __len__(self) -> int:
        return len(self.seen)

    def of(self, rows: np.ndarray) -> "Transitions":
        """Some of them."""
        return Transitions(**{name: value[rows] for name, value in vars(self).items()})

    def joined(self, other: "Transitions") -> "Transitions":
        """Both, one after the other."""
        return Transitions(**{f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)})


@dataclass(frozen=True)
class Recipe:
    """How it learns. `subsample` critics make a target; `anchor` weighs the squared mean, which is 0 for the policy that it began
    from."""

    batch: int = 128
    rate: float = 1e-3
    actor_rate: float = 3e-4
    discount: float = 0.95
    target_weight: float = 0.02
    subsample: int = 2
    anchor: float = 0.0
    target_entropy: float | None = None  # nats; None is minus half of the action's dimensions
    backup_entropy: bool = False


type Sample = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""Features -> actions drawn [B, A], their log density [B], and means before squashing [B, A]."""
type Values = Callable[[Tensor, Tensor], Tensor]
"""Features and actions -> value by each critic [E, B]."""


class Actor(nn.Module):
    """A perceptron with one hidden layer: a Gaussian squashed to -1..1. It begins with a mean of 0."""

    def __init__(self, inputs: int, actions: int, hidden: int, sd: float = 0.3) -> None:
        super().__init__()
        self.enter, self.mean, self.log_sd = nn.Linear(inputs, hidden), nn.Linear(hidden, actions), nn.Linear(hidden, actions)
        for layer in (self.mean, self.log_sd):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.log_sd.bias, log(sd))

    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Sample`."""
        x = F.relu(self.enter(seen))
        mean, sd = self.mean(x), self.log_sd(x).exp().clamp(LEAST_SD, MOST_SD)
        noise = torch.randn_like(mean)
        drawn = mean + sd * noise
        # of tanh: log(1 - tanh(x)^2), in a form that does not overflow
        density = -0.5 * noise**2 - sd.log() - 0.5 * log(2 * np.pi) - 2 * (log(2) - drawn - F.softplus(-2 * drawn))
        return torch.tanh(drawn), density.sum(-1), mean

    def best(self, seen: Tensor) -> Tensor:
        """What it does where it does not explore [B, A]."""
        return torch.tanh(self.mean(F.relu(self.enter(seen))))


class Critics(nn.Module):
    """`members` perceptrons with two hidden layers, each followed by layer norm."""

    def __init__(self, inputs: int, actions: int, hidden: int, members: int) -> None:
        super().__init__()
        sizes = (inputs + actions, hidden, hidden, 1)
        self.weight = nn.ParameterList(
            nn.Parameter(torch.empty(members, a, b).uniform_(-(a**-0.5), a**-0.5)) for a, b in pairwise(sizes)
        )
        self.bias = nn.ParameterList(nn.Parameter(torch.zeros(members, 1, b)) for b in sizes[1:])

    def forward(self, seen: Tensor, action: Tensor) -> Tensor:
        """See `Values`."""
        x = torch.cat([seen, action], -1).expand(len(self.weight[0]), -1, -1)
        for weight, bias in list(zip(self.weight, self.bias, strict=True))[:-1]:
            x = torch.baddbmm(bias, x, weight)
            x = F.relu(F.layer_norm(x, x.shape[-1:]))
        return torch.baddbmm(self.bias[-1], x, self.weight[-1])[..., 0]


def target_of(sample: Sample, targets: Values, batch: tuple[Tensor, ...], r: Recipe, temperature: float) -> Tensor:
    """What critics should say of a batch [B]: reward, and the discounted least of some of the targets where it goes on."""
    _, _, reward, after, done = batch
    with torch.no_grad():
        action, density, _ = sample(after)
        values = targets(after, action)
        if r.subsample < len(values):
            values = values[torch.randperm(len(values))[: r.subsample]]
        least = values.min(0).values - (temperature * density if r.backup_entropy else 0.0)
        return reward + (1 - done) * r.discount * least


def critic_loss(values: Tensor, target: Tensor) -> Tensor:
    """Squared error, the mean over a batch and the sum over critics."""
    return ((values - target) ** 2).mean(1).sum()


def actor_loss(sample: Sample, critics: Values, seen: Tensor, temperature: float, anchor: float = 0.0) -> tuple[Tensor, Tensor]:
    """What the actor makes small, and the log density of what it drew [B]."""
    action, density, mean = sample(seen)
    loss = (temperature * density - critics(seen, action).min(0).values).mean()
    return loss + anchor * (mean**2).sum(-1).mean() if anchor else loss, density.detach()


def temperature_loss(log_temperature: Tensor, density: Tensor, target_entropy: float) -> Tensor:
    """Made small by a temperature at which the actor has its target entropy."""
    return (-log_temperature.exp() * (density + target_entropy)).mean()


class Sac:
    """Actor, critics, targets and temperature, in training."""

    def __init__(
        self, inputs: int, actions: int, r: Recipe, hidden: int = 96, critics: int = 4, temperature: float = 0.01
    ) -> None:
        self.actor, self.critics = Actor(inputs, actions, hidden), Critics(inputs, actions, 96, critics)
        self.targets = Critics(inputs, actions, 96, critics)
        self.targets.load_state_dict(self.critics.state_dict())
        self.log_temperature = nn.Parameter(torch.tensor([log(temperature)]))
        self.recipe = replace(r, target_entropy=-actions / 2 if r.target_entropy is None else r.target_entropy)
        self._by_actor, self._by_critics, self._by_temperature = (
            AdamW(parameters, weight_decay=0.0, clip_norm=40.0)
            for parameters in (self.actor.parameters(), self.critics.parameters(), [self.log_temperature])
        )

    @property
    def temperature(self) -> float:
        """Weight of the entropy."""
        return float(self.log_temperature.detach().exp())

    def state(self) -> dict[str, Tensor]:
        """All that a later round goes on from."""
        parts = {"actor": self.actor, "critics": self.critics, "targets": self.targets}
        found = {f"{name}.{k}": v for name, part in parts.items() for k, v in part.state_dict().items()}
        return {**found, "log_temperature": self.log_temperature.detach()}

    def load(self, state: dict[str, Tensor]) -> None:
        """The inverse of `state`."""
        for name, part in (("actor", self.actor), ("critics", self.critics), ("targets", self.targets)):
            part.load_state_dict({k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.")})
        with torch.no_grad():
            self.log_temperature.copy_(state["log_temperature"])

    def update(self, batch: tuple[Tensor, ...], with_actor: bool = True) -> float:
        """One step of all on a batch of features, actions, reward, features afterwards and done; the critics' loss."""
        r, (seen, action, *_) = self.recipe, batch
        goal = target_of(self.actor, self.targets, batch, r, self.temperature)
        self._by_critics.zero_grad()
        loss = critic_loss(self.critics(seen, action), goal)
        loss.backward()
        self._by_critics.step(r.rate)
        if with_actor:
            self._by_actor.zero_grad()
            made, density = actor_loss(self.actor, self.critics, seen, self.temperature, r.anchor)
            made.backward()
            self._by_actor.step(r.actor_rate)
            self._by_temperature.zero_grad()
            assert r.target_entropy is not None
            temperature_loss(self.log_temperature, density, r.target_entropy).backward()
            self._by_temperature.step(r.actor_rate)
        with torch.no_grad():
            for goal_p, p in zip(self.targets.parameters(), self.critics.parameters(), strict=True):
                goal_p.lerp_(p, r.target_weight)
        return float(loss.detach())

    @torch.no_grad()
    def best(self, seen: np.ndarray) -> np.ndarray:
        """What the actor does where it does not explore [M, A]."""
        return self.actor.best(torch.from_numpy(seen)).numpy()

    @torch.no_grad()
    def worth(self, some: Transitions) -> np.ndarray:
        """What each transition is worth by reward and the least of all targets afterwards, without exploring [M]."""
        after = torch.from_numpy(some.after)
        least = self.targets(after, self.actor.best(after)).min(0).values.numpy()
        return some.reward + (1 - some.done) * self.recipe.discount * least

    @torch.no_grad()
    def uncertainty(self, real: Transitions) -> float:
        """How unsure the policy's values are in real states: the spread of critics about what it would do there, and the error of
        their mean about what was done; means over transitions, in units of the reward."""
        seen, action = torch.from_numpy(real.seen), torch.from_numpy(real.action)
        spread = self.critics(seen, self.actor.best(seen)).std(0, correction=0).mean()
        error = np.abs(self.critics(seen, action).mean(0).numpy() - self.worth(real)).mean()
        return float(spread) + float(error)


def batch_of(some: Transitions) -> tuple[Tensor, ...]:
    """What `Sac.update` takes."""
    return tuple(torch.from_numpy(x) for x in (some.seen, some.action, some.reward, some.after, some.done))
