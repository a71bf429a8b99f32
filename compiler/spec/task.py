"""A task: what the robot is to do."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Self, Union

from pydantic import Field, RootModel, create_model, model_validator

from compiler.spec.base import Spec, StageParameters
from runtime.bound.benchmark import BenchmarkTask
from runtime.bound.dataset import Dataset
from runtime.bound.lab import LabTask
from runtime.bound.task import Task as TaskSetting
from runtime.sim.tasks import kinds


class Task(Spec, TaskSetting):
    """What the robot is to do, and how it is set up."""

    data: Dataset | None = None
    """Demos of it that people recorded, at whichever place; they count in place of a location's."""
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this task only."""

    @model_validator(mode="after")
    def _unmet(self) -> Self:
        wordings = getattr(self, "wordings", ())
        for own, met in (("wording", (self.instruction, *wordings)), *((name, (getattr(self, name, None),)) for name in OBJECTS)):
            if any(one in met for one in getattr(self, f"held_out_{own}s", ())):
                raise ValueError(f"`held_out_{own}s` has a {own} that demos are made with")
        return self


OBJECTS = ("thing", "drawer")
"""Settings of which there may be held-out ones, `held_out_NAMEs`."""


class Benchmark(Spec, BenchmarkTask):
    """An environment of a benchmark from outside."""

    data: ClassVar[None] = None
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this task only."""


class AtLab(Spec, LabTask):
    """What is tried at a bench with objects to play with."""

    data: ClassVar[None] = None
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this task only."""


SPECS = [
    *(create_model(model.__name__, __base__=(model, Task), __doc__=model.__doc__) for model in kinds().values()),
    Benchmark,
    AtLab,
]
"""The file of a task, for each kind: the kind's settings and what all tasks have."""


if TYPE_CHECKING:
    AnyTask = Task
else:

    class AnyTask(RootModel[Annotated[Union[tuple(SPECS)], Field(discriminator="kind")]]):  # noqa: UP007
        """What the robot is to do, and how it is set up: `kind` says what kind of task it is, and so what can be set."""
