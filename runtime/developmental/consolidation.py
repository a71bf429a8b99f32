"""Elastic weight consolidation (Kirkpatrick et al. 2017): what mattered to a task before is held near where it was.

    penalty = weight * sum_i F_i (theta_i - theta*_i)^2

The original has weight/2; LIBERO and the NSCA plan leave the half out, and so does this. F is the diagonal of the Fisher
information: the mean over inputs of the squared gradient of the log likelihood of a label drawn from the network's own answer.
"""

import torch
from torch import nn


class Consolidated:
    """What a network knew after a task: its weights, and how much each of them mattered."""

    def __init__(self, net: nn.Module, fisher: dict[str, torch.Tensor], protect: dict[str, float] | None = None) -> None:
        """`protect` maps the beginning of a parameter's name to how many times it is protected, such as `semantic: 10`."""
        self.weights = {name: p.detach().clone() for name, p in net.named_parameters()}
        times = protect or {}
        self.fisher = {
            name: f * next((by for start, by in times.items() if name.startswith(start)), 1.0) for name, f in fisher.items()
        }

    def penalty(self, net: nn.Module) -> torch.Tensor:
        """The sum of F (theta - theta*)^2, without the weight."""
        terms = [(self.fisher[name] * (p - self.weights[name]) ** 2).sum() for name, p in net.named_parameters()]
        return torch.stack(terms).sum()


def fisher(net: nn.Module, inputs: torch.Tensor, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """The diagonal of the Fisher information of a classifier at these inputs [n, features]."""
    found = {name: torch.zeros_like(p) for name, p in net.named_parameters()}
    for x in inputs:
        net.zero_grad()
        logits = net(x[None]).log_softmax(1)
        drawn = torch.multinomial(logits.detach().exp(), 1, generator=generator)
        (-logits[0, drawn[0, 0]]).backward()
        for name, p in net.named_parameters():
            if p.grad is not None:
                found[name] += p.grad**2 / len(inputs)
    net.zero_grad()
    return found
