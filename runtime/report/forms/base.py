"""What the forms of `report.json` are made of."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Band = tuple[float, float]
Standing = Literal["passed", "failed", "undecided", "not run"]
Direction = Literal["helps", "hurts", "undecided"]


class Form(BaseModel):
    """An object whose further keys are allowed."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)
