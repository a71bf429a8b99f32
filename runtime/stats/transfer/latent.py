"""What the counts of trials leave open about the true rates of policies in two domains: an errors-in-variables posterior.

On the scale of the arcsine of the root, where luck in n trials has the variance 1 / (4 n + 2) whatever the rate (Anscombe
1948), each policy's two true values are a draw from one bivariate normal population (a structural model, as in Fuller 1987).
Its two spreads and its correlation have a prior each and are summed over a grid; means and the policies' own values follow in
closed form. So luck of trials is taken off the spread between policies, not counted a second time, as where every rate is
drawn by itself.
"""

from dataclasses import dataclass

import numpy as np

SPREADS = 12
"""Values of each of the two spreads on the grid."""
WIDEST = 0.7
"""Largest spread (standard deviation) between policies, of the quarter turn (1.57) between 0 and 100 %."""
CORRELATIONS = 31
"""Values of the correlation on the grid."""
_MOST_AT_ONCE = 2_000_000
"""Policies, over grid points, that are held at once."""


@dataclass(frozen=True)
class Population:
    """Draws from the posterior: true rates of these policies, `simulated` and `real` [D, P], and of as many others like them,
    `other_simulated` and `other_real` [D, P]; all 0..1."""

    simulated: np.ndarray
    real: np.ndarray
    other_simulated: np.ndarray
    other_real: np.ndarray


def posterior(rng: np.random.Generator, rates: np.ndarray, trials: np.ndarray, draws: int) -> Population:
    """Draws of the true rates.

    Args:
        rng: of the draws.
        rates: success [2, P] in simulation and in reality, 0..1.
        trials: their numbers [2, P]; infinite where a rate is exact.
        draws: how many.
    """
    seen, luck = _folded(rates, trials)
    tau, rho = _grid()
    grid = _matrix(tau[0], tau[1], rho)  # [G, 2, 2]
    step = max(1, _MOST_AT_ONCE // seen.shape[1])
    fit = np.concatenate([_log_evidence(seen, luck, grid[i : i + step]) for i in range(0, len(grid), step)])
    chance = np.exp(fit - fit.max())
    picked = rng.choice(len(rho), size=draws, p=chance / chance.sum())
    # Each grid point stands for its cell: a draw lies anywhere within it.
    tau, rho = _jittered(rng, tau[:, picked], rho[picked])
    covariance = _matrix(tau[0], tau[1], rho)  # [D, 2, 2]
    precision = _inverse(covariance[:, None] + _diagonal(luck))  # [D, P, 2, 2]
    mean_covariance = _inverse(precision.sum(1))
    mean = np.einsum("dij,dpjk,pk->di", mean_covariance, precision, seen.T)
    mean = mean + _normal(rng, mean_covariance)
    gain = np.einsum("dij,dpjk->dpik", covariance, precision)
    own = mean[:, None] + np.einsum("dpij,dpj->dpi", gain, seen.T - mean[:, None])
    left = covariance[:, None] - np.einsum("dpij,djk->dpik", gain, covariance)
    own = own + _normal(rng, left)
    others = mean[:, None] + _normal(rng, np.broadcast_to(covariance[:, None], left.shape))
    both = [np.sin(np.clip(theta, 0, np.pi / 2)) ** 2 for theta in (own, others)]
    return Population(both[0][..., 0], both[0][..., 1], both[1][..., 0], both[1][..., 1])


def _folded(rates: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values [2, P] on the folded scale, and their variances by luck in trials."""
    exact = np.isinf(trials)
    n = np.where(exact, 1.0, trials)
    share = np.where(exact, rates, (rates * n + 0.375) / (n + 0.75))
    return np.arcsin(np.sqrt(share)), np.where(exact, 0.0, 1 / (4 * n + 2))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Spreads [2, G] and correlations [G] of equal weight: flat in the spreads, the arcsine law in the correlation."""
    spread = (np.arange(SPREADS) + 0.5) / SPREADS * WIDEST
    quantile = (np.arange(CORRELATIONS) + 0.5) / CORRELATIONS
    s, r, u = (x.ravel() for x in np.meshgrid(spread, spread, quantile, indexing="ij"))
    return np.stack([s, r]), _correlation(u)


def _correlation(quantile: np.ndarray) -> np.ndarray:
    """Quantile of the arcsine law on -1..1, which gives the ends their due: good simulators are near one of them."""
    return -np.cos(np.pi * quantile)


def _jittered(rng: np.random.Generator, tau: np.ndarray, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tau = tau + (rng.random(tau.shape) - 0.5) / SPREADS * WIDEST
    quantile = np.arccos(-rho) / np.pi + (rng.random(rho.shape) - 0.5) / CORRELATIONS
    return np.maximum(tau, 1e-4), _correlation(quantile)


def _log_evidence(seen: np.ndarray, luck: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Logarithm [G] of how well a population explains what was seen, its means integrated out (flat)."""
    whole = covariance[:, None] + _diagonal(luck)  # [G, P, 2, 2]
    precision = _inverse(whole)
    total = precision.sum(1)
    weighed = np.einsum("gpij,pj->gpi", precision, seen.T)
    mean = np.einsum("gij,gj->gi", _inverse(total), weighed.sum(1))
    square = np.einsum("gpi,pi->g", weighed, seen.T) - np.einsum("gi,gij,gj->g", mean, total, mean)
    return -0.5 * (np.log(_determinant(whole)).sum(1) + np.log(_determinant(total)) + square)


def _matrix(s: np.ndarray, r: np.ndarray, rho: np.ndarray) -> np.ndarray:
    cross = s * r * rho
    return np.stack([np.stack([s**2, cross], -1), np.stack([cross, r**2], -1)], -2)


def _diagonal(luck: np.ndarray) -> np.ndarray:
    found = np.zeros((luck.shape[1], 2, 2))
    found[:, 0, 0], found[:, 1, 1] = luck
    return found


def _determinant(m: np.ndarray) -> np.ndarray:
    return m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]


def _inverse(m: np.ndarray) -> np.ndarray:
    flipped = np.stack([np.stack([m[..., 1, 1], -m[..., 0, 1]], -1), np.stack([-m[..., 1, 0], m[..., 0, 0]], -1)], -2)
    return flipped / _determinant(m)[..., None, None]


def _normal(rng: np.random.Generator, covariance: np.ndarray) -> np.ndarray:
    """Draws [..., 2] round zero; a covariance may be singular, as where a rate is exact."""
    a = np.sqrt(np.maximum(covariance[..., 0, 0], 0.0))
    b = np.where(a > 1e-12, covariance[..., 0, 1] / np.maximum(a, 1e-12), 0.0)
    c = np.sqrt(np.maximum(covariance[..., 1, 1] - b**2, 0.0))
    z = rng.standard_normal((2, *a.shape))
    return np.stack([a * z[0], b * z[0] + c * z[1]], -1)
