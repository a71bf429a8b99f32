"""The form of `quality` in `report.json`: what was measured of each place itself, before any trial."""

from typing import TypedDict


class QualityFigure(TypedDict):
    """One metric of one artifact of a place."""

    name: str
    """As the stage declares it."""
    value: float
    unit: str
    """As the stage declares it; `share` is of 1."""


class PlaceQuality(TypedDict):
    """Figures of one artifact of a place."""

    location: str
    stage: str
    figures: list[QualityFigure]
