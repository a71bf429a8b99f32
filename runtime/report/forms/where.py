"""What a row speaks of. Pydantic reads docstrings of a typed dict's own fields only, so these say theirs otherwise."""

from typing import Annotated

from pydantic import Field

from runtime.bound.domain import Domain
from runtime.report.forms.base import Form


class Of(Form):
    """An approach in one domain."""

    approach: Annotated[str, Field(description="Id of the approach.")]
    domain: Annotated[Domain, Field(description="Where the trials ran.")]


class At(Of):
    """The same at a place, or pooled over all."""

    location: Annotated[str | None, Field(description="Id of the location, or null.")]
    task: Annotated[str | None, Field(description="Id of the task, or null.")]
