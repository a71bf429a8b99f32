"""Views by how they look and where they were taken from, and the nearest of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

MORE = 24
"""So many more than asked for are looked at again in float64, since float32 cannot tell views that are nearly the same."""


@dataclass(frozen=True)
class SceneIndex:
    """N views. Looks are reduced to the principal axes of those views.

    A view's distance to another is sqrt(look^2 + pose_weight^2 (shift^2 + turn^2)): the Euclidean distance of reduced looks, the
    distance of the cameras over `radius`, and the sine of half the angle between their orientations.
    """

    looks: np.ndarray  # [N, d] float32
    c2w: np.ndarray  # [N, 4, 4] float64, OpenCV camera-to-world, scene units
    radius: float  # scene units
    mean: np.ndarray  # [D] float32
    axes: np.ndarray  # [D, d] float32, orthonormal columns

    @classmethod
    def of(cls, embedding: np.ndarray, c2w: np.ndarray, radius: float, dimension: int) -> "SceneIndex":
        """Of embeddings [N, D] and poses [N, 4, 4]; `dimension` axes at most, in the order of what they tell."""
        mean = embedding.mean(0, dtype=np.float64)
        apart = embedding.astype(np.float64) - mean
        axes = np.linalg.eigh(apart.T @ apart)[1][:, ::-1][:, : min(dimension, len(apart))]
        axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])  # an axis has no direction of its own
        mean, axes = mean.astype(np.float32), axes.astype(np.float32)
        return cls((embedding - mean) @ axes, np.asarray(c2w, np.float64), radius, mean, axes)

    def __len__(self) -> int:
        return len(self.looks)

    def of_rows(self, rows: Sequence[int]) -> "SceneIndex":
        """The index of some of the views alone, with the same axes."""
        return replace(self, looks=self.looks[list(rows)], c2w=self.c2w[list(rows)])

    def reduced(self, embedding: np.ndarray) -> np.ndarray:
        """Embeddings [Q, D] of an embedder as looks [Q, d] of this index."""
        return (embedding - self.mean) @ self.axes

    def nearest(
        self, count: int, looks: np.ndarray | None = None, c2w: np.ndarray | None = None, pose_weight: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """The nearest views of each query, by reduced looks [Q, d], by poses [Q, 4, 4], or by both.

        Returns:
            Indices [Q, min(count, N)], nearest first (of equals the first), and distances of the same shape.

        Raises:
            ValueError: neither looks nor poses are given, or fewer than one view is asked for.
        """
        if (looks is None and c2w is None) or count < 1:
            raise ValueError("ask for one view or more, by looks, by poses, or by both")
        mine, theirs = [], []
        if looks is not None:
            mine.append(self.looks)
            theirs.append(looks)
        if c2w is not None:
            mine.append(_placed(self.c2w, self.radius, pose_weight))
            theirs.append(_placed(c2w, self.radius, pose_weight))
        views, queries = (np.concatenate(parts, 1) for parts in (mine, theirs))
        count, some = min(count, len(self)), min(count + MORE, len(self))
        rough, lengths = views.astype(np.float32), (views.astype(np.float64) ** 2).sum(1)
        found, away = np.empty((len(queries), count), np.int64), np.empty((len(queries), count))
        for q, query in enumerate(queries):
            squares = lengths - 2 * (rough @ query.astype(np.float32))
            few = np.sort(np.argpartition(squares, some - 1)[:some])
            exact = np.sqrt(((views[few].astype(np.float64) - query) ** 2).sum(1))
            order = np.argsort(exact, kind="stable")[:count]
            found[q], away[q] = few[order], exact[order]
        return found, away

    def write(self, path: Path) -> None:
        """Write `index.npz`."""
        np.savez(path, looks=self.looks, c2w=self.c2w, radius=self.radius, mean=self.mean, axes=self.axes)

    @classmethod
    def read(cls, path: Path) -> "SceneIndex":
        """The inverse of `write`."""
        with np.load(path) as stored:
            return cls(stored["looks"], stored["c2w"], float(stored["radius"]), stored["mean"], stored["axes"])


def _placed(c2w: np.ndarray, radius: float, weight: float) -> np.ndarray:
    """Poses [N, 4, 4] as vectors [N, 12] whose distance is that of the class; |A - B| of rotations is sqrt(8) sin(angle / 2)."""
    c2w = np.asarray(c2w, np.float64)
    return weight * np.concatenate([c2w[:, :3, 3] / radius, c2w[:, :3, :3].reshape(-1, 9) / np.sqrt(8)], 1)
