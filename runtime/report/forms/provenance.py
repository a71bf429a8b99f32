"""Where the numbers come from."""

from runtime.bound.domain import Domain
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
    step: str
    """Number of the playbook's step that it belongs to, such as `3` or `4e`; empty for what comes before and after them."""
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


class ProtocolRow(Form):
    """How trials of one task in one domain were made and judged."""

    task: str
    """Id of the task."""
    domain: Domain
    """Where they ran."""
    protocol: str | None
    """Digest of horizon, control rate, success rule and condition set. None for imported trials, of which nobody knows."""
    trials: int
    """How many."""


class RealData(Form):
    """Episodes at real places or their hidden stand-ins that are no trials."""

    episodes: int
    """Those that were recorded for the study, by whoever steered."""
    teleoperated: int
    """Of these, those that somebody steered."""
    brought: int
    """Those of datasets that people brought."""


class Provenance(Form):
    """Where the numbers come from."""

    stages: list[StageRow]
    """In the order of the way from photos to evidence."""
    artifacts: list[ArtifactRow]
    """Every artifact above the report."""
    protocols: list[ProtocolRow]
    """One for each task and domain."""
    real_data: RealData
    """What was recorded at real places."""
    unrecorded: list[str]
    """Stages and back ends (`ROLE/NAME`) whose code no version records, which was ignored: such numbers are for development."""
    cpu_s: float
    """CPU seconds in all."""
    peak_mb: float
    """Most memory of one job, megabytes."""
    commands: list[str]
    """What makes the report again, in a checkout."""
