"""A task: what the robot is to do."""

from pydantic import Field

from compiler.spec.base import StageParameters
from runtime.bound.task import Task as TaskSetting


class Task(TaskSetting):
    """What the robot is to do, and how it is set up."""

    title: str = Field(min_length=1, max_length=200)
    """What people call it. Changing it rebuilds nothing."""

    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this task only."""
