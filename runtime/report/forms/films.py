"""The form of `films` in `report.json`: which trials the page shows. The pixels are in the page and in the store."""

from typing import Literal

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Form
from runtime.report.forms.pictures import Embedded, Picture
from runtime.report.forms.where import Of

OUTCOMES: tuple[Literal["success", "failure"], ...] = ("success", "failure")


class Video(Embedded):
    """A film."""

    source: str
    """Its place in the store."""


class Film(Form):
    """A typical success or failure of one training run."""

    outcome: Literal["success", "failure"]
    """How it ended."""
    seed: int
    """Training seed: the one whose success rate is nearest to the median, among those that ended so at all."""
    initial_state: str
    """Id of the initial state."""
    failure_mode: str
    """Empty for a success."""
    score: float
    """The task's score of the trial, 0..1."""
    steps: int
    """Control steps."""
    seconds: float
    """The same in the robot's time."""
    video: Video
    """The film of what the policy's first camera saw."""
    large: Video | None
    """The same drawn again for people; None where trials came from elsewhere."""
    poster: Embedded
    """How it ended, drawn for people, larger than the film; the film's last frame where trials came from elsewhere."""
    sheet: Picture
    """Frames of it, as shown on paper."""


class FilmedCell(Form):
    """An approach in one domain."""

    domain: Domain
    """Where the trials ran."""
    value: float | None
    """Success rate at this place, points."""
    band: Band | None
    """Its band."""
    trials: int
    """Trials."""
    seeds: int
    """Training seeds."""
    films: list[Film]
    """What did not happen in any seed has none."""


class FilmedRow(Form):
    """An approach at one place."""

    approach: str
    """Id of the approach."""
    cells: list[FilmedCell]
    """By domain, the most real first."""


class Room(Form):
    """A place."""

    location: str
    """Id of the location."""
    task: str
    """Id of the task."""
    rows: list[FilmedRow]
    """In the study's order."""


class CellName(Of):
    """A cell over all its seeds."""

    task: str
    """Id of the task."""


class LeftOut(Form):
    """A location with cells that the page has no room for."""

    location: str
    """Id of the location."""
    whole: bool
    """Whether no film of it is shown."""
    cells: list[CellName]
    """What is not shown."""


class Films(Form):
    """Typical trials, and how much room they took."""

    rooms: list[Room]
    """What is shown."""
    left_out: list[LeftOut]
    """What is not."""
    cells_left_out: int
    """Cells that are not shown."""
    kib: float
    """What films, posters and sheets take in the page, KiB."""
    most_kib: int
    """What they may take."""
