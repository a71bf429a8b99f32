"""Stage `dynamics`: what comes next and how sure that is, and what a prior of gravity is worth by the number of examples."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class DynamicsParams(Params):
    """How many networks, and from how many examples."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of examples and training."""
    clips: int = Field(100, ge=8, le=100_000)
    """Interactions of babbling whose courses are learned from, and as many with novel objects."""
    members: int = Field(3, ge=1, le=20)
    """Networks of the ensemble."""
    steps: int = Field(400, ge=1, le=1_000_000)
    """Gradient steps."""
    rate: float = Field(3e-3, gt=0, le=1)
    """Learning rate."""
    examples: list[Annotated[int, Field(ge=2, le=100_000)]] = Field([5, 10, 20, 50, 100, 500], min_length=1, max_length=20)
    """Numbers of examples at which learning with the prior is held against learning without: those of the plan's figure."""
    within_m_per_s: float = Field(0.05, gt=0, le=10)
    """Error of a foretold change of vertical speed that counts as right."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"babble": one("babble")},
    makes={"members": "members.safetensors", "curve": "curve.json"},
    metrics=by_unit(share="coverage_90 r2 right_prior.* right_none.* gain.* weight.*", loss="nll nll_constant"),
    cost=lambda p: Resources(minutes=0.1 + p.clips * 2 * 0.01 / 60 + p.steps * (p.members + 2 * len(p.examples)) * 2e-3 / 60),
)
def dynamics(p: DynamicsParams, babble: Path, out: Out) -> dict[str, Any]:
    """Learn the change of the object's state over 40 ms, with its spread, by negative log likelihood; try it on novel objects.

    `nll` is in nats per number of the standardised change (`nll_constant` that of the mean and spread of all changes),
    `coverage_90` the share within the stated 90% (0.9 where the stated spread is true). `right_prior.N` and `right_none.N` are
    shares of changes of vertical speed foretold within 5 cm/s after N examples, with the prior of gravity and without;
    `gain.N` the first less the second, and `weight.N` what the prior's weight came to.
    """
    import numpy as np
    import torch
    from safetensors.torch import save_file

    from runtime.developmental.clips import Clips, novel, play_again, remembered
    from runtime.developmental.dynamics import Gaussian, covered, nll, together
    from runtime.developmental.prior import Blended, weight
    from runtime.learn.optimiser import AdamW
    from runtime.sim.lab.film import EVERY

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    rng = np.random.default_rng([p.seed, 8])
    both = [play_again(x, rng) for x in (remembered(babble, p.lab, p.clips, rng), novel(p.lab, p.clips, rng))]

    def flat(clips: Clips) -> tuple[torch.Tensor, torch.Tensor]:
        t = clips.states.shape[1] - 1
        said = torch.cat([clips.states[:, :-1], clips.felt[:, :-1, :3], clips.sizes[:, None, None].expand(-1, t, 1)], 2)
        return said.flatten(0, 1), (clips.states[:, 1:] - clips.states[:, :-1]).flatten(0, 1)

    (x, y), (x_new, y_new) = map(flat, both)
    mean, scale, by = x.mean(0), x.std(0) + 1e-6, y.std(0) + 1e-6
    x, x_new, z, z_new = (x - mean) / scale, (x_new - mean) / scale, y / by, y_new / by
    members = [Gaussian(x.shape[1], z.shape[1]) for _ in range(p.members)]
    for member in members:
        optimiser = AdamW(list(member.parameters()))
        for _ in range(p.steps):
            at = torch.randint(len(x), (64,))
            loss = nll(*member(x[at]), z[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step(p.rate)
    with torch.no_grad():
        foretold, variance = together(members, x_new)
        found = {
            "nll": float(nll(foretold, variance.log(), z_new)),
            "nll_constant": float(nll(z.mean(0).expand_as(z_new), z.var(0).log().expand_as(z_new), z_new)),
            "coverage_90": covered(foretold, variance, z_new),
            "r2": float(1 - (foretold - z_new).pow(2).mean() / (z_new - z_new.mean(0)).pow(2).mean()),
        }
    curve: dict[str, dict[str, float]] = {"right_prior": {}, "right_none": {}, "gain": {}, "weight": {}}
    order = torch.randperm(len(x))
    for n in p.examples:
        rows = order[:n]
        for name, start in (("right_prior", 0.9), ("right_none", None)):
            model = Blended(x.shape[1], EVERY * 1e-3, start)
            slow, quick = AdamW(list(model.learned.parameters())), AdamW([model.rho], 0.0)
            for _ in range(p.steps):
                at = rows[torch.randint(len(rows), (min(64, n),))]
                loss = (model(x[at]) - y[at, 3]).pow(2).mean()
                slow.zero_grad()
                quick.zero_grad()
                loss.backward()
                slow.step(p.rate)
                if start is not None:
                    quick.step(0.05)
            with torch.no_grad():
                right = ((model(x_new) - y_new[:, 3]).abs() < p.within_m_per_s).float().mean()
            curve[name][str(n)] = round(float(right), 4)
            if start is not None:
                curve["weight"][str(n)] = round(float(weight(model.rho.detach())), 4)
        curve["gain"][str(n)] = round(curve["right_prior"][str(n)] - curve["right_none"][str(n)], 4)
    tensors = {f"{i}.{name}": v.contiguous() for i, m in enumerate(members) for name, v in m.state_dict().items()}
    save_file(tensors, out.path("members"))
    out.path("curve").write_text(json.dumps(curve, indent=1) + "\n")
    return {name: round(value, 4) for name, value in found.items()} | curve
