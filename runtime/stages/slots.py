"""Stage `slots`: do free slots come to stand for what objects are like?"""

import json
from typing import Any

from pydantic import Field

from runtime.bound.base import later
from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, stage


class SlotsParams(Params):
    """How many slots, and how long is played."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of interactions and training."""
    free_slots: int = Field(16, ge=2, le=256)
    """Slots that nobody named."""
    interactions: int = Field(5000, ge=20, le=1_000_000)
    """Interactions with objects of set A, drawn evenly."""
    steps: int = Field(1000, ge=1, le=1_000_000)
    """Gradient steps."""
    sparse: float = Field(0.01, ge=0, le=100)
    """Weight of the slots' mean activation in the loss."""
    reads_few: float = Field(0.01, ge=0, le=100)
    """Weight of the L1 norm of what slots read."""
    diverse: float = Field(0.5, ge=0, le=100)
    """Weight of the squared correlations between slots."""
    orthogonal: bool = True
    """Whether slots begin orthogonal; else all read alike."""
    collapsed: bool = later(born=False, since=2)
    """A planted fault, for the detector of collapse: slots read and are read alike; only diversity tells them apart."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "scipy", "torch"),
    per=("location", "approach", "seed"),
    makes={"slots": "slots.json"},
    metrics=by_unit(count="active meaningful", share="r_third similarity r.* r_novel.*", loss="error"),
    cost=lambda p: Resources(minutes=0.1 + p.interactions * 6e-3 / 60 + p.steps * 4e-3 / 60),
)
def slots(p: SlotsParams, out: Out) -> dict[str, Any]:
    """Play with set A, learn slots by foretelling, and hold them against what is true of the objects.

    `active` slots rise above 0.5 for some object and differ between objects; each property is matched with one active slot, and
    `r` is their correlation over set A, `r_novel` that of the same slots over set B, which nothing was learned from. `r_third` is
    the third largest: three properties at least are told apart with so much. `similarity` is the mean correlation between the
    slots that vary most: near 1 they have collapsed into one.
    """
    import numpy as np
    import torch

    from runtime.developmental.play import Episodes, learn
    from runtime.developmental.slots import Pressures, SlotModel, discovered
    from runtime.sim.lab.bench import MODES
    from runtime.sim.lab.objects import PROPERTIES, things

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    known, novel = (Episodes(p.lab, things(p.lab, s), np.random.default_rng([p.seed, 3, i])) for i, s in enumerate("ab"))
    known.random(p.interactions)
    model = SlotModel(known.features, known.outputs, p.free_slots, orthogonal=p.orthogonal)
    if p.collapsed:
        model.collapse()
    error = learn(model, known, p.steps, Pressures(p.sparse, p.reads_few, p.diverse))
    for thing in range(len(novel.objects)):
        for mode in range(len(MODES)):
            for amount in (0.1, 0.3, 0.5, 0.7, 0.9):
                novel.play(thing, mode, amount)
    activations, truths = [], []
    for episodes in (known, novel):
        features = torch.tensor(episodes.known(np.arange(len(episodes.objects)), 64), dtype=torch.float32)
        with torch.no_grad():
            activations.append(model.slots(features).numpy())
        truths.append(np.array([thing.properties() for thing in episodes.objects]))
    found = discovered(activations[0], truths[0], PROPERTIES)
    elsewhere = {
        name: abs(float(np.nan_to_num(np.corrcoef(activations[1][:, slot], truths[1][:, PROPERTIES.index(name)])[0, 1])))
        for name, slot in found.slot.items()
    }
    metrics = {
        "active": found.active,
        "meaningful": found.meaningful,
        "r_third": round(found.third, 4),
        "similarity": round(found.similarity, 4),
        "r": {name: round(value, 4) for name, value in found.matched.items()},
        "r_novel": {name: round(value, 4) for name, value in elsewhere.items()},
        "error": round(error, 5),
    }
    said = {"slot": found.slot, "activations": [a.round(4).tolist() for a in activations]}
    out.path("slots").write_text(json.dumps({**metrics, **said}, indent=1) + "\n")
    return metrics
