"""A thing that people have a model of and that is to stand in a twin: its file, its pose, what it is made of, whose it is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from runtime.bound.base import Bound, FilePath

Metres = Annotated[float, Field(ge=-20, le=20)]
Degrees = Annotated[float, Field(ge=-360, le=360)]
Share = Annotated[float, Field(ge=0, le=1)]


class Asset(Bound):
    """One thing, rigid: OBJ (with its MTL and textures), STL, or MJCF (XML) without joints."""

    root: str | None = Field(None, min_length=1)
    """Name of the root that the file lies below; without one it lies in the project."""
    path: FilePath
    """The file, relative to the root or the project."""
    licence: str = Field(min_length=1, max_length=200)
    """Its licence, an SPDX expression such as `CC-BY-4.0`. One that forbids sale is refused in a study for commercial use."""
    generated_by: str | None = Field(None, min_length=1, max_length=200)
    """What generated it, where no person made it."""
    scale: float = Field(1.0, gt=0, le=1000)
    """Metres in a unit of the file: 0.001 for millimetres."""
    frame: Literal["support", "base"] = "support"
    """What the pose is given in: the support's frame, as things of `inventory.json`, or that of the robot's base."""
    at_m: tuple[Metres, Metres, Metres]
    """Where the file's origin stands; z = 0 is the support."""
    turn_deg: tuple[Degrees, Degrees, Degrees] = (0.0, 0.0, 0.0)
    """Its turns about the frame's x, y and z axes, in this order."""
    loose: bool = False
    """Whether it can be pushed and lifted, and not only touched."""
    mass_kg: float | None = Field(None, gt=0, le=1000)
    """Its mass; an MJCF may say so itself."""
    friction: float | None = Field(None, gt=0, le=3)
    """Sliding friction of its surface; without it that of the twin."""
    softness_s: float = Field(0.02, ge=0.01, le=1)
    """Time in which contact with it gives way (the time constant of MuJoCo's `solref`), and friction sets in: 0.02 is hard, 0.2 a
    cushion."""
    rgb: tuple[Share, Share, Share] | None = None
    """Its colour, in place of what the file says."""

    @model_validator(mode="after")
    def _heavy(self) -> Self:
        if self.loose and self.mass_kg is None and not self.path.lower().endswith(".xml"):
            raise ValueError("a loose asset needs `mass_kg`")
        return self
