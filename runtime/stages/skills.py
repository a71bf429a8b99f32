"""Stage `skills`: deeds of a hand, learned one after another from few demos or many, by a model that planning asks."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class SkillsParams(Params):
    """What is learned from, and how."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of training."""
    demos: list[Annotated[int, Field(ge=1, le=100_000)]] = Field([5, 10, 20, 50, 100, 500], min_length=1, max_length=20)
    """Numbers of demos of each deed; an agent is trained for each. Those of the plan's figure."""
    of_each: int = Field(1, ge=1, le=20)
    """Control steps of each demo that are learned from, drawn evenly: the plan counts demos as samples."""
    steps: int = Field(150, ge=0, le=1_000_000)
    """Gradient steps of each deed."""
    rate: float = Field(5e-3, gt=0, le=1)
    """Learning rate."""
    prior: bool = True
    """Whether the model begins with a prior of gravity."""
    start: float = Field(0.9, gt=0.3, lt=1)
    """The prior's weight before training."""
    prior_rate: float = Field(0.15, ge=0, le=10)
    """Learning rate of the prior's weight, as in `balloon`."""
    ewc_weight: float = Field(1.0, ge=0, le=1e12)
    """Weight of the penalty by which earlier deeds are held, as in `forgetting`; 0 holds nothing."""


@stage(
    version=1,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"lessons": one("lessons"), "babble": one("babble")},
    makes={"models": "models.safetensors", "facts": "skills.json"},
    metrics=by_unit(share="weight.*", count="slots"),
    cost=lambda p: Resources(minutes=0.05 + len(p.demos) * 3 * (p.steps * 1e-3 + 0.1) / 60),
)
def skills(p: SkillsParams, lessons: Path, babble: Path, out: Out) -> dict[str, Any]:
    """Learn what forces do to the hand while reaching, then pushing, then picking and placing, with things that are known by the
    slots that babbling found. `weight.N` is the prior's weight at the end, from N demos.

    Raises:
        InputError: R435 when more demos are asked for than there are lessons.
    """
    import numpy as np
    import torch
    from safetensors.torch import save_file

    from runtime.bound.lab import DRIVEN
    from runtime.developmental.prior import weight
    from runtime.developmental.remembered import slots_of_known
    from runtime.developmental.skills import Way, in_turn
    from runtime.problem import InputError, Problem

    torch.set_num_threads(1)
    kept = np.load(lessons / "lessons.npz")
    there = len(kept[f"{DRIVEN[0]}.x"])
    if max(p.demos) > there:
        message = f"skills are to be learned from {max(p.demos)} demos, and there are {there} of each deed"
        raise InputError(Problem("R435", message, "raise `stages.lessons.demos`, or ask for fewer", "stages.skills.demos"))
    slots = slots_of_known(babble, p.lab, np.random.default_rng([p.seed, 13]))
    way = Way(p.steps, p.rate, p.prior_rate, p.ewc_weight, p.start if p.prior else None)
    rng, shown = np.random.default_rng([p.seed, 18]), {}
    for deed in DRIVEN:
        x, y, which = (kept[f"{deed}.{name}"] for name in ("x", "y", "things"))
        rows, at = np.arange(len(x))[:, None], rng.integers(x.shape[1], size=(len(x), p.of_each))
        told = np.concatenate([x[rows, at], np.repeat(slots[which][:, None], p.of_each, 1)], 2)
        shown[deed] = torch.tensor(told), torch.tensor(y[rows, at])
    tensors, weights = {}, {}
    for n in p.demos:
        learned = []
        for deed in DRIVEN:
            told, changed = shown[deed]
            learned.append((told[:n].flatten(0, 1), changed[:n].flatten(0, 1)))
        after = in_turn(learned, way, torch.Generator().manual_seed(p.seed))
        tensors |= {f"{n}.{deed}.{name}": v for deed, state in zip(DRIVEN, after, strict=True) for name, v in state.items()}
        if p.prior:
            weights[str(n)] = round(float(weight(after[-1]["rho"])), 4)
    save_file({name: value.contiguous() for name, value in tensors.items()}, out.path("models"))
    out.path("facts").write_text(json.dumps({"demos": p.demos, "prior": p.prior, "slots": slots.shape[1]}) + "\n")
    return {"slots": slots.shape[1], **({"weight": weights} if weights else {})}
