"""A task: what the robot is to do."""

from pydantic import Field

from compiler.spec.base import Spec, StageParameters
from runtime.bound.task import Task as TaskSetting


class Task(Spec, TaskSetting):
    """What the robot is to do, and how it is set up."""

    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this task only."""
