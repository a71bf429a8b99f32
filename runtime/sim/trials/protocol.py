"""A protocol: how long a trial may take, how often a policy acts, what counts as success, and from what trials begin.

Two rates are rates of the same thing only under one protocol. Its digest stands in every row of a table of trials.
"""

from dataclasses import dataclass
from typing import Any

from runtime.bound.task import Task
from runtime.sim.tasks import kind_of
from runtime.sim.trials.conditions import digest_of


@dataclass(frozen=True)
class Protocol:
    """What trials have in common that may be compared. `conditions` is the digest of the initial states and factors."""

    task: Task
    control_hz: float
    conditions: str

    def to_json(self) -> dict[str, Any]:
        """What the digest is made of, in named units."""
        success = {"kind": self.task.kind, **kind_of(self.task).success_rule(self.task)}
        return {
            "horizon_s": self.task.horizon_s,
            "control_hz": self.control_hz,
            "success": success,
            "conditions": self.conditions,
        }

    @property
    def digest(self) -> str:
        """32 hexadecimal digits."""
        return digest_of(self.to_json())
