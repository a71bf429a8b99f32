"""What people know of a place that photos do not tell: it replaces what its twin would assume."""

from typing import Annotated

from pydantic import Field

from runtime.bound.base import Bound

Metres = Annotated[float, Field(ge=-20, le=20)]
Light = Annotated[float, Field(ge=0, le=4)]


class KnownScene(Bound):
    """Facts of a place; each that is left out stays as the twin's parameters have it."""

    lamp_position_m: tuple[Metres, Metres, Metres] | None = None
    """Where the lamp hangs, in the support's frame (z up from it), as things of `inventory.json`."""
    lamp_rgb: tuple[Light, Light, Light] | None = None
    """Light of the lamp on a white surface that faces it, by colour; 1 is white in the picture."""
    ambient_rgb: tuple[Light, Light, Light] | None = None
    """Light from everywhere else."""
    friction: float | None = Field(None, gt=0, le=3)
    """Sliding friction of the support and of what stands there."""
