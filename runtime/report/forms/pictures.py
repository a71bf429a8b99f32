"""Which pictures stand for a location. The pixels are in the page and in the store."""

from typing import Literal, NotRequired

from runtime.report.forms.base import Form


class Embedded(Form):
    """A picture's pixels in the page."""

    uri: NotRequired[str]
    """They themselves; in the page only."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""


class Picture(Embedded):
    """A picture from the store."""

    caption: str
    """What it shows."""
    source: str
    """Its place in the store."""


class PictureGroup(Form):
    """Pictures of one kind."""

    heading: str
    """What they are of."""
    layout: Literal["small", "medium", "wide"]
    """How large they are set."""
    figures: list[Picture]
    """At least one."""


class PicturedRoom(Form):
    """A location."""

    location: str
    """Id of the location."""
    groups: list[PictureGroup]
    """Capture, splat, twin and coverage, as far as there are pictures."""
