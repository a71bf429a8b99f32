"""The support frame of a scene and cameras placed in it."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SceneFrame:
    """Where the support is: what `scene.json` says, in a form that paths are made from."""

    origin: np.ndarray  # [3] scene units
    rotation: np.ndarray  # [3, 3] columns x (the longer side), y, z (up normal)
    half_m: np.ndarray  # [2] half sizes along x and y, metres, x the larger
    up: np.ndarray  # [3] world up
    scale_m_per_unit: float

    @classmethod
    def from_json(cls, scene: dict[str, Any]) -> "SceneFrame":
        """From the content of `scene.json`; x is turned to the longer side of the support."""
        support, scale = scene["support"], float(scene.get("scale_m_per_unit") or 1.0)
        rotation, half = np.array(support["rotation"], float), np.array(support["half_extent_m"], float)
        if half[0] < half[1]:
            rotation = np.stack([rotation[:, 1], -rotation[:, 0], rotation[:, 2]], axis=1)
            half = half[::-1]
        up = np.array(scene["up"], float)
        return cls(np.array(support["origin"], float), rotation, np.maximum(half, 1e-6), up / np.linalg.norm(up), scale)

    def is_long(self) -> bool:
        """Whether the support is a way to walk along, rather than a place to walk around."""
        return bool(self.half_m[0] > 2.5 * self.half_m[1])

    def to_world(self, points_m: np.ndarray) -> np.ndarray:
        """Points [T, 3] in metres of the support frame -> scene units of the world."""
        return self.origin + points_m / self.scale_m_per_unit @ self.rotation.T

    def to_support(self, points: np.ndarray) -> np.ndarray:
        """Points [T, 3] in scene units of the world -> metres of the support frame."""
        return (points - self.origin) @ self.rotation * self.scale_m_per_unit

    def cameras(self, eye_m: np.ndarray, target_m: np.ndarray) -> np.ndarray:
        """OpenCV camera-to-world [T, 4, 4] in scene units, level, from eyes to targets [T, 3] of the support frame."""
        eye, target = self.to_world(eye_m), self.to_world(target_m)
        forward = _unit(target - eye)
        right = _unit(np.cross(forward, self.rotation[:, 2]))
        poses = np.tile(np.eye(4), (len(eye), 1, 1))
        poses[:, :3, 0], poses[:, :3, 1], poses[:, :3, 2] = right, np.cross(forward, right), forward
        poses[:, :3, 3] = eye
        return poses


def upright(c2w: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Whether world up [3] points up in the picture, within 45 degrees, for each pose [T, 4, 4] -> [T] bool."""
    in_camera = np.einsum("tij,i->tj", c2w[:, :3, :3], up)
    return -in_camera[:, 1] > np.abs(in_camera[:, 0])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
