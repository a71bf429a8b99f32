"""Deeds learned one after another by one model of what forces do to the hand, and driven by planning with it.

The model is the blend of `prior`: gravity, and a network that learns the rest. It is told what the hand feels and which thing is
there (its slots), never a mass. Deeds are learned in turn from demos; what earlier ones taught is held by consolidation.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from runtime.developmental.consolidation import Consolidated
from runtime.developmental.prior import rho_of, weight
from runtime.learn.optimiser import AdamW
from runtime.sim.lab.arm import MOST_N, SCALE, Driver, Felt, Try, features

FISHER_INPUTS = 32
LEAST_SPREAD = 0.03


class Blend(nn.Module):
    """Change of the hand's speed, in units of `SCALE` [n, 2], from features and slots [n, 7 + slots]."""

    def __init__(self, width: int, start: float | None, hidden: int = 32) -> None:
        """`start` is the weight of the prior at first; None is a model without one."""
        super().__init__()
        self.with_prior = start is not None
        self.rho = nn.Parameter(torch.tensor(rho_of(start or 0.9)))
        self.learned = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, 2))

    def forward(self, x: Tensor) -> Tensor:
        """The blend; what falls does so by one unit."""
        if not self.with_prior:
            return self.learned(x)
        w = weight(self.rho)
        return w * torch.tensor([0.0, -1.0]) + (1 - w) * self.learned(x)


@dataclass(frozen=True)
class Way:
    """How deeds are learned: gradient steps and rates, the weight of consolidation, and the prior's weight at first."""

    steps: int
    rate: float
    prior_rate: float
    ewc_weight: float
    start: float | None


def in_turn(lessons: list[tuple[Tensor, Tensor]], way: Way, generator: torch.Generator) -> list[dict[str, Tensor]]:
    """Learn one deed after another; the model's weights after each.

    Args:
        lessons: of each deed the inputs [n, width] and the changes of speed in units of `SCALE` [n, 2].
    """
    model = Blend(lessons[0][0].shape[1], way.start)
    for p in model.learned.parameters():
        nn.init.uniform_(p, -0.2, 0.2, generator=generator)
    held: list[Consolidated] = []
    after = []
    for x, y in lessons:
        slow, quick = AdamW(list(model.learned.parameters()), 0.0), AdamW([model.rho], 0.0)
        for _ in range(way.steps):
            at = torch.randint(len(x), (64,), generator=generator)
            loss = (model(x[at]) - y[at]).pow(2).mean()
            if held:
                loss = loss + way.ewc_weight * torch.stack([one.penalty(model) for one in held]).sum()
            slow.zero_grad()
            quick.zero_grad()
            loss.backward()
            slow.step(way.rate)
            if way.start is not None:
                quick.step(way.prior_rate)
        after.append({name: value.detach().clone() for name, value in model.state_dict().items()})
        if way.ewc_weight:
            held.append(Consolidated(model, _fisher(model, x, y, generator)))
    return after


def _fisher(model: Blend, x: Tensor, y: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
    """The diagonal of the Fisher information of a Gaussian of the residuals' own spread: the mean over inputs of the squared
    gradient of the log likelihood of a change drawn from it."""
    with torch.no_grad():
        spread = max(float((model(x) - y).pow(2).mean().sqrt()), LEAST_SPREAD)
    found = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    at = torch.randint(len(x), (FISHER_INPUTS,), generator=generator)
    for one in x[at]:
        model.zero_grad()
        drawn = torch.randn(2, generator=generator) / spread
        (model(one[None])[0] * drawn).sum().backward()
        for name, p in model.named_parameters():
            if p.grad is not None:
                found[name] += p.grad**2 / FISHER_INPUTS
    model.zero_grad()
    return found


def planner(model: Blend, tries: list[Try], slots: Tensor) -> Driver:
    """Of many forces the one that is foretold to bring about the speed that is wished for: three grids of 9 x 9, each finer.

    Args:
        slots: of each trial's thing, [n, slots].
    """
    grid = torch.cartesian_prod(*[torch.linspace(-1, 1, 9)] * 2)  # [81, 2]

    def driver(step: int, felt: Felt, wished: np.ndarray) -> np.ndarray:
        told = torch.tensor(features(felt, np.zeros_like(felt.speed), tries), dtype=torch.float32)
        known = torch.cat([told, slots], 1)[:, None].expand(-1, len(grid), -1).clone()
        asked = torch.tensor((wished - felt.speed) / SCALE, dtype=torch.float32)[:, None]
        best, reach = torch.zeros(len(tries), 1, 2), MOST_N
        for _ in range(3):
            forces = best + reach * grid
            known[..., 2:4] = forces / 8
            with torch.no_grad():
                foretold = model(known.flatten(0, 1)).unflatten(0, known.shape[:2])
            cost = (foretold - asked).pow(2).sum(2) + 1e-5 * forces.pow(2).sum(2)
            at = cost.argmin(1)
            best = forces[torch.arange(len(tries)), at][:, None]
            reach /= 4
        return best[:, 0].numpy().astype(float)

    return driver
