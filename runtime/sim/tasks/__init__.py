"""Kinds of tasks, one folder each: `setup.py` holds the kind's settings, `task.py` all that it does (`kind.TaskKind` says what).

A folder is found by being there. This file and every `setup.py` are light, since specs are checked with them.
"""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Annotated, Union, get_args

from pydantic import Field

from runtime.bound.task import Task

if TYPE_CHECKING:
    from runtime.sim.tasks.kind import TaskKind


@cache
def kinds() -> dict[str, type[Task]]:
    """Kind -> the model of its settings, of every folder here.

    Raises:
        TypeError: when a `setup.py` does not define one subclass of `Task` whose `kind` is the name of its folder.
    """
    found = {}
    for name in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg):
        module = importlib.import_module(f"{__name__}.{name}.setup")
        models = [m for m in vars(module).values() if isinstance(m, type) and m.__module__ == module.__name__]
        match [m for m in models if issubclass(m, Task)]:
            case [model] if get_args(model.model_fields["kind"].annotation) == (name,):
                found[name] = model
            case _:
                raise TypeError(f'{module.__file__} must define one subclass of Task with `kind: Literal["{name}"]`')
    return found


def kind_of(task: Task) -> "TaskKind":
    """What a task's kind does."""
    if task.kind not in kinds():
        raise KeyError(f"no kind of task `{task.kind}`; known kinds: {', '.join(kinds())}")
    return importlib.import_module(f"{__name__}.{task.kind}.task")  # ty: ignore[invalid-explicit-return]


if TYPE_CHECKING:
    type AnyTask = Task
else:
    AnyTask = Annotated[Union[tuple(kinds().values())], Field(discriminator="kind")]  # noqa: UP007
    """A task of any kind: the union of their models, told apart by `kind`."""
