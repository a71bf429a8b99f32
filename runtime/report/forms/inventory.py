"""What twins say of their places, and how that is known."""

from typing import Literal

from runtime.report.forms.base import Form


class InventoryRow(Form):
    """One thing that a twin holds."""

    location: str
    """Id of the location."""
    task: str
    """Id of the task that the twin is made for."""
    part: Literal["environment", "assets", "lighting", "physics"]
    """The class of things that it belongs to."""
    kind: str
    """What it is: a support, a thing, a lamp, friction and so on."""
    source: Literal["given", "stated", "measured", "estimated", "assumed"]
    """How it is known: a file that people brought, what a spec states, photos, what was derived from them, or a default."""
    confidence: float | None
    """0 to 1; null where nobody can tell."""
    value: str
    """What the twin holds, in words with units."""
