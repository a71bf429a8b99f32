"""How many metres a unit of a capture is: what a location says that it can be measured by, one model per `scale.kind`."""

import math
from itertools import chain
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, Coordinate, Length
from runtime.bound.known_lens import Pixels

Point = Annotated[list[Coordinate], Field(min_length=3, max_length=3)]
Pixel = Annotated[list[Pixels], Field(min_length=2, max_length=2)]

MOST_MARKERS = 2**31

Dictionary = Literal[
    "apriltag_36h11",
    "apriltag_36h10",
    "apriltag_25h9",
    "apriltag_16h5",
    "aruco_4x4_50",
    "aruco_4x4_100",
    "aruco_4x4_250",
    "aruco_4x4_1000",
    "aruco_5x5_50",
    "aruco_5x5_100",
    "aruco_5x5_250",
    "aruco_5x5_1000",
    "aruco_6x6_50",
    "aruco_6x6_100",
    "aruco_6x6_250",
    "aruco_6x6_1000",
    "aruco_7x7_50",
    "aruco_7x7_100",
    "aruco_7x7_250",
    "aruco_7x7_1000",
    "aruco_mip_36h12",
    "aruco_original",
    "own",
]
"""Dictionaries of square markers that OpenCV knows, or a person's own."""


class Marker(Bound):
    """What is special about one marker."""

    id: int = Field(ge=0, lt=MOST_MARKERS)
    """Its number in the dictionary; of your own patterns, any number that no other has."""
    size_m: Length | None = None
    """Its size, where it differs from `size_m` of all."""
    flat: bool | None = None
    """Whether it lies level, where that differs from `flat` of all."""
    cells: Annotated[list[str], Field(max_length=10)] | None = None
    """Your own pattern: rows of `#` (white) and `.` (black) inside the border, as it is printed."""

    def rows(self) -> list[list[int]]:
        """The own pattern as ones (white) and zeros."""
        return [[int(cell == "#") for cell in row] for row in self.cells or ()]

    def turns(self) -> list[int]:
        """Its bits as one number, in each of the four turns."""
        grid, found = self.rows(), []
        for _ in range(4):
            found.append(int("".join(str(cell) for row in grid for cell in row), 2))
            grid = [list(row) for row in zip(*grid[::-1], strict=True)]
        return found


class Apart(Bound):
    """Two markers and the distance between their middles."""

    ids: Annotated[list[Annotated[int, Field(ge=0, lt=MOST_MARKERS)]], Field(min_length=2, max_length=2)]
    """The two markers."""
    length_m: Length
    """From the middle of one to the middle of the other."""


