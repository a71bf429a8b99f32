"""Stage `fusion`: sight and touch become one state; encoders are frozen, attention is trained."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class FusionParams(Params):
    """How long attention learns."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of clips and training."""
    clips: int = Field(100, ge=8, le=100_000)
    """Interactions of babbling, filmed, and as many with novel objects."""
    steps: int = Field(300, ge=0, le=1_000_000)
    """Gradient steps."""
    rate: float = Field(1e-3, gt=0, le=1)
    """Learning rate."""


@stage(
    version=3,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"encoder": one("encoder"), "babble": one("babble")},
    makes={"fusion": "fusion.safetensors"},
    metrics=by_unit(count="dims trained frozen", share="r2_state r2_sight r2_touch gain", loss="loss"),
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.clips * 2 * 0.015 / 60 + p.steps * 2e-2 / 60),
)
def fusion(p: FusionParams, encoder: Path, babble: Path, out: Out) -> dict[str, Any]:
    """Train cross-attention so that the next place and speed of the object can be told from the unified state.

    `r2_state` says how well they can, over novel objects and the mean of both axes; `r2_sight` and `r2_touch` from either encoder
    alone, and `gain` by how much the state is above the better of the two. `trained` and `frozen` count parameters.
    """
    import numpy as np
    import torch
    from safetensors.torch import load_file, save_file

    from runtime.developmental.clips import FELT, linear_r2, novel, play_again, remembered
    from runtime.developmental.fusion import Fusion, Proprio
    from runtime.developmental.vision import Eye, Priors
    from runtime.learn.optimiser import AdamW

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    rng = np.random.default_rng([p.seed, 7])
    facts = json.loads((encoder / "eye.json").read_text())
    eye = Eye(Priors(**facts))
    eye.load_state_dict(load_file(encoder / "eye.safetensors"))
    both = Fusion(eye, Proprio(FELT))
    read = torch.nn.Linear(512, 4)
    clips, fresh = (play_again(x, rng) for x in (remembered(babble, p.lab, p.clips, rng), novel(p.lab, p.clips, rng)))
    scale = clips.states.flatten(0, 1).std(0) + 1e-6
    optimiser, losses = AdamW([*both.parameters(), *read.parameters()]), []
    n, t = clips.pictures.shape[:2]
    for _ in range(p.steps):
        i, k = torch.randint(n, (64,)), torch.randint(t - 1, (64,))
        guess = read(both(clips.pictures[i, k], clips.felt[i, k]))
        loss = (guess - clips.states[i, k + 1] / scale).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step(p.rate)
        losses.append(float(loss.detach()))
    with torch.no_grad():
        seen = [(x.pictures[:, :-1].flatten(0, 1), x.felt[:, :-1].flatten(0, 1)) for x in (clips, fresh)]
        truth = [x.states[:, 1:].flatten(0, 1) for x in (clips, fresh)]
        made = {
            "r2_state": [both(*x) for x in seen],
            "r2_sight": [both.encoders[0](x[0]) for x in seen],
            "r2_touch": [both.encoders[1](x[1]) for x in seen],
        }
        told = {
            name: float(np.mean([linear_r2(x[0], truth[0][:, axis], x[1], truth[1][:, axis]) for axis in range(4)]))
            for name, x in made.items()
        }
    told["gain"] = told["r2_state"] - max(told["r2_sight"], told["r2_touch"])
    save_file({name: value.contiguous() for name, value in both.state_dict().items()}, out.path("fusion"))
    trained = sum(q.numel() for q in both.parameters() if q.requires_grad)
    last = {"loss": round(float(np.mean(losses[-20:])), 4)} if losses else {}
    counts = {"dims": made["r2_state"][0].shape[1], "trained": trained}
    frozen = sum(q.numel() for q in both.parameters()) - trained
    return {**counts, "frozen": frozen, **{k: round(v, 4) for k, v in told.items()}, **last}
