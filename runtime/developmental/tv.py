"""The noisy television (Burda et al. 2018): a choice never twice the same, and so most surprising to whoever seeks error."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.lab import Lab
from runtime.developmental.curiosity import Curiosity, Foretold
from runtime.developmental.play import Episodes
from runtime.sim.lab.bench import MODES, SENSED
from runtime.sim.lab.objects import things

PARTS = 5
"""Parts of a choice's range of amounts: a choice and a part of its range are a state that is new once."""


@dataclass(frozen=True)
class Watched:
    """Visits to the TV in the first and second half of the episodes, how learnable it seemed, states seen first in the second
    half as a share of that half's choices, and learnability of all else."""

    first: int
    second: int
    learnability: float
    new_states: float
    learnability_else: float

    @property
    def ratio(self) -> float:
        """Visits of the second half over those of the first."""
        return self.second / max(self.first, 1)


def watch(lab: Lab, curiosity: Curiosity, episodes: int, per_episode: int, rng: np.random.Generator) -> Watched:
    """Let curiosity choose between objects, modes and a TV; `curiosity` has one choice more than objects times modes, the TV."""
    play = Episodes(lab, things(lab, "a"), rng)
    tv, total = len(play.objects) * len(MODES), episodes * per_episode
    foretold = Foretold(tv + 1, len(SENSED))
    visits, seen, new = np.zeros(2, int), set[tuple[int, int]](), 0
    for step in range(total):
        choice, amount = curiosity.choose(rng), float(rng.random())
        noise = choice == tv
        outcome = rng.normal(size=len(SENSED)) if noise else play.play(*divmod(choice, len(MODES)), amount)[: len(SENSED)]
        curiosity.saw(choice, *foretold.saw(choice, amount, outcome))
        half = int(step >= total // 2)
        visits[half] += choice == tv
        state = (choice, int(amount * PARTS))
        new += half and choice != tv and state not in seen
        seen.add(state)
    learnable = curiosity.learnability()
    rest = learnable[:tv][curiosity.count[:tv] >= curiosity.tries]
    share = new / (total - total // 2)
    return Watched(int(visits[0]), int(visits[1]), float(learnable[tv]), share, float(rest.mean()) if len(rest) else 0.0)
