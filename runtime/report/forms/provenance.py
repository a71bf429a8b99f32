"""Where the numbers come from."""

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
    metrics: dict[str, str | float]
    """What the stage recorded of it."""


class StageRow(Form):
    """All artifacts of one stage."""

    stage: str
    """Its name."""
    versions: list[int]
    """Its versions; more than one where they were mixed."""
    backends: list[str]
    """Back ends with their versions."""
    artifacts: int
    """How many."""
    cpu_s: float
    """CPU seconds in all."""
    peak_mb: float
    """Most memory of one job, megabytes."""


class Provenance(Form):
    """Where the numbers come from."""

    stages: list[StageRow]
    """In the order of the way from photos to evidence."""
    artifacts: list[ArtifactRow]
    """Every artifact above the report."""
    cpu_s: float
    """CPU seconds in all."""
    peak_mb: float
    """Most memory of one job, megabytes."""
    commands: list[str]
    """What makes the report again, in a checkout."""
