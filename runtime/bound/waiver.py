"""Waivers: failures of gates and claims that somebody answers for, until a day."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from runtime.bound.base import Bound


def day_of(value: Any) -> date:
    """Text as a day; YAML itself has no dates."""
    if isinstance(value, date):
        return value
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:  # ISO 8601 has other forms as well, such as 2027-W05
        raise ValueError("a day is written as `2027-01-31`")
    return day


class Waiver(Bound):
    """Why a failure is accepted, who says so, and until when."""

    reason: str = Field(min_length=10, max_length=1000)
    """Why the failure is accepted."""
    owner: str = Field(min_length=1, max_length=200)
    """Who answers for it."""
    until: Annotated[date, BeforeValidator(day_of)]
    """Last day on which it holds, such as `2027-01-31`; from the next day on the study is refused."""


class Waivers(Bound):
    """Waivers of a study."""

    gates: dict[str, Waiver] = Field(default_factory=dict)
    """Gate -> its waiver."""
    claims: dict[str, Waiver] = Field(default_factory=dict)
    """Claim -> its waiver."""

    def of(self, kind: str) -> dict[str, Waiver]:
        """Waivers of `gate` or `claim`."""
        return self.gates if kind == "gate" else self.claims
