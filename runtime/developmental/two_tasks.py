"""Task A, then task B on the same network and outputs: what is left of A, with and without consolidation.

A: in which quarter of the objects' elasticities is what was dropped? B: in which quarter of their masses is what was struck?
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from runtime.bound.lab import Lab
from runtime.developmental.consolidation import Consolidated, fisher
from runtime.developmental.play import Episodes
from runtime.learn.optimiser import AdamW
from runtime.sim.lab.bench import MODES
from runtime.sim.lab.objects import PROPERTIES, things

TASKS = (("drop", "elasticity"), ("strike", "mass"))
CLASSES = 4
FISHER_INPUTS = 200


@dataclass(frozen=True)
class Task:
    """Inputs [n, 8] and classes [n], to learn from and to be tried on."""

    train: tuple[torch.Tensor, torch.Tensor]
    test: tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Kept:
    """Share of right answers: A before B, A and B after B."""

    before: float
    a: float
    b: float


def tasks(lab: Lab, count: int, rng: np.random.Generator) -> list[Task]:
    """Both tasks, with `count` interactions to learn from and half as many to be tried on."""
    play = Episodes(lab, things(lab, "a"), rng)
    truth = np.array([thing.properties() for thing in play.objects])
    found = []
    for mode, name in TASKS:
        rank = truth[:, PROPERTIES.index(name)].argsort().argsort()
        classes = rank * CLASSES // len(rank)
        drawn = rng.integers(len(play.objects), size=count + count // 2)
        x = np.array([play.play(int(i), MODES.index(mode), float(rng.uniform(0.4, 0.6))) for i in drawn])
        inputs, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(classes[drawn])
        found.append(Task((inputs[:count], labels[:count]), (inputs[count:], labels[count:])))
    return found


def in_turn(both: list[Task], weight: float, steps: int, rate: float, generator: torch.Generator, hidden: int = 64) -> Kept:
    """Learn A, then B held back by `weight` times what mattered to A."""
    net = nn.Sequential(nn.Linear(both[0].train[0].shape[1], hidden), nn.ReLU(), nn.Linear(hidden, CLASSES))
    for p in net.parameters():
        nn.init.uniform_(p, -0.3, 0.3, generator=generator)
    _fit(net, both[0], None, 0.0, steps, rate, generator)
    before = _right(net, both[0])
    held = Consolidated(net, fisher(net, both[0].train[0][:FISHER_INPUTS], generator)) if weight else None
    _fit(net, both[1], held, weight, steps, rate, generator)
    return Kept(before, _right(net, both[0]), _right(net, both[1]))


def _fit(
    net: nn.Module, task: Task, held: Consolidated | None, weight: float, steps: int, rate: float, generator: torch.Generator
) -> None:
    optimiser = AdamW(list(net.parameters()), 0.0)
    inputs, labels = task.train
    for _ in range(steps):
        at = torch.randint(len(inputs), (64,), generator=generator)
        loss = nn.functional.cross_entropy(net(inputs[at]), labels[at])
        if held is not None:
            loss = loss + weight * held.penalty(net)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step(rate)


def _right(net: nn.Module, task: Task) -> float:
    with torch.no_grad():
        return float((net(task.test[0]).argmax(1) == task.test[1]).float().mean())
