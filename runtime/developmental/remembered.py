"""What babbling left: its model, and what that knows of objects."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from runtime.bound.lab import Lab
from runtime.developmental.slots import SlotModel
from runtime.sim.lab.bench import MODES, view
from runtime.sim.lab.objects import things


def babbled(babble: Path) -> SlotModel:
    """The model of slots that babbling trained."""
    weights = load_file(babble / "model.safetensors")
    slots, features = weights["read.weight"].shape
    model = SlotModel(features, weights["foretell.2.bias"].shape[0], slots)
    model.load_state_dict(weights)
    return model


def slots_of_known(babble: Path, lab: Lab, rng: np.random.Generator) -> np.ndarray:
    """The slots of each object of set A, by the mean of all that babbling saw of it in each mode; float32 [objects, slots]."""
    kept, objects = np.load(babble / "episodes.npz"), things(lab, "a")
    modes, outputs = kept["deeds"][:, : len(MODES)].argmax(1), kept["outcomes"].shape[1]
    known = np.zeros((len(objects), len(MODES), outputs))
    for thing in range(len(objects)):
        for mode in range(len(MODES)):
            mine = (kept["things"] == thing) & (modes == mode)
            if mine.any():
                known[thing, mode] = kept["outcomes"][mine].mean(0)
    looks = np.array([view(one, rng, lab.noise) for one in objects])
    told = np.concatenate([known.reshape(len(objects), -1), looks], 1)
    with torch.no_grad():
        return babbled(babble).slots(torch.tensor(told, dtype=torch.float32)).numpy()


def slot_of(babble: Path) -> dict[str, int]:
    """Property -> the slot that babbling found to go with it over set A."""
    return json.loads((babble / "curve.json").read_text())["slot"]
