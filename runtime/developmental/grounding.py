"""Words for slots: a table that is empty at first and filled by playing alone.

While somebody says what an object is like, the slots that are active are drawn towards that word's vector and away from other
words' (a contrastive loss, as InfoNCE); afterwards a slot is named by what its ten strongest examples have in common.
"""

from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WORDS = {
    "hardness": ("soft", "hard"),
    "mass": ("light", "heavy"),
    "size": ("small", "large"),
    "fragility": ("tough", "fragile"),
    "elasticity": ("dead", "bouncy"),
}
"""Property -> what somebody says of an object in its lowest and highest quarter."""
WIDTH = 64
STRONGEST = 10


def vector(word: str) -> np.ndarray:
    """A word's vector [64] of unit length, from its bytes alone: nothing is known of what it means."""
    found = np.random.default_rng(crc32(word.encode())).normal(size=WIDTH)
    return found / np.linalg.norm(found)


def utterances(truth: np.ndarray, names: tuple[str, ...]) -> list[list[str]]:
    """What can be said of each object [objects, properties]: the words of the quarters that it is in."""
    rank = truth.argsort(0).argsort(0) / max(len(truth) - 1, 1)
    return [
        [WORDS[name][int(r > 0.5)] for name, r in zip(names, row, strict=True) if r <= 0.25 or r >= 0.75] for row in rank.tolist()
    ]


class Grounding(nn.Module):
    """Slots [n, slots] -> the space of words; the table of words is empty until something was said."""

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.project = nn.Linear(slots, WIDTH, bias=False)
        nn.init.zeros_(self.project.weight)
        self.table: dict[str, np.ndarray] = {}

    def heard(self, slots: Tensor, words: list[str], temperature: float = 0.1) -> Tensor:
        """The contrastive loss of words said of objects with these slots; the words enter the table."""
        for word in words:
            self.table.setdefault(word, vector(word))
        known = list(self.table)
        at = torch.tensor([known.index(word) for word in words])
        vectors = torch.tensor(np.array([self.table[word] for word in known]), dtype=torch.float32)
        return functional.cross_entropy(self.project(slots) @ vectors.T / temperature, at)

    def scores(self, slots: Tensor) -> dict[str, Tensor]:
        """Word -> how well it fits objects with these slots [n]."""
        found = self.project(slots)
        return {word: found @ torch.tensor(v, dtype=torch.float32) for word, v in self.table.items()}


def named_after(activation: np.ndarray, truth: np.ndarray, names: tuple[str, ...]) -> str:
    """A slot's name by template: the word of the property in which its ten strongest examples stand out most from all.

    Args:
        activation: of one slot, [examples].
        truth: what was measured of the same examples, [examples, properties].
    """
    top = np.argsort(-activation)[:STRONGEST]
    away = (truth[top].mean(0) - truth.mean(0)) / (truth.std(0) + 1e-9)
    best = int(np.abs(away).argmax())
    return WORDS[names[best]][int(away[best] > 0)] + " objects"
