"""The form of training runs in `report.json`."""

from runtime.report.forms.base import Form


class TrainingRun(Form):
    """The loss of one training run on demos that it was not trained on, as it went."""

    seed: int
    """Training seed."""
    steps: list[int]
    """Gradient steps at which it was measured."""
    losses: list[float]
    """The loss at each."""
    last: float | None
    """After the last step; null where it was not measured."""
    to_median: float | None
    """`last` over the median of the runs that differ in their seed alone; null for a single one."""


class TrainingRow(Form):
    """All runs of one approach at a task and a place."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    shared_with: list[str]
    """Further approaches that tried the very same policies."""
    runs: list[TrainingRun]
    """In order of seeds."""
