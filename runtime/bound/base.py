"""What all bound values have in common."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

FilePath = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Where a file or folder lies below its root. No name of a file holds a NUL, and other control characters hide in listings."""
Length = Annotated[float, Field(ge=1e-9, le=1e9)]
"""A length, a distance or a scale: of a size whose square still is a number that means something."""
Coordinate = Annotated[float, Field(ge=-1e9, le=1e9)]
"""A place along an axis, or a part of a direction."""
Place = tuple[Coordinate, Coordinate, Coordinate]


class Bound(BaseModel):
    """A value that a spec binds to a stage: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    bound_version: ClassVar[int] = 1
    """Raised by hand where the same values come to mean something else; from 2 on it is part of addresses."""


def later(born: Any, since: int, **kwargs: Any) -> Any:
    """A field that came with version `since` of its stage or bound model, when `born` meant that nothing changes.

    It is left out of addresses while it equals `born`, so that what was made before it stays current. Another default, given
    by `default`, is hashed like any other value.
    """
    marks = {"since": since, "born": born, **kwargs.pop("json_schema_extra", {})}
    return Field(kwargs.pop("default", born), json_schema_extra=marks, **kwargs)
