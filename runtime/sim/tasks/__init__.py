"""Tasks: one file each. A task builds its objects, draws initial states, acts as expert and judges a trial."""

from typing import Protocol

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.mj import Data, Model, Spec
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.start import Start
from runtime.sim.tasks.press_button import task as press_button


class Judge(Protocol):
    """Follows one trial. `failure_mode` is '' on success."""

    success: bool

    def update(self, data: Data) -> None:
        """Look at the state after a physics step or a group of them."""

    @property
    def score(self) -> float:
        """Progress in 0..1; 1 exactly on success."""

    @property
    def failure_mode(self) -> str:
        """Why the trial would fail if it ended now."""


class TaskKind(Protocol):
    """What a file under `runtime/sim/tasks/` defines, as module-level functions."""

    def add_objects(self, spec: Spec, task: Task, physics: Physics) -> None:
        """Add the task's objects as mocap bodies (their place is part of the state, not of the model)."""

    def draw_start(self, task: Task, index: int, purpose: str, seed: int = 0) -> Start:
        """Initial state `index`."""

    def expert_tip(self, task: Task, tip_m: np.ndarray, objects_m: np.ndarray, step_s: float) -> np.ndarray:
        """Where the expert wants the tip after one control step [3], from the true state alone."""

    def judge(self, task: Task, model: Model) -> Judge:
        """A fresh judge for one trial."""

    def success_rule(self, task: Task) -> dict[str, float]:
        """What success depends on besides the motion: the judge's version and its settings."""


KINDS: dict[str, TaskKind] = {"press_button": press_button}  # ty: ignore[invalid-assignment]


def kind_of(task: Task) -> TaskKind:
    """The functions of a task's kind."""
    return KINDS[task.kind]
