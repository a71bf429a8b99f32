"""How often trials that are run twice may end differently before a domain's trials are no longer paired."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runtime.bound.cell import Domain

Points = Annotated[float, Field(ge=0, le=100)]


class Reproducible(BaseModel):
    """Disagreement that is put up with, in points: of 100 trials run twice, those that end differently. Where it is
    shown to be above, comparisons are made unpaired."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    at_most: Points = 5.0
    """Points, in every domain that `domains` does not name."""
    domains: dict[Domain, Points] = Field(default_factory=dict)
    """Domain -> points of its own: real robots repeat less well than simulators."""

    def limit(self, domain: str) -> float:
        """Points that are put up with in a domain."""
        return self.domains.get(domain, self.at_most)
