"""Stage `conditions`: what the trials of a task begin from, drawn once for every policy and recorded."""

from typing import Any

from pydantic import Field

from runtime.bound.conditions import GapLevel
from runtime.bound.robot import FoundRobot
from runtime.libraries import minor
from runtime.out import Out
from runtime.sim.tasks import AnyTask
from runtime.stage import Params, Resources, bound, by_unit, stage


class ConditionsParams(Params):
    """How many initial states of each split, and the factors."""

    task: AnyTask = bound("task")
    """What is to be done: where its objects may stand, how far the arm may be from its start pose."""
    states: int = bound("states", ge=1, le=100_000)
    """Initial states that trials of the study begin from (`held_out`)."""
    gap: tuple[GapLevel, ...] = bound("gap_levels", default=())
    """Levels of the hidden gap that they take in turn; none away from hidden sites."""
    robot: FoundRobot | None = bound("robot", since=1, default=None)
    """A robot that people brought: from where its joints begin."""
    trial_seed: int = Field(0, ge=0)
    """Seed of the family of initial states."""
    development: int = Field(20, ge=0, le=100_000)
    """Initial states for decisions on the way to a result, which may not see those of the study."""
    train: int = Field(80, ge=0, le=100_000)
    """Initial states that are listed of those which demos with `demo_seed: 0` begin from."""


@stage(
    version=2,
    metrics=by_unit(count="states", text="digest"),
    libraries=minor("mujoco", "numpy"),
    role="conditions",
    per=("task", "domain"),
    makes={"conditions": "conditions.json"},
    cost=lambda p: Resources(minutes=0.002),
)
def conditions(p: ConditionsParams, out: Out) -> dict[str, Any]:
    """Draw the initial states of every split and write them down, with a digest for each split.

    Raises:
        InputError: R274 when two splits share an initial state.
    """
    import json

    from runtime.sim.parts.robot_file import posed
    from runtime.sim.parts.so101 import SO101
    from runtime.sim.trials.conditions import draw, record

    robot = SO101 if p.robot is None else posed(p.robot)
    found = draw(p.task, "held_out", p.states, p.trial_seed, p.gap, robot)
    found += draw(p.task, "development", p.development, p.trial_seed, p.gap, robot)
    found += draw(p.task, "train", p.train, 0, robot=robot)
    said = record(found)
    out.path("conditions").write_text(json.dumps(said, indent=1) + "\n")
    return {"states": p.states, "digest": said["digests"]["held_out"]}
