"""Objects of a lab and what is true of them; two sets from one seed that share no object."""

from dataclasses import dataclass
from math import exp, log, pi, sqrt
from typing import Literal

import numpy as np

from runtime.bound.lab import Lab

PROPERTIES = ("hardness", "mass", "size", "fragility", "elasticity")
"""The five that the NSCA plan names, in the order of `Thing.properties`."""
SETS = ("a", "b")
DENT = 0.95
"""Largest impedance of MuJoCo's contacts (`solimp`), which its time constant is reckoned with."""


@dataclass(frozen=True)
class Thing:
    """One object. `hardness`, `fragility` are 0 (soft, tough) to 1; `elasticity` is the coefficient of restitution that the
    contact is made for; `size_m` half its width."""

    shape: Literal["ball", "box"]
    hardness: float
    mass_kg: float
    size_m: float
    fragility: float
    elasticity: float

    def properties(self) -> list[float]:
        """Numbers in the order of `PROPERTIES`; mass and size as logarithms, as both span an order of magnitude or so."""
        return [self.hardness, log(self.mass_kg), log(self.size_m), self.fragility, self.elasticity]

    @property
    def pulsation(self) -> float:
        """Angular frequency of its contact, rad/s: how stiff it is for its mass."""
        return 150.0 * 4.0**self.hardness

    @property
    def damping(self) -> float:
        """Damping ratio of a contact with that restitution: `e = exp(-pi z / sqrt(1 - z^2))` of a linear spring and damper."""
        decay = -log(self.elasticity) / pi
        return decay / sqrt(1 + decay**2)

    @property
    def solref(self) -> tuple[float, float]:
        """MuJoCo's time constant (s) and damping ratio of its contact."""
        return 1 / (self.pulsation * self.damping * DENT), self.damping

    @property
    def breaks_at_n(self) -> float:
        """The contact force (N) from which on it breaks."""
        return 40.0 * exp(2.8 * (1 - self.fragility))


def things(lab: Lab, which: str) -> list[Thing]:
    """The objects of set `a` or `b`. Each set has a stream of its own: another number of one changes nothing of the other."""
    rng = np.random.default_rng([lab.seed, SETS.index(which), 7])
    found = []
    for i in range(lab.objects_a if which == "a" else lab.objects_b):
        hardness, mass, size, fragility, elasticity = rng.uniform(size=5).tolist()
        found.append(
            Thing(
                shape="box" if i % 2 else "ball",
                hardness=hardness,
                mass_kg=0.05 * 10**mass,
                size_m=0.02 * 2.5**size,
                fragility=fragility,
                elasticity=0.1 + 0.7 * elasticity,
            )
        )
    return found
