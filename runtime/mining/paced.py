"""Policy-Paced Learning: which synthetic transitions are learned from, and how many of them beside real ones
(docs/paced-samples.md)."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from runtime.rl.sac import Sac, Transitions, batch_of

LOOKED_AT = 256
"""Real transitions by which uncertainty is measured, at most."""
CHANCE_OF_SUCCESS = 0.5
"""From this probability on a synthetic transition counts among the successes."""


@dataclass(frozen=True)
class Pace:
    """What is admitted, and how the synthetic share of a batch is found; see `PacedParams`."""

    admit: Literal["paced", "all", "random", "none"]
    schedule: Literal["paced", "fixed"]
    most_apart_m: float
    most_apart_done: float
    quantile: float
    neighbours: int
    balance: float
    most: float
    calm: float


@dataclass(frozen=True)
class Looked:
    """One look of the pacing at where learning is: a row of `paced.csv`."""

    round: int
    update: int
    uncertainty: float
    rho: float  # synthetic share of what is no demo in a batch
    admitted: float  # share of the synthetic transitions
    admitted_successes: float  # share of those
    sure: float  # share that members agree about
    modest: float  # share that is worth no more than real transitions nearby
    worth_real: float
    worth_synthetic: float  # of what was admitted, NaN where nothing was
    critic_loss: float


def share(uncertainty: float, pace: Pace) -> float:
    """rho: `most` where values are sure, and less the less sure they are, `most` / e at `calm`."""
    return pace.most * float(np.exp(-uncertainty / pace.calm)) if pace.schedule == "paced" else pace.most


def caps(synthetic: np.ndarray, real: np.ndarray, worth: np.ndarray, quantile: float, neighbours: int) -> np.ndarray:
    """The most that a synthetic transition may be worth [N]: a quantile of what real ones are worth that began nearby, by the
    distance of features [N, F] and [M, F], each scaled by its spread over real ones."""
    sd = real.std(0) + 1e-6
    a, b = synthetic / sd, real / sd
    far = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)[None]
    near = np.argpartition(far, min(neighbours, len(b)) - 1, 1)[:, :neighbours]
    return np.quantile(worth[near], quantile, axis=1)


def balanced(allowed: np.ndarray, success: np.ndarray, balance: float, rng: np.random.Generator) -> np.ndarray:
    """Of what is allowed [N] at most `balance` times as many of either successes or failures as of the other, by lot."""
    kept = allowed.copy()
    both = [np.flatnonzero(allowed & success), np.flatnonzero(allowed & ~success)]
    for one, other in (both, both[::-1]):
        most = int(balance * len(other))
        if len(one) > most:
            kept[rng.permutation(one)[most:]] = False
    return kept


def selected(
    synthetic: Transitions, worth: np.ndarray, cap: np.ndarray, pace: Pace, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which are admitted [N]; which of all members agree about; which are worth no more than they may."""
    sure = (synthetic.apart_m <= pace.most_apart_m) & (synthetic.apart_done <= pace.most_apart_done)
    modest = worth <= cap
    if pace.admit in ("all", "none"):
        return np.full(len(worth), pace.admit == "all"), sure, modest
    kept = balanced(sure & modest, synthetic.reward >= CHANCE_OF_SUCCESS, pace.balance, rng)
    if pace.admit == "random":
        lot = np.zeros(len(kept), bool)
        lot[rng.permutation(len(kept))[: kept.sum()]] = True
        return lot, sure, modest
    return kept, sure, modest


def learn(
    sac: Sac,
    demos: Transitions,
    real: Transitions,
    synthetic: Transitions,
    pace: Pace,
    updates: int,
    critic_first: int,
    every: int,
    this: int,
    rng: np.random.Generator,
    progress: Callable[[float, str], None] = lambda f, n: None,
) -> list[Looked]:
    """`updates` steps on batches of which half are demos; of the rest rho are synthetic, chosen anew every `every` steps. The
    actor learns after `critic_first` of them. The looks."""
    looks: list[Looked] = []
    pool = np.zeros(0, int)
    rho, half, losses = 0.0, sac.recipe.batch // 2, [0.0]
    every_real, lots = demos.joined(real), np.random.default_rng(rng.integers(2**62))
    for update in range(updates):
        if update % every == 0:
            some = real.of(rng.permutation(len(real))[:LOOKED_AT])
            unsure = sac.uncertainty(some)
            known, worth = sac.worth(every_real), sac.worth(synthetic)
            cap = caps(synthetic.seen, every_real.seen, known, pace.quantile, pace.neighbours)
            kept, sure, modest = selected(synthetic, worth, cap, pace, lots)
            pool, rho = np.flatnonzero(kept), share(unsure, pace)
            rho = rho if len(pool) else 0.0
            won = synthetic.reward[pool] >= CHANCE_OF_SUCCESS
            looks.append(
                Looked(
                    this,
                    update,
                    unsure,
                    rho,
                    _mean(kept),
                    _mean(won),
                    _mean(sure),
                    _mean(modest),
                    float(known[len(demos) :].mean()),
                    float(worth[pool].mean()) if len(pool) else float("nan"),
                    float(np.mean(losses)),
                )
            )
            losses = []
            progress(update / updates, f"rho {rho:.2f}, {100 * looks[-1].admitted:.0f}% admitted")
        made_up = round(rho * half)
        parts = [demos.of(rng.integers(len(demos), size=half)), real.of(rng.integers(len(real), size=half - made_up))]
        if made_up:
            parts.append(synthetic.of(pool[rng.integers(len(pool), size=made_up)]))
        whole = Transitions(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Transitions)})
        losses.append(sac.update(batch_of(whole), with_actor=update >= critic_first))
    return looks


def _mean(of: np.ndarray) -> float:
    """0 of nothing."""
    return float(of.mean()) if len(of) else 0.0
