"""What a kind of task does, in the order in which `runtime/sim/tasks/KIND/task.py` says it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.hand import Hand
from runtime.sim.parts.mj import Data, Model, Spec
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.start import Start


@dataclass(frozen=True)
class Seen:
    """What an expert acts on: the true state of one trial, and how long a control step lasts."""

    tip_m: np.ndarray  # [3]
    joints_rad: np.ndarray  # [J] as measured by the robot, the gripper among them
    objects_m: np.ndarray  # [K, 3] where the objects are now
    turns_rad: np.ndarray  # [K] how they are turned about the vertical
    step_s: float
    hand: Hand | None  # None where it could not be measured
    gap_m: float  # between its fingers, as the gripper's measured joint tells

    @property
    def fingers(self) -> Hand:
        """The hand of a robot that has one: a twin refuses a task that needs it for others."""
        assert self.hand is not None
        return self.hand


@dataclass(frozen=True)
class Reach:
    """An expert's wish after one control step: where the tip should be [3], how far apart the fingers, None while only the tip
    counts, and how the hand is turned: the direction about the vertical in which its moving finger lies from the other one, or
    None for a hand that is not rolled.
    """

    tip_m: np.ndarray
    gap_m: float | None = None
    turn_rad: float | None = None


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


@dataclass(frozen=True)
class Moment[T: Task]:
    """What a reward is reckoned from: one trial after a control step."""

    task: T
    data: Data
    tip_m: np.ndarray  # [3]
    objects_m: np.ndarray  # [K, 3]
    judge: Judge
    changed_rad: np.ndarray  # [J] the step's joint targets less those of the step before
    step_s: float


type Term = Callable[[Moment[Any]], float]
"""One part of a reward: a function with its kernel or unit in its name, and one line to say what it is worth."""


@dataclass(frozen=True)
class Segment:
    """One part of a task's motion, which is about one object: it ends when that has moved, or with the episode.

    Its frame stands on object `about` and faces where that is turned to (`turn`), away from the robot (`sight`), or towards the
    other object (`other`).
    """

    about: int
    faces: Literal["turn", "sight", "other"]


class TaskKind(Protocol):
    """What a kind's `task.py` defines, as module-level functions and two tables."""

    OBJECTS: Sequence[str]
    """Names of the bodies that `add_objects` adds."""

    def add_objects(self, spec: Spec, task: Task, physics: Physics) -> None:
        """Add the task's objects: mocap bodies where they stand still, bodies with a free joint where they are loose, so that
        their place is part of the state and not of the model."""

    def objects(self, model: Model, data: Data) -> np.ndarray:
        """Where the objects are [K, 3], metres."""

    def turns(self, model: Model, data: Data) -> np.ndarray:
        """How the objects are turned about the vertical [K], radians."""

    def place(self, model: Model, data: Data, start: Start) -> None:
        """Put the objects where `start` says. Raises ValueError when it names more or fewer than there are."""

    def draw_start(self, task: Task, index: int, purpose: str, seed: int = 0, robot: Robot = ...) -> Start:
        """Initial state `index`; without a robot for the built-in arm."""

    def expert(self, task: Task, seen: Seen) -> Reach | np.ndarray:
        """What the expert wants after one control step, from the true state alone: a place of the tip and the gripper's
        opening, or all joints [J]."""

    def judge(self, task: Task, model: Model) -> Judge:
        """A fresh judge for one trial."""

    def success_rule(self, task: Task) -> dict[str, float]:
        """What success depends on besides the motion: the judge's version and its settings. Part of a trial's protocol."""

    def segments(self, task: Task) -> Sequence[Segment]:
        """The parts of the motion, for demos that are carried to other places of the objects."""

    REWARD: Mapping[Term, float]
    """Terms of the reward and their weights."""
