"""Interim looks at a study's trials: how a study asks for them, and what one cell is told."""

from pydantic import Field

from runtime.bound.base import Bound
from runtime.bound.domain import Domain

STRICTER = 5
"""A comparison that stops at a chance high is a little too far from zero. One place's band does not notice; the mean
over ten places does, and this makes it do so less, not not at all: `docs/statistics.md` has the figures."""


def stop_level(level: float) -> float:
    """The level at which comparisons stop, for a study's `level`."""
    return 1 - (1 - level) / STRICTER


class Sequential(Bound):
    """Comparisons with the baseline that may stop before all planned trials ran."""

    looks: int = Field(4, ge=2, le=20)
    """Batches that each cell's trials come in; after each but the last, comparisons that are settled stop."""
    level: float | None = Field(None, gt=0.5, lt=1)
    """Level of the always-valid band that stops a comparison. Absent: 0.99 in a study at 0.95, a fifth of its error."""
    max_trials: int | None = Field(None, ge=2, le=100_000)
    """Most trials of any cell. Above the planned number, trials that stopped comparisons leave over go to the open ones
    at the same place, to each by the spread of its outcomes (Neyman). Absent: they are saved."""
    domains: tuple[Domain, ...] = ()
    """Domains that are looked at. Absent: all that the study plans."""


class Schedule(Bound):
    """What a cell is planned to run: `trials` in `looks` batches, up to `most` where others leave trials over."""

    trials: int = Field(ge=2)
    """Planned trials of a cell."""
    looks: int = Field(ge=2)
    """Batches."""
    most: int = Field(ge=2)
    """Most trials of a cell."""
    level: float = Field(gt=0.5, lt=1)
    """Level of the band that stops a comparison."""

    @classmethod
    def of(cls, asked: Sequential | None, domain: Domain, trials: int, level: float) -> "Schedule | None":
        """The schedule of a domain's cells; None where they are not looked at before the end."""
        if asked is None or (asked.domains and domain not in asked.domains):
            return None
        return cls(
            trials=trials,
            looks=min(asked.looks, trials),
            most=max(asked.max_trials or trials, trials),
            level=asked.level or stop_level(level),
        )


class InterimPlace(Bound):
    """What one interim look stands for."""

    location: str
    """Id of the location."""
    task: str
    """Id of the task."""
    domain: Domain
    """Where the trials ran."""
    look: int
    """Which look, from 1."""
