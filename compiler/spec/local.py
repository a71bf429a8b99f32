"""What belongs to one machine and is never tracked: `simkiln.local.yaml`."""

from typing import Literal

from pydantic import Field

from compiler.spec.base import Part


class Local(Part):
    """Folders of this machine. Relative ones start at the file."""

    roots: dict[str, str] = Field(default_factory=dict)
    """Capture root -> folder."""
    environments: dict[str, str] = Field(default_factory=dict)
    """Environment that a back end runs in -> its Python, or the folder that holds `bin/python`; `.envs/NAME` by default."""
    store: str | None = None
    """Folder of the artifacts; `store` beside the specs by default."""
    code: Literal["rebuild", "ignore"] = "rebuild"
    """What becomes of artifacts of a stage whose code differs from what is recorded for its version: they are built again, or,
    while you develop, what is there is reused, and the report says so."""
