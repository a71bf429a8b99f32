"""A linear answer to a question with two answers: logistic regression on features that stand still."""

import torch
from torch import Tensor
from torch.nn import functional

RIDGES = (10.0, 1.0, 1e-1, 1e-2, 1e-3)
"""Weights of the squared length that are tried; of those that answer alike the strongest is taken."""


def logistic(x: Tensor, y: Tensor, ridge: float) -> Tensor:
    """Weights [d + 1], the last the bias, that answer y [n] (0 or 1) from x [n, d] best: both answers weigh alike, however often
    each is right, and `ridge` weighs half the squared length of the others."""
    weights = torch.zeros(x.shape[1] + 1, requires_grad=True)
    often = y.mean().clamp(1e-6, 1 - 1e-6)
    balance = torch.where(y > 0.5, 0.5 / often, 0.5 / (1 - often))
    optimiser = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(answers(weights, x), y, balance)
        loss = loss + ridge * weights[:-1].pow(2).sum() / 2
        loss.backward()
        return loss

    optimiser.step(closure)
    return weights.detach()


def answers(weights: Tensor, x: Tensor) -> Tensor:
    """Logits [n]; above 0 is yes."""
    return x @ weights[:-1] + weights[-1]


def read_out(x: Tensor, y: Tensor, x_new: Tensor) -> Tensor:
    """Logits [m] of what is new [m, d], fitted on x [n, d] and y [n]. Features are brought to mean 0 and spread 1; of the ridges
    that one is taken which, fitted on four of five examples, answers most of the rest."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    x, x_new = ((one - mean) / scale for one in (x, x_new))
    held = torch.arange(len(x)) % 5 == 4

    def right(ridge: float) -> float:
        return float(((answers(logistic(x[~held], y[~held], ridge), x[held]) > 0) == (y[held] > 0.5)).float().mean())

    return answers(logistic(x, y, max(RIDGES, key=right)), x_new)
