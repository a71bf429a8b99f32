"""Stage `lessons`: demos of what a hand does at a bench, by an expert who knows every mass."""

from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class LessonsParams(Params):
    """How many demos."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of what demos begin from."""
    demos: int = Field(500, ge=1, le=100_000)
    """Demos of each deed, with objects of set A; who learns from fewer takes the first ones."""
    noise_n: float = Field(1.0, ge=0, le=10)
    """Spread of what is added to the expert's forces, newtons, so that demos show more than one force."""


@stage(
    version=1,
    libraries=minor("mujoco", "numpy", "scipy"),
    per=("location", "approach", "seed"),
    makes={"lessons": "lessons.npz"},
    metrics=by_unit(share="expert.*"),
    cost=lambda p: Resources(minutes=0.05 + p.demos * 3 * 4e-3 / 60),
)
def lessons(p: LessonsParams, out: Out) -> dict[str, Any]:
    """Let the expert reach, push, and pick up and place; record what the hand felt, its forces, and how its speed changed.

    `expert.DEED` is the share of demos that succeeded. All are kept: what forces do is learned from either.
    """
    import numpy as np

    from runtime.bound.lab import DRIVEN
    from runtime.sim.lab.arm import SCALE, draw, drive, expert, features, judged
    from runtime.sim.lab.objects import things

    objects, arrays, shares = things(p.lab, "a"), {}, {}
    for i, deed in enumerate(DRIVEN):
        rng = np.random.default_rng([p.seed, 12, i])
        drawn = rng.integers(len(objects), size=p.demos)
        tries = [draw(deed, objects[k], rng) for k in drawn.tolist()]
        path = drive(tries, expert(tries, rng, p.noise_n))
        noise = p.lab.noise * 0.5 / SCALE  # of a speed of half a metre a second, as the lab's other senses
        x, y = features(path.felt, path.forces, tries), path.change / SCALE
        x[..., :2] += noise * rng.normal(size=x[..., :2].shape)
        arrays |= {f"{deed}.things": drawn, f"{deed}.x": x.swapaxes(0, 1).astype(np.float32)}
        arrays[f"{deed}.y"] = (y + noise * rng.normal(size=y.shape)).swapaxes(0, 1).astype(np.float32)
        shares[deed] = round(float(np.mean([one[0] for one in judged(tries, path)])), 4)
    np.savez_compressed(out.path("lessons"), **arrays)
    return {"expert": shares}
