"""The cell: the smallest group of trials that an evaluation makes and that statistics compare."""

from pydantic import Field

from runtime.bound.base import Bound
from runtime.bound.domain import Domain


class Cell(Bound):
    """One (approach, location, task, seed, domain): the trials of one trained policy in one place."""

    approach: str = Field(min_length=1)
    """Id of the approach, a row of the decision matrix."""
    location: str = Field(min_length=1)
    """Id of the location."""
    task: str = Field(min_length=1)
    """Id of the task."""
    seed: int = Field(ge=0)
    """Training seed as the study lists it, before an approach's offset: cells of different approaches
    that share it are compared with each other."""
    domain: Domain
    """Where the trials ran."""
