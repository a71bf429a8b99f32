"""Stage `memory`: an episodic ring and semantic prototypes, filled step by step from what was played."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class MemoryParams(Params):
    """How much is held, and how often it is consolidated."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of the interactions that memories are tried on."""
    ring: int = Field(200, ge=1, le=10_000_000)
    """Interactions that the episodic memory holds; one enters with each interaction, every control step of which is its own."""
    consolidate_steps: int = Field(1000, ge=20, le=100_000_000)
    """Control steps between consolidations into semantic memory."""
    tries: int = Field(100, ge=10, le=100_000)
    """Fresh interactions whose object is to be recalled."""
    semantic_protection: float = Field(10.0, ge=0, le=1e6)
    """How many times semantic parameters are protected in consolidation of weights."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"babble": one("babble")},
    makes={"prototypes": "prototypes.npz", "facts": "memory.json"},
    metrics=by_unit(count="episodic_updates semantic_updates held", share="recall_episodic recall_semantic chance moved_ratio"),
    cost=lambda p: Resources(minutes=0.1 + p.tries * 6e-3 / 60),
)
def memory(p: MemoryParams, babble: Path, out: Out) -> dict[str, Any]:
    """Live through babbling once more: each interaction enters the ring, every 1,000 control steps what is new the prototypes.

    `recall_episodic` and `recall_semantic` are shares of fresh strikes whose object is told by its nearest episode or prototype
    (`chance` by guessing). `moved_ratio` is by how much a parameter that is protected tenfold gives way to a pull, over one that
    is protected once: the closed form is (1 + F) / (1 + 10 F).
    """
    import numpy as np
    import torch
    from torch import nn

    from runtime.developmental.consolidation import Consolidated
    from runtime.developmental.memory import Prototypes, Ring, nearest_in
    from runtime.sim.lab.bench import MODES, STEPS, interact, view
    from runtime.sim.lab.objects import things

    kept, objects = np.load(babble / "episodes.npz"), things(p.lab, "a")
    strikes = kept["deeds"][:, MODES.index("strike")] == 1
    rng = np.random.default_rng([p.seed, 9])

    def sensed(thing: int, outcome: np.ndarray) -> np.ndarray:
        return np.concatenate([outcome, view(objects[thing], rng, p.lab.noise)])

    width = kept["outcomes"].shape[1] + 4
    ring, prototypes = Ring(p.ring, width), Prototypes(len(objects), width)
    waiting: list[tuple[np.ndarray, int]] = []
    for i, (thing, outcome) in enumerate(zip(kept["things"].tolist(), kept["outcomes"], strict=True)):
        value = sensed(thing, outcome)
        ring.add(value, thing)
        if strikes[i]:
            waiting.append((value, thing))
        if (i + 1) * STEPS % p.consolidate_steps < STEPS:
            values = np.array([v for v, _ in waiting]).reshape(-1, width)
            prototypes.consolidate(values, np.array([label for _, label in waiting], int))
            waiting = []
    asked = rng.integers(len(objects), size=p.tries)
    fresh = [interact(p.lab, objects[i], "strike", float(rng.random()), rng) for i in asked.tolist()]
    outcomes = [x.all if p.lab.audio == "on" else x.sensed for x in fresh]
    values = np.array([sensed(int(i), x) for i, x in zip(asked, outcomes, strict=True)])
    net = nn.ParameterDict({"semantic": torch.zeros(1), "episodic": torch.zeros(1)})
    held = Consolidated(net, {name: torch.ones(1) for name in net}, {"semantic": p.semantic_protection})
    for _ in range(2000):  # pulled towards 1 by a spring, held by the penalty
        loss = (held.penalty(net) + sum((v - 1) ** 2 for v in net.values())).sum()
        grads = torch.autograd.grad(loss, list(net.values()))
        with torch.no_grad():
            for v, g in zip(net.values(), grads, strict=True):
                v -= 0.02 * g
    np.savez_compressed(out.path("prototypes"), means=prototypes.means, count=prototypes.count)
    metrics = {
        "episodic_updates": ring.written,
        "semantic_updates": prototypes.consolidations,
        "held": len(ring.held()[1]),
        "recall_episodic": round(float((nearest_in(ring, values) == asked).mean()), 4),
        "recall_semantic": round(float((prototypes.nearest(values) == asked).mean()), 4),
        "chance": round(1 / len(objects), 4),
        "moved_ratio": round(net["semantic"].item() / net["episodic"].item(), 4),
    }
    out.path("facts").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics
