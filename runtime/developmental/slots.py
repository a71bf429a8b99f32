"""Free slots: what an object is like, in sixteen numbers that nobody named, learned by foretelling what becomes of it.

What is known of an object (the mean outcome of each mode, and its look) -> 16 slots in [0, 1] -> the outcome of another
interaction. Slots are sparse (L1 on activations and on what they read) and unlike each other (a penalty on their squared
correlations, "diversity"); the first weights are orthogonal.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

ACTIVE = 0.5
VARIES = 0.2


class SlotModel(nn.Module):
    """`known` [n, features] -> slots [n, slots]; slots and a deed [n, 4] (mode as one-hot, amount) -> outcome."""

    def __init__(self, features: int, outputs: int, slots: int = 16, hidden: int = 64, orthogonal: bool = True) -> None:
        super().__init__()
        self.read = nn.Linear(features, slots)
        if orthogonal:
            nn.init.orthogonal_(self.read.weight)
        else:  # every slot alike, which the detector of collapse has to see
            nn.init.constant_(self.read.weight, 0.1)
        nn.init.constant_(self.read.bias, -1.0)
        self.foretell = nn.Sequential(nn.Linear(slots + 4, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
        self.look = nn.Linear(slots, 4)

    def collapse(self) -> None:
        """Plant the fault that the detector is for: all slots read alike and are read alike, so that no gradient tells them apart
        but that of diversity."""
        slots = self.read.weight.shape[0]
        with torch.no_grad():
            self.read.weight.copy_(self.read.weight.mean(0).expand_as(self.read.weight))
            for weight in (self.foretell.get_parameter("0.weight"), self.look.weight):
                weight[:, :slots] = weight[:, :slots].mean(1, keepdim=True)

    def slots(self, known: torch.Tensor) -> torch.Tensor:
        """Activations, [n, slots]."""
        return torch.sigmoid(self.read(known))

    def forward(self, known: torch.Tensor, deed: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Slots, the outcome foretold, and the look recalled [n, 4]."""
        slots = self.slots(known)
        return slots, self.foretell(torch.cat([slots, deed], 1)), self.look(slots)


@dataclass(frozen=True)
class Pressures:
    """How strongly slots are pressed to be sparse and unlike."""

    sparse: float = 0.01
    reads_few: float = 0.01
    diverse: float = 0.5

    def loss(self, model: SlotModel, slots: torch.Tensor) -> torch.Tensor:
        """The three together, over a batch of slots [n, slots]."""
        centred = slots - slots.mean(0)
        scale = centred.pow(2).mean(0).sqrt() + 1e-3
        alike = (centred.T @ centred / len(slots)) / (scale[:, None] * scale[None])
        off = alike - torch.diag(torch.diag(alike))
        return (
            self.sparse * slots.mean() + self.reads_few * model.read.weight.abs().mean(0).sum() + self.diverse * off.pow(2).mean()
        )


@dataclass(frozen=True)
class Found:
    """What slots turned out to stand for. `matched` maps a property to |r| with the slot that is its own, the
    best first; `slot` says which one that is."""

    active: int
    matched: dict[str, float]
    slot: dict[str, int]
    similarity: float

    @property
    def third(self) -> float:
        """|r| of the third property: three at least are told by slots of their own with so much."""
        return ([*self.matched.values(), 0.0, 0.0, 0.0])[2]

    @property
    def meaningful(self) -> int:
        """Properties with |r| above 0.6."""
        return sum(r > 0.6 for r in self.matched.values())


def discovered(slots: np.ndarray, truth: np.ndarray, names: tuple[str, ...]) -> Found:
    """Hold slots [objects, slots] against true properties [objects, properties].

    A slot is active where it rises above 0.5 for some object and differs by 0.2 or more between objects; one that is on for
    all alike tells nothing. Each property gets at most one active slot, and each slot one property, so that the sum of |r| is
    largest.
    `similarity` is the mean |r| between the four slots that vary most.
    """
    spread = np.ptp(slots, axis=0)
    active = np.flatnonzero((slots.max(0) > ACTIVE) & (spread > VARIES))
    with np.errstate(invalid="ignore", divide="ignore"):
        most = np.argsort(-spread)[:4]
        among = np.abs(np.nan_to_num(np.corrcoef(slots[:, most].T), nan=1.0))
        similarity = float(among[np.triu_indices(len(most), 1)].mean())
        r = np.abs(np.nan_to_num(np.corrcoef(slots[:, active].T, truth.T)[: len(active), len(active) :])) if len(active) else None
    matched, own = {}, {}
    if r is not None:
        rows, columns = linear_sum_assignment(-r)
        matched = {names[c]: float(r[a, c]) for a, c in zip(rows, columns, strict=True)}
        own = {names[c]: int(active[a]) for a, c in zip(rows, columns, strict=True)}
    return Found(len(active), dict(sorted(matched.items(), key=lambda one: -one[1])), own, similarity)
