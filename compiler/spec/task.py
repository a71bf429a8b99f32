"""A task: what the robot is to do."""

from pydantic import Field

from runtime.spec.task import Task as TaskSetting


class Task(TaskSetting):
    """What the robot is to do, and how it is set up."""

    title: str = Field(min_length=1, max_length=200)
    """What people call it. Changing it rebuilds nothing."""

    def setting(self) -> TaskSetting:
        """The task without its title, as stages take it."""
        return TaskSetting.model_validate(self.model_dump(exclude={"title"}))
