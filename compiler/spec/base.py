"""What all specs share."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"

_IS_ID = re.compile(ID_PATTERN.strip("^$")).fullmatch

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""Name of a spec: its file name without the suffix."""

StageParameters = dict[str, dict[str, JsonValue]]
"""Stage -> parameter -> value; each section is also held against the parameters that the stage itself declares."""


class Part(BaseModel):
    """A mapping inside a spec: unknown keys are refused, values are frozen, docstrings describe the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Spec(Part):
    """One YAML file; its file name is its id."""

    title: str = Field(min_length=1, max_length=200)
    """What people call it. Changing it rebuilds nothing."""


def is_id(text: str) -> bool:
    """Whether a file name (without suffix) can be an id."""
    return _IS_ID(text) is not None
