"""The cell: the smallest group of trials that an evaluation makes and that statistics compare."""

from itertools import product

from pydantic import Field

from runtime.bound.base import Bound, later
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


class CellGrid(Bound):
    """Every cell of some locations, tasks, approaches, seeds and domains: of a fleet, a list of them would have megabytes."""

    locations: tuple[str, ...]
    """Ids of the locations."""
    tasks: tuple[str, ...]
    """Ids of the tasks."""
    approaches: tuple[str, ...]
    """Ids of the approaches."""
    seeds: tuple[int, ...]
    """Training seeds."""
    domains: tuple[Domain, ...]
    """Where the trials ran."""
    more_seeds: dict[str, tuple[int, ...]] = later(born={}, since=1)
    """Approach -> training seeds that it has besides."""

    def cells(self) -> list[Cell]:
        """The cells: the last of these axes turns first."""
        return [
            Cell(location=x, task=t, approach=a, seed=s, domain=d)
            for x, t, a in product(self.locations, self.tasks, self.approaches)
            for s, d in product((*self.seeds, *self.more_seeds.get(a, ())), self.domains)
        ]


def listed(cells: CellGrid | list[Cell]) -> list[Cell]:
    """Cells, in whichever form a stage has them."""
    return cells.cells() if isinstance(cells, CellGrid) else cells
