"""What a policy is made of, and what the trainer drives: one interface for every architecture."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class Spec:
    """What a policy is made of. Chunks in control steps; `extra` are fields of the architecture's own config."""

    architecture: str  # small | act | diffusion
    camera_keys: tuple[str, ...]
    image_hw: tuple[int, int]
    state_dim: int
    action_dim: int
    chunk: int
    n_action_steps: int
    extra: Mapping[str, int | float | bool | str] = field(default_factory=dict)
    places_weight: float = 0.0  # of the loss by which keypoints learn where objects are, where the architecture has keypoints
    history: int = (
        1  # observations that it looks at; of `small` those of its last plans, `n_action_steps` apart, so no more are drawn
    )

    @property
    def past(self) -> tuple[int, ...] | None:
        """Frame offsets of those observations, oldest first; None where there is one."""
        every = self.n_action_steps
        return tuple(range(-(self.history - 1) * every, 1, every)) if self.history > 1 else None


class Learner(Protocol):
    """A policy in training."""

    observation_deltas: tuple[int, ...] | None
    action_deltas: tuple[int, ...]

    def parameters(self) -> Iterable[Tensor]:
        """What the optimiser adjusts."""
        ...

    def loss(self, batch: dict[str, np.ndarray], train: bool) -> Tensor:
        """Scalar loss of a batch of raw windows (see `windows.Windows.batch`)."""
        ...

    def weights(self) -> dict[str, Tensor]:
        """The weights by name, live (not copies)."""
        ...

    def save(self, checkpoint: Path) -> None:
        """Write the checkpoint in LeRobot's layout."""
        ...
