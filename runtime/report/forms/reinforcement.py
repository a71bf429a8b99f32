"""The form of reinforcement learning in `report.json`."""

from runtime.report.forms.base import Form


class RlRun(Form):
    """The learning curve of one run: of the policy while it explores in varied twins, or after each round of cloning."""

    seed: int
    """Training seed."""
    control_steps: list[int]
    """Control steps so far, over all rows."""
    success: list[float]
    """Share of episodes that succeeded, at each."""
    clone_kl: list[float | None]
    """KL divergence from the clone at each, nats a decision; null where there is none."""
    stopped: str
    """The rule that ended it."""


class RlRow(Form):
    """All runs of one approach at a task and a place."""

    approach: str
    """Id of the approach."""
    task: str
    """Id of the task."""
    location: str
    """Id of the location."""
    runs: list[RlRun]
    """In order of seeds."""
