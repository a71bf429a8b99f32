"""The study's frame: what a report must know of a study besides its artifacts. No titles, so that
editing one rebuilds nothing."""

from typing import Annotated

from pydantic import Field

from runtime.bound.base import Bound, later
from runtime.bound.domain import DOMAINS, Domain

Points = Annotated[float, Field(ge=0, le=100)]


class Reproducible(Bound):
    """Disagreement that is put up with, in points: of 100 trials run twice, those that end differently. Where it is
    shown to be above, comparisons are made unpaired."""

    at_most: Points = 5.0
    """Points, in every domain that `domains` does not name."""
    domains: dict[Domain, Points] = Field(default_factory=dict)
    """Domain -> points of its own: real robots repeat less well than simulators."""

    def limit(self, domain: str) -> float:
        """Points that are put up with in a domain."""
        return self.domains.get(domain, self.at_most)


class StudyFrame(Bound):
    """What was planned, in the study's order: the report lists as not run whatever is missing."""

    id: str = Field(min_length=1)
    """Id of the study: its file name without suffix."""
    baseline: str | None = None
    """Id of the approach that the others are compared with."""
    locations: tuple[str, ...]
    """Ids of the locations; parents made once per location come in this order."""
    tasks: tuple[str, ...] = ()
    """Ids of the tasks."""
    approaches: tuple[str, ...] = ()
    """Ids of the approaches."""
    seeds: tuple[int, ...] = ()
    """Training seeds."""
    more_seeds: dict[str, tuple[int, ...]] = later(born={}, since=1)
    """Approach -> training seeds that it has besides."""
    trials: dict[Domain, int] = Field(default_factory=dict)
    """Planned trials per cell, by domain."""
    level: float = Field(0.95, gt=0.5, lt=1)
    """Confidence level of every band."""
    gates: tuple[str, ...] = ()
    """Ids of the gates; the `gates` parents come in this order."""
    reproducible: Reproducible = Reproducible()
    """Disagreement of trials run twice that is put up with."""


class PriorRange(Bound):
    """Uplift an approach was expected to bring before anything was measured, in points: the decision matrix."""

    world_model: tuple[float, float] | None = None
    """Expected in a world model; also compared with trials in the twin. None: nothing stated."""
    irl: tuple[float, float] | None = None
    """Expected on the real robot; also compared with trials at the hidden stand-in site."""

    def for_domain(self, domain: Domain) -> tuple[float, float] | None:
        """The range that trials of `domain` are held against."""
        return getattr(self, DOMAINS[domain].prior)
