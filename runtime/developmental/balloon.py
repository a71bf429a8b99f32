"""Things that rise: does a prior of falling yield where the world disagrees, and stay where it does not?"""

from dataclasses import dataclass

import numpy as np
import torch

from runtime.bound.lab import Lab
from runtime.developmental.prior import Blended, weight
from runtime.learn.optimiser import AdamW
from runtime.sim.lab.bench import released
from runtime.sim.lab.objects import things

STEP_S = 0.04
FLIGHTS = 3
"""Flights of each object: to learn from those of set A, to be tried on those of set B."""


@dataclass(frozen=True)
class Yielded:
    """The prior's weight every hundred steps, its last, and the share of unseen flights' steps foretold to gain upward speed."""

    path: list[float]
    last: float
    upward: float
    error: float


def flights(lab: Lab, which: str, lift: float, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """States [n, 2], vertical speed and the object's size, and the change of speed over the next step [n], m/s."""
    states, changes = [], []
    for thing in things(lab, which):
        for _ in range(FLIGHTS):
            path = released(thing, lift, rng)
            states += [(speed, 20 * thing.size_m) for speed in path[:-1, 1]]
            changes += np.diff(path[:, 1]).tolist()
    return torch.tensor(np.array(states), dtype=torch.float32), torch.tensor(changes, dtype=torch.float32)


def learn_flights(
    lab: Lab, lift: float, steps: int, start: float, rate: float, prior_rate: float, seed: int, batch: int = 64
) -> Yielded:
    """Train the blend on flights of set A. The prior's one number learns at `prior_rate`, all else at `rate`."""
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = Blended(2, STEP_S, start)
    states, changes = flights(lab, "a", lift, rng)
    slow, quick = AdamW(list(model.learned.parameters()), 0.0), AdamW([model.rho], 0.0)
    path = [float(weight(model.rho.detach()))]
    for step in range(steps):
        at = torch.randint(len(states), (batch,), generator=generator)
        loss = (model(states[at]) - changes[at]).pow(2).mean()
        slow.zero_grad()
        quick.zero_grad()
        loss.backward()
        slow.step(rate)
        quick.step(prior_rate)
        if (step + 1) % 100 == 0:
            path.append(float(weight(model.rho.detach())))
    states, changes = flights(lab, "b", lift, rng)
    with torch.no_grad():
        foretold = model(states)
    return Yielded(path, path[-1], float((foretold > 0).float().mean()), float((foretold - changes).pow(2).mean().sqrt()))
