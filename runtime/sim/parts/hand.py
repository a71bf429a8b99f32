"""A hand of two fingers as a value: what its gripper's joint says of the room between the fingers, in metres."""

from bisect import bisect
from dataclasses import dataclass
from typing import Any

CLEAR_M = 0.006  # room that a finger has beside a thing before it shuts

type Axis = tuple[float, float, float]


@dataclass(frozen=True)
class Hand:
    """How two fingers open. Rows of the table go from narrow to wide; places are in the frame of the tip.

    `toward` is the direction in which the finger that the gripper moves lies from the other one, `works` that in which the
    fingers point. `even`: both fingers move, so that either may lie on either side of a thing.
    """

    at: tuple[float, ...]  # the gripper's joint, radians (metres of a slide)
    gap_m: tuple[float, ...]  # between the fingers
    middle_m: tuple[float, ...]  # from the tip to the middle between the fingers, along `toward`
    beyond_m: tuple[float, ...]  # how far the fingers reach beyond the tip, along `works`
    thick_m: float  # half of what a finger takes up across both directions
    squeeze_m: float  # how much narrower than a thing the gripper is told to be, to hold it
    idle: float  # where the gripper is while the hand holds nothing and only its tip counts
    toward: Axis = (0.0, 1.0, 0.0)
    works: Axis = (0.0, 0.0, 1.0)
    even: bool = False

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Hand":
        """The inverse of `dataclasses.asdict`."""
        facts: dict[str, Any] = {key: tuple(x) if isinstance(x, list) else x for key, x in value.items()}
        return cls(**facts)

    def gap(self, at: float) -> float:
        """The room between the fingers, metres, with the gripper's joint at `at`."""
        rising = self.at[0] < self.at[-1]
        return _between(at, *((self.at, self.gap_m) if rising else (self.at[::-1], self.gap_m[::-1])))

    def joint(self, gap_m: float) -> float:
        """Where the gripper's joint leaves that room; beyond the table as its ends go on."""
        gap, at = self.gap_m, self.at
        if gap[0] <= gap_m <= gap[-1]:
            return _between(gap_m, gap, at)
        one, other = (0, 1) if gap_m < gap[0] else (-2, -1)
        return at[one] + (gap_m - gap[one]) * (at[other] - at[one]) / (gap[other] - gap[one])

    def middle(self, gap_m: float) -> float:
        """From the tip to the middle between the fingers, metres along `toward`."""
        return _between(gap_m, self.gap_m, self.middle_m)

    def beyond(self, gap_m: float) -> float:
        """How far the fingers reach beyond the tip, metres."""
        return _between(gap_m, self.gap_m, self.beyond_m)


def _between(x: float, places: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Straight between rows of a table whose `places` rise, without numpy, which checks of specs do without."""
    i = min(max(bisect(places, x), 1), len(places) - 1)
    share = min(1.0, max(0.0, (x - places[i - 1]) / (places[i] - places[i - 1])))
    return values[i - 1] + share * (values[i] - values[i - 1])