class MarkerScale(Bound):
    """Printed square markers that photos show: their size gives the scale, and one that lies level gives up."""

    kind: Literal["markers"]
    """Scale from printed markers."""
    dictionary: Dictionary = "apriltag_36h11"
    """The dictionary that the markers are from, or `own` with the `cells` of each under `markers`."""
    border_cells: int = Field(1, ge=1, le=8)
    """Width of the black border in cells."""
    size_m: Length | None = None
    """Side of the black square, border included, in metres. Measure the print: printers shrink pages."""
    flat: bool = False
    """Whether the markers lie level, face up; up is then read off them."""
    markers: list[Marker] = Field(default_factory=list, max_length=1000)
    """Markers that differ from the others, or your own patterns."""
    apart: list[Apart] = Field(default_factory=list, max_length=1000)
    """Distances between markers, measured with a tape."""
    tolerance: float = Field(0.03, gt=0, le=0.5)
    """Relative difference of scale between two markers (or distances) beyond which the capture is refused."""

    @property
    def own(self) -> list[Marker]:
        """The markers with a pattern of their own."""
        return [m for m in self.markers if m.cells is not None]

    def size_of(self, marker: int) -> float | None:
        """Side of a marker in metres, where it is known."""
        return next((m.size_m for m in self.markers if m.id == marker and m.size_m is not None), self.size_m)

    def is_flat(self, marker: int) -> bool:
        """Whether a marker is said to lie level."""
        return next((m.flat for m in self.markers if m.id == marker and m.flat is not None), self.flat)

    def least_difference(self) -> int:
        """Cells by which the two most alike of the own patterns differ, in any turn."""
        turns = [m.turns() for m in self.own]
        itself = (one[0] ^ other for one in turns for other in one[1:])
        pairs = (one[0] ^ other for i, one in enumerate(turns) for others in turns[i + 1 :] for other in others)
        return min((differing.bit_count() for differing in chain(itself, pairs)), default=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.size_m is None and not self.apart and all(m.size_m is None for m in self.markers):
            raise ValueError("`markers` need `size_m`, the side of the black square, or a distance under `apart`")
        if any(apart.ids[0] == apart.ids[1] for apart in self.apart):
            raise ValueError("`ids` under `apart` are the same marker twice")
        if len({m.id for m in self.markers}) < len(self.markers):
            raise ValueError("an `id` stands twice under `markers`")
        if (self.dictionary == "own") != bool(self.own) or len(self.own) not in (0, len(self.markers)):
            raise ValueError("`dictionary: own` goes with the `cells` of every marker, and other dictionaries with none")
        sizes = {len(rows) for m in self.own for rows in (m.cells, *(m.cells or ())) if rows is not None}
        if self.own and (len(sizes) > 1 or not 3 <= min(sizes) <= 10):
            raise ValueError("`cells` are as many rows as columns, the same for every marker, 3 to 10")
        if any(set("".join(m.cells or ())) - set("#.") for m in self.own):
            raise ValueError("`cells` are written with `#` (white) and `.` (black)")
        if self.own and self.least_difference() < 2:
            raise ValueError("`cells` must tell markers, and their turns, apart by two cells or more")
        return self


class Seen(Bound):
    """Where a photo shows the two ends of a known distance."""

    photo: str = Field(min_length=1)
    """File name of the photo."""
    a: Pixel
    """One end: pixels from the left and from the top of the photo."""
    b: Pixel
    """The other end."""


class DistanceScale(Bound):
    """A distance that was measured at the place: between two points of the poses' coordinates, or two that photos show."""

    kind: Literal["distance"]
    """Scale from a known distance."""
    length_m: Length
    """The distance in metres."""
    points: Annotated[list[Point], Field(min_length=2, max_length=2)] | None = None
    """The two ends in the coordinates of the poses."""
    seen: Annotated[list[Seen], Field(min_length=2, max_length=1000)] | None = None
    """The two ends in two photos or more, taken from different places."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.points is None) == (self.seen is None):
            raise ValueError("a `distance` has either `points` or `seen`")
        if self.points is not None and math.dist(*self.points) < 1e-9:
            raise ValueError("`points` are the same point twice")
        if any(math.dist(seen.a, seen.b) < 1 for seen in self.seen or ()):
            raise ValueError("`seen` has a photo whose `a` and `b` are the same place")
        if self.seen is not None and len({seen.photo for seen in self.seen}) < len(self.seen):
            raise ValueError("`seen` has a photo twice: name each once, two or more in all")
        return self


class PosesScale(Bound):
    """Poses in metres, as apps write them that use ARKit or ARCore (Polycam, Record3D, KIRI, Scaniverse)."""

    kind: Literal["poses"]
    """One unit of the poses is one metre."""


class HeightScale(Bound):
    """A camera that was carried at a known height over the table or floor that things stand on."""

    kind: Literal["camera_height"]
    """Scale from the height of the camera."""
    height_m: Length
    """Height of the camera over the support, the median over the photos."""


class GpsScale(Bound):
    """Where the photos' Exif says that they were taken: for walks and flights of a hundred metres and more."""

    kind: Literal["gps"]
    """Scale from the photos' GPS positions."""


Scale = Annotated[MarkerScale | DistanceScale | PosesScale | HeightScale | GpsScale, Field(discriminator="kind")]
