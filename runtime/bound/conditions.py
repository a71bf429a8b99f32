"""How far a hidden site is from its twin while trials run there: a factor of a study's conditions, not of the place."""

from typing import Annotated, Literal

from pydantic import Field

from runtime.bound.base import Bound

GAP_LEVELS = {"none": 0.0, "small": 0.5, "medium": 1.0, "large": 2.0}
"""Level -> what every deviation of a site's `gap` is multiplied with while trials run there."""
GapLevel = Literal["none", "small", "medium", "large"]


class Conditions(Bound):
    """What a study varies from trial to trial besides the initial states."""

    gap: GapLevel | Annotated[list[GapLevel], Field(min_length=1, max_length=4)] = "medium"
    """How far hidden sites are from their twins: `none`, `small`, `medium`, `large` are 0, 1/2, 1 and 2 times a site's `gap`. Of
    several levels, initial state I has the one at place I modulo their number. A site's photos are the same at every level."""

    def levels(self) -> tuple[GapLevel, ...]:
        """The levels that initial states take in turn."""
        return (self.gap,) if isinstance(self.gap, str) else tuple(self.gap)
