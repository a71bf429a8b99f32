"""A hand of two fingers as a value: what its gripper's joint says of the room between the fingers, in metres."""

from dataclasses import dataclass
from typing import Any

import numpy as np

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
        order = np.argsort(self.at)
        return float(np.interp(at, np.array(self.at)[order], np.array(self.gap_m)[order]))

    def joint(self, gap_m: float) -> float:
        """Where the gripper's joint leaves that room; beyond the table as its ends go on."""
        gap, at = np.array(self.gap_m), np.array(self.at)
        one, other = (0, 1) if gap_m < gap[0] else (-2, -1)
        if gap[0] <= gap_m <= gap[-1]:
            return float(np.interp(gap_m, gap, at))
        return float(at[one] + (gap_m - gap[one]) * (at[other] - at[one]) / (gap[other] - gap[one]))

    def middle(self, gap_m: float) -> float:
        """From the tip to the middle between the fingers, metres along `toward`."""
        return float(np.interp(gap_m, self.gap_m, self.middle_m))

    def beyond(self, gap_m: float) -> float:
        """How far the fingers reach beyond the tip, metres."""
        return float(np.interp(gap_m, self.gap_m, self.beyond_m))
