"""A confidence band, in points on the 100-point scale unless its maker says otherwise."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Band:
    """Closed interval [low, high]."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a band needs low <= high, not [{self.low}, {self.high}]")

    @property
    def width(self) -> float:
        """High end minus low end."""
        return self.high - self.low

    def contains(self, value: float) -> bool:
        """Whether `value` lies in the band, ends included."""
        return self.low <= value <= self.high

    def hull(self, other: "Band") -> "Band":
        """The smallest band that covers both."""
        return Band(min(self.low, other.low), max(self.high, other.high))

    def clip(self, low: float, high: float) -> "Band":
        """The part within [low, high]; a band wholly outside shrinks to the nearer end."""
        return Band(min(max(self.low, low), high), max(min(self.high, high), low))

    def relation(self, expected: tuple[float, float]) -> Literal["inside", "overlapping", "outside"]:
        """How the band lies to an expected range."""
        low, high = expected
        if self.high < low or self.low > high:
            return "outside"
        return "inside" if low <= self.low and self.high <= high else "overlapping"

    def to_json(self) -> tuple[float, float]:
        """Low and high end, rounded to a ten-thousandth of a point."""
        return round(self.low, 4), round(self.high, 4)
