"""Stage `encoder`: an eye whose first look is fixed, trained on what was played without labels."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.base import later
from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, maybe, one, stage


class EncoderParams(Params):
    """What it looks for, and what it learns by. The plan's 100 epochs of 256 on video sets are scaled by `clips` and `steps`."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of clips and training."""
    clips: int = Field(100, ge=8, le=100_000)
    """Interactions of babbling that are filmed, and as many with novel objects to try the eye on."""
    steps: int = Field(200, ge=0, le=1_000_000)
    """Gradient steps."""
    batch: int = Field(256, ge=8, le=4096)
    """Pairs of pictures in a step."""
    rate: float = Field(3e-4, gt=0, le=1)
    """Learning rate."""
    gabor: bool = True
    """Whether it looks through Gabor filters, 8 orientations at 4 scales."""
    color_opponency: bool = True
    """Whether it looks at red against green and blue against yellow."""
    depth_cues: bool = True
    """Whether it looks at contrast and height in the field."""
    contrastive: float = Field(1.0, ge=0, le=1000)
    """Weight of NT-Xent between two cameras' views."""
    vicreg: float = Field(0.04, ge=0, le=1000)
    """Weight of VICReg between them; its own weights are 25, 25 and 1."""
    temporal: float = Field(0.1, ge=0, le=1000)
    """Weight of the distance of adjacent frames."""
    own: float = later(born=0.0, since=2, ge=0, le=1)
    """Share of a batch that the bench's own clips are, where an approach has the eye trained on footage that people brought."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"babble": one("babble"), "footage": maybe("footage")},
    makes={"eye": "eye.safetensors", "facts": "eye.json"},
    metrics=by_unit(share="spread r2_size r2_height r2_size_fixed r2_height_fixed", loss="loss"),
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.clips * 2 * 0.015 / 60 + p.steps * p.batch * 2e-4 / 60),
)
def encoder(p: EncoderParams, babble: Path, footage: Path | None, out: Out) -> dict[str, Any]:
    """Film interactions from two places and learn what stays the same: NT-Xent, VICReg, and temporal consistency.

    `r2_size` and `r2_height` say how well an object's size and height can be told linearly from what the eye makes of novel
    objects (below 0: worse than the mean), `_fixed` from its fixed first look alone. `spread` is 1 where embeddings fill the
    sphere and 0 where they have collapsed. With `footage` the views are two cuts of one frame of a video that people brought, and
    adjacent are its frames; what is measured stays that of the bench.
    """
    import numpy as np
    import torch
    from safetensors.torch import save_file

    from runtime.developmental.clips import linear_r2, novel, play_again, remembered
    from runtime.developmental.contrastive import collapse, nt_xent, temporal, vicreg
    from runtime.developmental.views import Footage
    from runtime.developmental.vision import Eye, Priors, looked_at
    from runtime.learn.optimiser import AdamW

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    rng = np.random.default_rng([p.seed, 6])
    clips = play_again(remembered(babble, p.lab, p.clips, rng), rng)
    fresh = play_again(novel(p.lab, p.clips, rng), rng)
    priors = Priors(p.gabor, p.color_opponency, p.depth_cues)
    eye = Eye(priors)
    optimiser, losses = AdamW(list(eye.parameters())), []
    n, t = clips.pictures.shape[:2]
    videos = None if footage is None else Footage(footage)
    own = p.batch if videos is None else round(p.own * p.batch)
    for _ in range(p.steps):
        i, k = torch.randint(n, (own,)), torch.randint(t - 1, (own,))
        seen = clips.pictures[i, k], clips.others[i, k], clips.pictures[i, k + 1]
        if videos is not None:
            seen = tuple(torch.cat(both) for both in zip(seen, videos.draw(p.batch - own), strict=True))
        a, b, following = map(eye, seen)
        loss = p.contrastive * nt_xent(a, b) + p.vicreg * vicreg(a, b) + p.temporal * temporal(a, following)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step(p.rate)
        losses.append(float(loss.detach()))
    eye.eval()
    told: dict[str, float] = {}
    with torch.no_grad():
        pictures, unseen = clips.pictures.flatten(0, 1), fresh.pictures.flatten(0, 1)
        looks = {"": (eye(pictures), eye(unseen)), "_fixed": (looked_at(pictures, priors), looked_at(unseen, priors))}
        for name, (x, x_new) in looks.items():
            sizes = [one.sizes.repeat_interleave(t) for one in (clips, fresh)]
            heights = [one.states[..., 1].flatten() for one in (clips, fresh)]
            told[f"r2_size{name}"] = linear_r2(x, sizes[0], x_new, sizes[1])
            told[f"r2_height{name}"] = linear_r2(x, heights[0], x_new, heights[1])
        spread = collapse(looks[""][1])
    save_file({name: value.contiguous() for name, value in eye.state_dict().items()}, out.path("eye"))
    out.path("facts").write_text(json.dumps({"gabor": p.gabor, "colour": p.color_opponency, "depth": p.depth_cues}) + "\n")
    last = {"loss": round(float(np.mean(losses[-20:])), 4)} if losses else {}
    return {"spread": round(spread, 4), **{k: round(v, 4) for k, v in told.items()}, **last}
