"""Checkpoints kept on the way through training: at which steps, and where they lie in a policy's artifact."""

from collections.abc import Sequence
from pathlib import Path


def snapshot_steps(fractions: Sequence[float], steps: int) -> tuple[int, ...]:
    """The gradient steps, rising and each once, at which fractions of a training are reached.

    A fraction of a trained policy is at least one step; of an untrained one (`steps` 0) each is step 0.

    Args:
        fractions: in (0, 1].
        steps: gradient steps of the whole training.
    """
    least = min(1, steps)
    return tuple(sorted({max(least, round(fraction * steps)) for fraction in fractions}))


def checkpoint_at(policy: Path, step: int, steps: int) -> Path:
    """The folder of the checkpoint after `step` of `steps` gradient steps; the finished one is kept once."""
    return policy / "checkpoint" if step == steps else policy / "snapshots" / str(step)
