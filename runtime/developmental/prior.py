"""A physics prior that yields where the world disagrees: a prediction by gravity, blended with a learned one.

    prediction = w * prior + (1 - w) * learned,   w = 0.3 + 0.7 sigmoid(rho)

The plan writes w = 0.3 + softplus(p - 0.3), which is 1.34 at p = 0.9: the learned part would then count against itself. The
bounded form stays between the floor of 0.3 and 1.
"""

from math import log

import torch
from torch import nn

FLOOR = 0.3
G = 9.81


def weight(rho: torch.Tensor) -> torch.Tensor:
    """The prior's weight, from `FLOOR` to 1."""
    return FLOOR + (1 - FLOOR) * torch.sigmoid(rho)


def rho_of(start: float) -> float:
    """The parameter at which the weight is `start`."""
    share = (start - FLOOR) / (1 - FLOOR)
    return log(share / (1 - share))


class Blended(nn.Module):
    """Change of vertical speed (m/s) over a step, from states [n, features]."""

    def __init__(self, features: int, step_s: float, start: float | None = 0.9, hidden: int = 32) -> None:
        """Without `start` there is no prior: what is learned stands alone."""
        super().__init__()
        self.with_prior = start is not None
        self.rho = nn.Parameter(torch.tensor(rho_of(start or 0.9)))
        self.learned = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        self.step_s = step_s

    def prior(self, states: torch.Tensor) -> torch.Tensor:
        """Gravity: what is let go falls. [n]."""
        return torch.full((len(states),), -G * self.step_s)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """The blend, [n]."""
        if not self.with_prior:
            return self.learned(states)[:, 0]
        w = weight(self.rho)
        return w * self.prior(states) + (1 - w) * self.learned(states)[:, 0]
