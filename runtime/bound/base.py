"""What all bound values have in common."""

from pydantic import BaseModel, ConfigDict


class Bound(BaseModel):
    """A value that a spec binds to a stage: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
