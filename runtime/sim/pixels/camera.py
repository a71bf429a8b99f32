"""Pinhole cameras in the OpenCV convention (x right, y down, z forward); pixel centres at +0.5."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Camera:
    """One camera: `c2w` [4, 4] camera-to-world in the frame of whatever scene it looks at, metres; of one that is mounted on a
    body (`on`), in the body's frame."""

    name: str
    width: int
    height: int
    fov_y_deg: float
    c2w: np.ndarray
    lens: tuple[float, ...] | None = None  # fx, fy, cx, cy in pixels, of a real camera; else square pixels and a middle
    on: str | None = None

    @property
    def focal_px(self) -> float:
        """Focal length, the same along both axes where no lens says otherwise (then that of y)."""
        if self.lens:
            return self.lens[1]
        return 0.5 * self.height / float(np.tan(np.radians(self.fov_y_deg) / 2))

    @property
    def K(self) -> np.ndarray:
        """Intrinsics [3, 3]."""
        fx, fy, cx, cy = self.lens or (self.focal_px, self.focal_px, self.width / 2, self.height / 2)
        return np.array(((fx, 0, cx), (0, fy, cy), (0, 0, 1)))

    @property
    def position(self) -> np.ndarray:
        """Place of the optical centre [3]."""
        return self.c2w[:3, 3]

    def rays(self, samples: int = 1) -> np.ndarray:
        """Directions [H*s, W*s, 3] in the world with unit z-depth, s by s per pixel: a hit's range is its z-depth."""
        (fx, _, cx), (_, fy, cy), _ = self.K
        u = ((np.arange(self.width * samples) + 0.5) / samples - cx) / fx
        v = ((np.arange(self.height * samples) + 0.5) / samples - cy) / fy
        grid = np.stack(np.broadcast_arrays(u[None, :], v[:, None], 1.0), -1)
        return grid @ self.c2w[:3, :3].T

    def resized(self, width: int, height: int) -> "Camera":
        """The same view in another number of pixels."""
        x, y = width / self.width, height / self.height
        lens = self.lens and tuple(value * scale for value, scale in zip(self.lens, (x, y, x, y), strict=True))
        return replace(self, width=width, height=height, lens=lens)

    def moved(self, shift_m: np.ndarray, turn_rad: np.ndarray) -> "Camera":
        """The camera displaced by `shift_m` [3] and turned by rotation vector `turn_rad` [3], both in its own frame."""
        c2w = self.c2w.copy()
        c2w[:3, 3] += self.c2w[:3, :3] @ shift_m
        c2w[:3, :3] = self.c2w[:3, :3] @ rotation(turn_rad)
        return replace(self, c2w=c2w)

    def zoomed(self, by_deg: float) -> "Camera":
        """The camera with its field of view from top to bottom wider by that."""
        half = float(np.arctan(0.5 * self.height / self.focal_px)) + np.radians(by_deg) / 2
        closer = 0.5 * self.height / float(np.tan(half)) / self.focal_px
        lens = self.lens and (self.lens[0] * closer, self.lens[1] * closer, *self.lens[2:])
        return replace(self, fov_y_deg=self.fov_y_deg + by_deg, lens=lens)

    def to_json(self) -> dict[str, Any]:
        """JSON values; the inverse of `from_json`."""
        facts = {name: value for name, value in vars(self).items() if value is not None}
        return {**facts, "c2w": self.c2w.tolist()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Camera":
        """The inverse of `to_json`."""
        facts: dict[str, Any] = {**value, "c2w": np.array(value["c2w"], dtype=np.float64)}
        facts |= {"lens": tuple(value["lens"])} if "lens" in value else {}
        return cls(**facts)


def rotation(vector_rad: np.ndarray) -> np.ndarray:
    """Rotation matrix [3, 3] of a rotation vector [3] (Rodrigues' formula)."""
    angle = float(np.linalg.norm(vector_rad))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = np.asarray(vector_rad) / angle
    cross = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def look_at(eye_m: np.ndarray, target_m: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Camera-to-world [4, 4] of a camera at `eye_m` that looks at `target_m`, upright with respect to `up`; one that looks
    straight along `up` has the x axis (else the y axis) up in its picture."""
    forward = np.asarray(target_m, float) - eye_m
    forward /= np.linalg.norm(forward)
    ways = (np.cross(forward, way) for way in (up, *np.eye(3)))
    right = next(way for way in ways if np.linalg.norm(way) > 1e-6)
    right /= np.linalg.norm(right)
    c2w = np.eye(4)
    c2w[:3, :3] = np.stack((right, np.cross(forward, right), forward), axis=1)
    c2w[:3, 3] = eye_m
    return c2w
