"""The pinhole of a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Lens:
    """A pinhole camera's picture. Pixels, centres at +0.5."""

    width: int
    height: int
    K: np.ndarray  # [3, 3]

    @classmethod
    def from_fov(cls, width: int, height: int, fov_y_deg: float) -> "Lens":
        """Square pixels, the principal point in the middle."""
        f = 0.5 * height / np.tan(np.radians(fov_y_deg) / 2)
        return cls(width, height, np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1]]))

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Lens":
        """Of an entry of `cameras.json`, or of `poses.json`."""
        K = np.array([[said["fl_x"], 0, said["cx"]], [0, said["fl_y"], said["cy"]], [0, 0, 1]], float)
        return cls(int(said["width"]), int(said["height"]), K)

    def to_json(self) -> dict[str, float]:
        """The inverse of `from_json`."""
        K = self.K
        return {"width": self.width, "height": self.height, "fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}

    def narrowed(self, width: int) -> "Lens":
        """The same picture, no wider than `width`."""
        size = (self.width, self.height) if self.width <= width else (width, max(1, round(self.height * width / self.width)))
        return Lens(*size, np.diag([size[0] / self.width, size[1] / self.height, 1.0]) @ self.K)
