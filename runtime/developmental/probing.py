"""What an agent of a bench is asked, item by item: deeds to do, outcomes to foretell, things to compare.

Items that foretell are of two answers, as Physion's (Bear et al. 2021): will the thing go, or bounce, beyond a line?
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from runtime.bound.lab import DRIVEN, Deed, Lab
from runtime.developmental.babbling import foretold
from runtime.developmental.play import Episodes
from runtime.developmental.remembered import babbled, slot_of, slots_of_known
from runtime.developmental.skills import Blend, planner
from runtime.sim.lab.arm import STEPS, Try, draw, drive, judged
from runtime.sim.lab.bench import MODES, SENSED
from runtime.sim.lab.objects import PROPERTIES, things
from runtime.sim.trials.trial import Trial

LOOKED_AT = {"drop": "bounce", "strike": "moved", "push": "moved"}
"""Mode -> what is asked about."""
STREAMS = {"reach": 0, "push": 1, "pick_place": 2, "foretell": 3, "compare": 4}


@dataclass(frozen=True)
class Asked:
    """Judged items, what varied in each, by item."""

    done: list[Trial]
    factors: dict[int, dict[str, float | str]]


def _drawn(lab: Lab, deed: Deed, item: int) -> np.random.Generator:
    """Items are the same for every agent and every training seed of a bench."""
    return np.random.default_rng([lab.seed, 14, STREAMS[deed], item])


def act(lab: Lab, deed: Deed, skills: Path, babble: Path, items: range, seed: int, after: Deed | None = None) -> Asked:
    """Do a deed with things of set A by what was known after learning `after`, by default all. Items go through the numbers of
    demos in turn, each from the same start; then comes the next start."""
    facts = json.loads((skills / "skills.json").read_text())
    demos, prior, after = facts["demos"], facts["prior"], after or DRIVEN[-1]
    objects, weights = things(lab, "a"), load_file(skills / "models.safetensors")
    slots = torch.tensor(slots_of_known(babble, lab, np.random.default_rng([seed, 13])))
    done, factors = {}, {}
    for level, n in enumerate(demos):
        mine = [i for i in items if i % len(demos) == level]
        if not mine:
            continue
        tries: list[Try] = []
        for i in mine:
            rng = _drawn(lab, deed, i // len(demos))
            tries.append(draw(deed, objects[int(rng.integers(len(objects)))], rng))
        start = f"{n}.{after}."
        state = {name.removeprefix(start): v for name, v in weights.items() if name.startswith(start)}
        model = Blend(state["learned.0.weight"].shape[1], 0.9 if prior else None)
        model.load_state_dict(state)
        known = slots[[objects.index(one.thing) for one in tries]]
        for i, (right, score, mode) in zip(mine, judged(tries, drive(tries, planner(model, tries, known))), strict=True):
            done[i] = Trial(i, right, score, mode, STEPS[deed], _no_film)
            factors[i] = {"demos": n}
    return Asked([done[i] for i in items], factors)


def foretell(lab: Lab, babble: Path, items: range, seed: int) -> Asked:
    """Foretell after one glance at each mode; things of sets A and B take turns. The line is the median that babbling saw."""
    kept, model = np.load(babble / "episodes.npz"), babbled(babble)
    modes = kept["deeds"][:, : len(MODES)].argmax(1)
    done, factors = [], {}
    fresh = {}
    for which in "ab":
        fresh[which] = Episodes(lab, things(lab, which), np.random.default_rng([seed, 15, ord(which)]))
        for thing in range(len(fresh[which].objects)):
            for mode in range(len(MODES)):
                fresh[which].play(thing, mode, 0.5)
    for i in items:
        rng, which = _drawn(lab, "foretell", i // 2), "ab"[i % 2]
        episodes = fresh[which]
        mode, amount = int(rng.integers(len(MODES))), float(rng.random())
        thing = int(rng.integers(len(episodes.objects)))
        sense = SENSED.index(LOOKED_AT[MODES[mode]])
        line = float(np.median(kept["outcomes"][modes == mode, sense])) if (modes == mode).any() else 0.0
        said = bool(foretold(model, episodes, thing, mode, amount)[sense] > line)
        truth = Episodes(lab, episodes.objects, rng).play(thing, mode, amount)
        right = said == bool(truth[sense] > line)
        done.append(Trial(i, right, float(right), "" if right else "said beyond" if said else "said short", 1, _no_film))
        factors[i] = {"set": which, "mode": MODES[mode]}
    return Asked(done, factors)


def compare(lab: Lab, babble: Path, items: range, seed: int) -> Asked:
    """Say which of two novel things has more of a property, by the slot that goes with it over set A; a guess where none does."""
    known, model, own = slots_of_known(babble, lab, np.random.default_rng([seed, 13])), babbled(babble), slot_of(babble)
    truth = np.array([thing.properties() for thing in things(lab, "a")])
    novel = things(lab, "b")
    fresh = Episodes(lab, novel, np.random.default_rng([seed, 16]))
    for thing in range(len(novel)):
        for mode in range(len(MODES)):
            for amount in (0.25, 0.5, 0.75):
                fresh.play(thing, mode, amount)
    with torch.no_grad():
        slots = model.slots(torch.tensor(fresh.known(np.arange(len(novel)), 64), dtype=torch.float32)).numpy()
    done, factors = [], {}
    for i in items:
        rng, k = _drawn(lab, "compare", i // len(PROPERTIES)), i % len(PROPERTIES)
        a, b = rng.choice(len(novel), 2, replace=False).tolist()
        slot = own.get(PROPERTIES[k])
        if slot is None:
            more = bool(np.random.default_rng([seed, 17, i]).random() < 0.5)
        else:
            sign = np.cov(known[:, slot], truth[:, k])[0, 1]
            more = bool(sign * (slots[a, slot] - slots[b, slot]) > 0)
        right = more == (novel[a].properties()[k] > novel[b].properties()[k])
        done.append(Trial(i, right, float(right), "" if right else "guessed" if slot is None else "the other one", 1, _no_film))
        factors[i] = {"property": PROPERTIES[k]}
    return Asked(done, factors)


def _no_film() -> np.ndarray:
    raise NotImplementedError("trials at a bench are not filmed")
