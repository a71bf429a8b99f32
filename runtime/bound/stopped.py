"""What a failed gate has stopped, as a report tells it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class StoppedBy(BaseModel):
    """One gate that stopped something."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    gate: str
    """Id of the gate."""
    on_fail: Literal["stop", "skip_downstream"]
    """`stop`: what is missing counts as not run. `skip_downstream`: the study is judged over the rest."""
    reason: str
    """What was measured and what was wanted."""
    places: tuple[str, ...]
    """Locations at which something was stopped."""
