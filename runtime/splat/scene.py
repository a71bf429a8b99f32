"""`scene.json`: what a splat shows, and the surface in it that things stand on."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np


class SupportFacts(TypedDict):
    """`support` in `scene.json`: see `Support`."""

    origin: list[float]
    rotation: list[list[float]]
    half_extent_m: list[float]
    inlier_fraction: float


class SceneFacts(TypedDict):
    """`scene.json`: what a splat shows, in scene units but where the name says metres."""

    up: list[float]
    scale_m_per_unit: float
    support: SupportFacts | None
    center: list[float]
    radius: float


@dataclass(frozen=True)
class Support:
    """A level surface in the scene. The columns of `rotation` are the support frame's x, y, z axes, z up from it."""

    origin: np.ndarray  # [3] scene units, the middle of the surface
    rotation: np.ndarray  # [3, 3]
    half_extent_m: np.ndarray  # [2] along x and y, metres
    inlier_fraction: float  # share of the points near the focus that lie on the surface

    def to_json(self) -> SupportFacts:
        """The value of `support` in `scene.json`."""
        return {
            "origin": self.origin.tolist(),
            "rotation": self.rotation.tolist(),
            "half_extent_m": self.half_extent_m.tolist(),
            "inlier_fraction": self.inlier_fraction,
        }

    @classmethod
    def from_json(cls, value: SupportFacts) -> "Support":
        """The inverse of `to_json`."""
        return cls(
            np.array(value["origin"], float),
            np.array(value["rotation"], float),
            np.array(value["half_extent_m"], float),
            float(value.get("inlier_fraction", 0.0)),
        )
