"""A task: what the robot is to do."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field, RootModel, create_model

from compiler.spec.base import Spec, StageParameters
from runtime.bound.task import Task as TaskSetting
from runtime.sim.tasks import kinds


class Task(Spec, TaskSetting):
    """What the robot is to do, and how it is set up."""

    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this task only."""


SPECS = [create_model(model.__name__, __base__=(model, Task), __doc__=model.__doc__) for model in kinds().values()]
"""The file of a task, for each kind: the kind's settings and what all tasks have."""


if TYPE_CHECKING:
    AnyTask = Task
else:

    class AnyTask(RootModel[Annotated[Union[tuple(SPECS)], Field(discriminator="kind")]]):  # noqa: UP007
        """What the robot is to do, and how it is set up: `kind` says what kind of task it is, and so what can be set."""
