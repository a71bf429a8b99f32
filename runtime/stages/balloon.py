"""Stage `balloon`: does a prior of gravity yield to things that rise?"""

import json
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class BalloonParams(Params):
    """How strongly things rise, and how the blend learns."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of flights and training."""
    lift: float = Field(2.0, ge=0, le=10)
    """Buoyancy over weight: at 2 things rise as fast as they would fall (the plan's anti-gravity)."""
    steps: int = Field(1000, ge=1, le=1_000_000)
    """Gradient steps."""
    start: float = Field(0.9, gt=0.3, lt=1)
    """The prior's weight before training. The plan says 0.49, 0.9 and 1.0 in three places; its test begins at 0.9."""
    rate: float = Field(1e-3, gt=0, le=1)
    """Learning rate of what is learned beside the prior."""
    prior_rate: float = Field(0.15, ge=0, le=10)
    """Learning rate of the prior's weight. Every weight fits, as the learned part can make up for it, so that the two rates
    decide where it ends (docs/nsca.md)."""


@stage(
    version=1,
    libraries=minor("mujoco", "numpy", "scipy", "torch"),
    per=("location", "approach", "seed"),
    makes={"yielded": "yielded.json"},
    metrics=by_unit(share="weight weight_moved weight_falling upward upward_falling", m_per_s="error"),
    cost=lambda p: Resources(minutes=0.1 + p.steps * 4e-3 / 60),
)
def balloon(p: BalloonParams, out: Out) -> dict[str, Any]:
    """Train the blend of prior and learned part on flights of buoyant objects of set A, try it on those of set B, and do the same
    with objects that fall.

    `weight` is the prior's last weight, `weight_moved` by how much it fell, `weight_falling` the one where nothing rises;
    `upward` the share of unseen flights' steps that are foretold to gain upward speed.
    """
    import torch

    from runtime.developmental.balloon import learn_flights

    torch.set_num_threads(1)
    rising, falling = (learn_flights(p.lab, lift, p.steps, p.start, p.rate, p.prior_rate, p.seed) for lift in (p.lift, 0.0))
    metrics = {
        "weight": round(rising.last, 4),
        "weight_moved": round(p.start - rising.last, 4),
        "weight_falling": round(falling.last, 4),
        "upward": round(rising.upward, 4),
        "upward_falling": round(falling.upward, 4),
        "error": round(rising.error, 5),
    }
    every = {"every_steps": 100, "rising": rising.path, "falling": falling.path}
    out.path("yielded").write_text(json.dumps({**metrics, **every}, indent=1) + "\n")
    return metrics
