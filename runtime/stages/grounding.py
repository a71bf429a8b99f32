"""Stage `grounding`: slots get words, from what somebody said while playing, and from their strongest examples afterwards."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from runtime.bound.lab import Lab
from runtime.libraries import minor
from runtime.out import Out
from runtime.stage import Params, Resources, bound, by_unit, one, stage


class GroundingParams(Params):
    """How much is said."""

    lab: Lab = bound("lab")
    """The bench."""
    seed: int = bound("seed", ge=0)
    """Seed of what is said, and when."""
    spoken: float = Field(0.5, ge=0, le=1)
    """Share of interactions with which somebody says a word of the object."""
    rate: float = Field(0.03, gt=0, le=1)
    """Learning rate."""


@stage(
    version=2,
    libraries=minor("mujoco", "numpy", "safetensors", "scipy", "torch"),
    per=("location", "approach", "seed"),
    needs={"babble": one("babble")},
    makes={"table": "table.json"},
    metrics=by_unit(count="words_before words named", share="told_known told_novel named_right"),
    cost=lambda p: Resources(minutes=0.2),
)
def grounding(p: GroundingParams, babble: Path, out: Out) -> dict[str, Any]:
    """Begin with an empty table; learn from words that come with interactions; then name slots by their ten strongest examples.

    `told_known` and `told_novel` are shares of pairs of opposite words (soft or hard) of which the right one fits an object
    better, over sets A and B; half by chance. `named_right` is the share of matched slots whose name by template is of the
    property that they correlate with.
    """
    import numpy as np
    import torch
    from safetensors.torch import load_file

    from runtime.developmental.grounding import WORDS, Grounding, named_after, utterances
    from runtime.developmental.play import Episodes
    from runtime.developmental.slots import SlotModel
    from runtime.learn.optimiser import AdamW
    from runtime.sim.lab.bench import MODES
    from runtime.sim.lab.objects import PROPERTIES, things

    torch.set_num_threads(1)
    torch.manual_seed(p.seed)
    kept = np.load(babble / "episodes.npz")
    weights = load_file(babble / "model.safetensors")
    slots_seen, truths = [], []
    for i, which in enumerate("ab"):
        episodes = Episodes(p.lab, things(p.lab, which), np.random.default_rng([p.seed, 10, i]))
        for thing in range(len(episodes.objects)):
            for mode in range(len(MODES)):
                for amount in (0.25, 0.5, 0.75):
                    episodes.play(thing, mode, amount)
        model = SlotModel(episodes.features, episodes.outputs, weights["read.weight"].shape[0])
        model.load_state_dict(weights)
        with torch.no_grad():
            slots_seen.append(model.slots(torch.tensor(episodes.known(np.arange(len(episodes.objects))), dtype=torch.float32)))
        truths.append(np.array([thing.properties() for thing in episodes.objects]))
    rng = np.random.default_rng([p.seed, 11])
    said = utterances(truths[0], PROPERTIES)
    ground = Grounding(slots_seen[0].shape[1])
    before, optimiser = len(ground.table), AdamW(list(ground.parameters()), 0.0)
    middle = slots_seen[0].mean(0)
    for start in range(0, len(kept["things"]), 32):
        heard = [
            (int(thing), str(rng.choice(said[thing])))
            for thing in kept["things"][start : start + 32]
            if said[thing] and rng.random() < p.spoken
        ]
        if heard:
            loss = ground.heard(slots_seen[0][[thing for thing, _ in heard]] - middle, [word for _, word in heard])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step(p.rate)
    told = []
    for seen, truth in zip(slots_seen, truths, strict=True):
        with torch.no_grad():
            scores = ground.scores(seen - middle)
        shares = [
            float(scores[word][row] > scores[other][row])
            for row, words in enumerate(utterances(truth, PROPERTIES))
            for word in words
            for pair in WORDS.values()
            if word in pair and (other := pair[1 - pair.index(word)]) in scores and word in scores
        ]
        told.append(float(np.mean(shares)) if shares else 0.5)
    slot = json.loads((babble / "curve.json").read_text())["slot"]
    names = {str(i): named_after(slots_seen[0][:, i].numpy(), truths[0], PROPERTIES) for i in slot.values()}
    fits = [names[str(i)].split()[0] in WORDS[name] for name, i in slot.items()]
    out.path("table").write_text(json.dumps({"words": list(ground.table), "slots": names}, indent=1) + "\n")
    return {
        "words_before": before,
        "words": len(ground.table),
        "named": len(names),
        "told_known": round(told[0], 4),
        "told_novel": round(told[1], 4),
        "named_right": round(float(np.mean(fits)), 4) if fits else 0.0,
    }
