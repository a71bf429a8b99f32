"""A location: a physical place and where its capture comes from."""

from functools import cached_property

from pydantic import Field

from compiler.spec.base import Spec, StageParameters
from runtime.bound.source import Source


class Location(Spec):
    """A physical place."""

    source: Source
    """Where the capture comes from: `kind` is photos, splat or hidden_site."""
    held_out: bool = False
    """True for a location that policies may never be trained at."""
    stages: StageParameters = Field(default_factory=dict)
    """Stage parameters for this location only."""

    @cached_property
    def sets(self) -> str:
        """These as one text, by which locations that set the same are told."""
        return repr(self.stages)
