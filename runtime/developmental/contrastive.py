"""Losses that learn what stays the same between two views, without labels."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(a: Tensor, b: Tensor, temperature: float = 0.5) -> Tensor:
    """Normalised temperature-scaled cross entropy (Chen et al. 2020, SimCLR): a[i] and b[i] [n, d] belong together, and each of
    the other 2n - 2 embeddings is a negative."""
    z = functional.normalize(torch.cat([a, b]), dim=1)
    n = len(a)
    alike = z @ z.T / temperature
    alike = alike.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    return functional.cross_entropy(alike, torch.cat([torch.arange(n) + n, torch.arange(n)]))


def vicreg(a: Tensor, b: Tensor, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> Tensor:
    """Variance, invariance, covariance (Bardes, Ponce and LeCun 2022): views agree, no dimension dies, none repeats another.

    a, b [n, d]; the weights are the paper's.
    """
    dims = a.shape[1]
    agree = functional.mse_loss(a, b)
    alive, apart = torch.zeros(()), torch.zeros(())
    for z in (a, b):
        alive = alive + functional.relu(1 - (z.var(0) + 1e-4).sqrt()).mean() / 2
        centred = z - z.mean(0)
        cov = centred.T @ centred / (len(z) - 1)
        apart = apart + (cov.pow(2).sum() - cov.diagonal().pow(2).sum()) / dims
    return invariance * agree + variance * alive + covariance * apart


def temporal(first: Tensor, following: Tensor) -> Tensor:
    """Adjacent frames [n, d] look alike: their squared distance on the unit sphere."""
    return (functional.normalize(first, dim=1) - functional.normalize(following, dim=1)).pow(2).sum(1).mean()


def collapse(z: Tensor) -> float:
    """The mean standard deviation of unit embeddings' dimensions times the root of their number: 1 where they spread over the
    sphere, 0 where all are one point (Chen and He 2021)."""
    return float(functional.normalize(z, dim=1).std(0).mean() * z.shape[1] ** 0.5)
