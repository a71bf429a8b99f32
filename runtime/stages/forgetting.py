"""Stage `forgetting`: what is left of task A after task B, with elastic weight consolidation and without."""

import json
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class ForgettingParams(Params):
    """How much is learned, and how strongly it is held."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of interactions and training."""
    ewc_weight: float = Field(1000.0, ge=0, le=1e12)
    """Weight of the penalty: weight times the sum of F (theta - theta*)^2."""
    interactions: int = Field(400, ge=40, le=100_000)
    """Interactions of each task to learn from; half as many more are tried."""
    steps: int = Field(300, ge=1, le=100_000)
    """Gradient steps of each task."""
    rate: float = Field(3e-3, gt=0, le=1)
    """Learning rate."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "scipy", "torch"),
    per=("location", "approach", "seed"),
    makes={"kept": "kept.json"},
    metrics=by_unit(share="before without_ewc with_ewc b_without_ewc b_with_ewc b_kept forgotten"),
    cost=lambda p: Resources(minutes=0.1 + p.interactions * 3 * 6e-3 / 60 + p.steps / 10_000),
)
def forgetting(p: ForgettingParams, out: Out) -> dict[str, Any]:
    """Learn task A and then task B on one network, once free and once held by consolidation, and try both.

    `with_ewc` and `without_ewc` are shares of right answers on A after B (a quarter by chance), `forgotten` what consolidation
    lost of `before`; `b_kept` is B's with consolidation over without: where it is small, new tasks cannot be learned any more.
    """
    import numpy as np
    import torch

    from runtime.developmental.two_tasks import in_turn, tasks

    torch.set_num_threads(1)
    both = tasks(p.lab, p.interactions, np.random.default_rng([p.seed, 2]))
    free, held = (in_turn(both, weight, p.steps, p.rate, torch.Generator().manual_seed(p.seed)) for weight in (0.0, p.ewc_weight))
    metrics = {
        "before": free.before,
        "without_ewc": free.a,
        "with_ewc": held.a,
        "b_without_ewc": free.b,
        "b_with_ewc": held.b,
        "b_kept": held.b / max(free.b, 1e-9),
        "forgotten": held.before - held.a,
    }
    metrics = {name: round(value, 4) for name, value in metrics.items()}
    out.path("kept").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics
