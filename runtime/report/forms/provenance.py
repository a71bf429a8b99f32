"""Where the numbers come from."""

from typing import Any

from runtime.report.forms.base import Form


class ArtifactRow(Form):
    """One artifact that the report rests on."""

    stage: str
    """Its stage."""
    fingerprint: str
    """Its address, together with the stage."""
    version: int
    """Version of the stage."""
    cpu_s: float
    """CPU seconds that building it took."""
    metrics: dict[str, Any]
    """What the stage recorded of it."""


class Provenance(Form):
    """Where the numbers come from."""

    artifacts: list[ArtifactRow]
    """Every artifact above the report."""
    cpu_s: float
    """CPU seconds in all."""
    peak_mb: float
    """Most memory of one job, megabytes."""
    commands: list[str]
    """What makes the report again, in a checkout."""
