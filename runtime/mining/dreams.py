"""Dreams as judges see them, and the twin's own attempts dreamt again."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from runtime.bound.task import Task
from runtime.learn.actor import Actor
from runtime.sim.episodes.attempts import Attempt, replay
from runtime.sim.tasks import kind_of
from runtime.sim.trials.run import look
from runtime.sim.twin.twin import Twin, eyes_of, read_behind, read_model
from runtime.world.judge import Seen
from runtime.world.model import WorldModel
from runtime.world.trials import Dream, dream, film_of

SUCCESS_TERM = "success_bool"
"""The term of every kind's reward that says that it is done; the others are dense."""


class _Recorded:
    """Actions that were carried out elsewhere, as a policy: every member's worlds are given the same."""

    looks = False

    def __init__(self, actions: np.ndarray) -> None:
        self.actions, self.members, self.t = actions, 1, 0  # [N, T, J]

    def reset(self, n: int) -> None:
        self.members, self.t = n // len(self.actions), 0

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        self.t += 1
        return np.tile(self.actions[:, self.t - 1], (self.members, 1))


def redreamt(world: WorldModel, twin: Path, facts: Twin, found: Sequence[Attempt]) -> Dream:
    """Attempts of the twin, imagined from their first pictures and the actions that were carried out; the last one goes on."""
    model, camera, steps = read_model(twin, facts), world.facts["camera"], round(facts.task.horizon_s * facts.control_hz)
    eye = {camera: eyes_of(model, facts, read_behind(twin, facts))[camera]}
    first = np.stack([look(eye, next(replay(model, one)), i, 0)[camera] for i, one in enumerate(found)])
    actions = np.stack([one.action[np.minimum(np.arange(steps), len(one) - 1)] for one in found])
    joints = np.stack([one.state[0] for one in found])
    policy = cast(Actor, _Recorded(actions))
    return dream(world, policy, first, joints, range(len(found)), facts.task, facts.robot)


def seen_by_judge(world: WorldModel, dreamt: Dream, task: Task, weights: str, room: Path) -> Seen:
    """Dreams as judges are shown them: by one whose weights have this sha256, with a folder for its files."""
    films = [partial(film_of, world, dreamt, i) for i in range(len(dreamt.first))]
    terms = {getattr(term, "__name__", ""): weight for term, weight in kind_of(task).REWARD.items()}
    success = terms.pop(SUCCESS_TERM, 0.0)
    return Seen(films, dreamt.done, dreamt.reward, sum(terms.values()), success, task.instruction, weights, room)
