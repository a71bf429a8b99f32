"""Stage `robustness`: what noise of the senses, and noise that is made to mislead, take from what an agent has learned."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class RobustnessParams(Params):
    """How strong the noise is. The plan names adversarial robustness and no test of it: these are ours."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of clips, interactions and noise."""
    clips: int = Field(40, ge=8, le=100_000)
    """Interactions of babbling that the read-out is fitted on, and as many with novel objects that are attacked."""
    size: float = Field(2 / 255, gt=0, le=1)
    """Largest change of a pixel, of 1."""
    times: float = Field(5.0, ge=1, le=1000)
    """How many times the lab's noise the other senses have."""


@stage(
    version=1,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"encoder": one("encoder"), "babble": one("babble")},
    makes={"facts": "robustness.json"},
    metrics=by_unit(share="r2_clean r2_random r2_fgsm right_clean right_noisy lost_to_noise"),
    cost=lambda p: Resources(mem_gb=1.5, minutes=0.1 + p.clips * 2 * 0.015 / 60),
)
def robustness(p: RobustnessParams, encoder: Path, babble: Path, out: Out) -> dict[str, Any]:
    """Attack the eye by the fast gradient sign method (Goodfellow, Shlens and Szegedy 2015), and disturb the other senses.

    A linear read-out tells an object's height from what the eye makes of pictures. `r2_clean`, `r2_random` and `r2_fgsm` say how
    well on novel objects: as they are, with every pixel moved by `size` up or down at random, and against the read-out's
    gradient. `right_clean` and `right_noisy` are shares of outcomes of novel objects foretold, with the lab's noise and with
    `times` as much; `lost_to_noise` the first less the second.
    """
    import numpy as np
    import torch
    from safetensors.torch import load_file

    from runtime.developmental.babbling import try_out
    from runtime.developmental.clips import novel, play_again, remembered
    from runtime.developmental.play import Episodes
    from runtime.developmental.remembered import babbled
    from runtime.developmental.vision import Eye, Priors
    from runtime.sim.lab.objects import things

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    rng = np.random.default_rng([p.seed, 19])
    eye = Eye(Priors(**json.loads((encoder / "eye.json").read_text())))
    eye.load_state_dict(load_file(encoder / "eye.safetensors"))
    eye.eval()
    known, fresh = (play_again(x, rng) for x in (remembered(babble, p.lab, p.clips, rng), novel(p.lab, p.clips, rng)))
    heights = [one.states[..., 1].flatten() for one in (known, fresh)]
    pictures = fresh.pictures.flatten(0, 1)
    with torch.no_grad():
        x = eye(known.pictures.flatten(0, 1))
    mean = x.mean(0)
    weights = torch.linalg.solve(
        (x - mean).T @ (x - mean) + torch.eye(x.shape[1]), (x - mean).T @ (heights[0] - heights[0].mean())
    )

    def told(seen: torch.Tensor) -> torch.Tensor:
        return (eye(seen) - mean) @ weights + heights[0].mean()

    def r2(seen: torch.Tensor) -> float:
        with torch.no_grad():
            return round(float(1 - (told(seen) - heights[1]).pow(2).mean() / heights[1].var()), 4)

    attacked = pictures.clone().requires_grad_()
    (told(attacked) - heights[1]).pow(2).sum().backward()
    assert attacked.grad is not None
    away = {"random": torch.randint(2, pictures.shape) * 2.0 - 1, "fgsm": attacked.grad.sign()}
    moved = {f"r2_{name}": r2((pictures + p.size * sign).clamp(0, 1)) for name, sign in away.items()}
    noisy = p.lab.model_copy(update={"noise": min(p.lab.noise * p.times, 1.0)})
    model = babbled(babble)
    right = [
        float(
            np.mean(
                [try_out(model, Episodes(lab, things(lab, "b"), np.random.default_rng([p.seed, 20, i]))).right for i in range(5)]
            )
        )
        for lab in (p.lab, noisy)
    ]
    metrics = {
        "r2_clean": r2(pictures),
        **moved,
        "right_clean": round(right[0], 4),
        "right_noisy": round(right[1], 4),
        "lost_to_noise": round(right[0] - right[1], 4),
    }
    out.path("facts").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics
