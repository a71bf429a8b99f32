"""The next state, and how sure that is: an ensemble of Gaussian networks (Lakshminarayanan, Pritzel and Blundell 2017).

The plan's uncertainty loss, -log(predicted uncertainty) where the error is large, falls without bound as uncertainty grows. The
negative log likelihood is a proper score in its place: it is smallest where the stated spread is the true one.
"""

from math import log, pi

import torch
from torch import Tensor, nn


class Gaussian(nn.Module):
    """State and action [n, features] -> mean and log variance of the change of state, [n, states] each."""

    def __init__(self, features: int, states: int, hidden: int = 64) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(features, hidden), nn.SiLU(), nn.Linear(hidden, 2 * states))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance; the latter between e^-10 and e^2."""
        mean, spread = self.net(x).chunk(2, 1)
        return mean, 6 * torch.tanh(spread / 6) - 4


def nll(mean: Tensor, log_variance: Tensor, truth: Tensor) -> Tensor:
    """Mean negative log likelihood of a diagonal Gaussian, nats per number."""
    return 0.5 * (log(2 * pi) + log_variance + (truth - mean) ** 2 / log_variance.exp()).mean()


def together(members: list[Gaussian], x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of the even mixture of members, [n, states] each: their own spread, and what they differ by."""
    means, spreads = zip(*(member(x) for member in members), strict=True)
    mean = torch.stack(means).mean(0)
    variance = torch.stack([s.exp() + m**2 for m, s in zip(means, spreads, strict=True)]).mean(0) - mean**2
    return mean, variance


def covered(mean: Tensor, variance: Tensor, truth: Tensor, z: float = 1.6449) -> float:
    """The share of numbers that lie within z stated spreads of what was foretold; 0.9 where the spread is true."""
    return float(((truth - mean).abs() <= z * variance.sqrt()).float().mean())
