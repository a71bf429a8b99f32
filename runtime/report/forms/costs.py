"""What approaches took beside the baseline."""

from typing import Literal

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form


class PointCost(Form):
    """What a point of uplift costs in one domain."""

    domain: Domain
    """Where the uplift was measured."""
    unit: Literal["cpu_s", "gpu_s"]
    """GPU seconds where any were used, else CPU seconds."""
    value: float
    """Cost by the estimate."""
    band: Band
    """Cost at the ends of the uplift's band."""


class CostRow(Form):
    """What one approach took that the baseline did not."""

    approach: str
    """Id of the approach."""
    artifacts: int
    """Artifacts that the baseline was not made from."""
    cpu_s: float
    """CPU seconds of these."""
    gpu_s: float
    """GPU seconds of these."""
    per_point: list[PointCost]
    """Where the approach helps."""
