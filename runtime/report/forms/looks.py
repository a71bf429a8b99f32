"""The form of `evidence.sequential` in `report.json`: what interim looks stopped and saved."""

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form
from runtime.report.forms.where import Of


class Looked(Form):
    """One domain whose trials came in batches."""

    domain: Domain
    """Where the trials ran."""
    trials: int
    """Planned trials of a cell."""
    looks: int
    """Batches."""
    most: int
    """Most trials of a cell."""
    level: float
    """Level of the always-valid bands that stop a comparison."""
    planned: int
    """Trials planned in all."""
    ran: int
    """Trials that ran."""
    saved: int
    """Those that did not have to."""


class Settled(Of):
    """One comparison with the baseline at one place, as of its last interim look."""

    location: str
    """Id of the location."""
    task: str
    """Id of the task."""
    states: int
    """Initial states compared by then, each with every training run."""
    value: float
    """Mean difference of these training runs, points."""
    band: Band | None
    """Its always-valid band, points: of these training runs, not of the approach."""
    stopped_at: int | None
    """The look that stopped it; null where all looks found it open."""


class Sequential(Form):
    """Interim looks."""

    domains: list[Looked]
    """Domains that were looked at."""
    comparisons: list[Settled]
    """Every comparison at every place."""
    stopped: int
    """How many were stopped."""
    planned: int
    """Trials planned in those domains."""
    saved: int
    """Trials that did not have to run."""


class Seen(Form):
    """A comparison at one interim look."""

    approach: str
    """Id of the approach."""
    states: int
    """Initial states compared so far."""
    value: float
    """Mean difference of these training runs, points."""
    band: Band | None
    """Its always-valid band."""
    stopped: bool
    """Whether the band leaves out zero."""


class Look(Form):
    """An interim look: the form of `interim.json`."""

    look: int
    """Which, from 1."""
    comparisons: list[Seen]
    """With the baseline."""
    done: dict[str, int]
    """Approach -> initial states that all its runs have."""
    upto: dict[str, int]
    """Approach -> initial states to run until the next look."""
