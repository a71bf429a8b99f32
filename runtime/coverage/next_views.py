"""Next best views: which poses show the most of a work space that was not shown yet.

What can be shown is a set of pairs of a surface cell and a direction that it is looked at from. A view covers the pairs whose
cell it shows from within the angle that counts as seen; how many a set of views covers is monotone and submodular, so taking
the view that adds the most, again and again, covers at least 1 - 1/e of what the best set of that size does (Nemhauser,
Wolsey and Fisher, Mathematical Programming 14, 1978).
"""

from dataclasses import dataclass

import numpy as np

from runtime.coverage.paths import Way, orbit
from runtime.coverage.plan import Scout
from runtime.coverage.seen import Shots

CELLS_ACROSS = 16
"""Cells along the shorter side of the support."""
DIRECTIONS = 32
"""Directions of the upper half sphere that cells are looked at from."""
LOW, HIGH = np.radians(15), np.radians(75)
"""Lowest and highest elevation of a candidate."""
AZIMUTHS, ELEVATIONS, DISTANCES = 20, 5, (1.4, 2.1)
"""Candidates: azimuths, elevations, distances in half short sides of the support."""


@dataclass(frozen=True)
class Choice:
    """Views chosen one after the other, and the share of all that can be shown which is shown after each."""

    chosen: list[int]
    share: list[float]


def greedy(covers: np.ndarray, count: int, before: np.ndarray | None = None) -> Choice:
    """Choose `count` of V views by what they cover [V, E] bool, where `before` [E] is shown already; views may come twice once
    none adds anything.

    Shares are of all pairs that are in some view or in `before`.
    """
    shown = np.zeros(covers.shape[1], bool) if before is None else before.copy()
    total = max(int((covers.any(0) | shown).sum()), 1)
    chosen, share = [], []
    for _ in range(count):
        gain = (covers & ~shown).sum(1)
        best = int(gain.argmax()) if gain.any() else (chosen[len(chosen) % max(len(set(chosen)), 1)] if chosen else 0)
        chosen.append(best)
        shown |= covers[best]
        share.append(float(shown.sum() / total))
    return Choice(chosen, share)


@dataclass(frozen=True)
class Workspace:
    """The surface over the support that cameras round it can show."""

    cells: np.ndarray  # [C, 3] scene units
    candidates: np.ndarray  # [V, 4, 4] poses of cameras that could be there, free of matter
    could: np.ndarray  # [V, C * DIRECTIONS] what each would show
    seen: np.ndarray  # [C * DIRECTIONS] what the photos show

    @classmethod
    def of(cls, scout: Scout, azimuths: int = AZIMUTHS) -> "Workspace":
        """Render the candidates' depth and find what they and the photos show."""
        frame, cells = scout.frame, surface_cells(scout)
        short = float(frame.half_m[1])
        ways: list[Way] = []
        for elevation in np.linspace(LOW, HIGH, ELEVATIONS):
            for away in np.array(DISTANCES) * short:
                ways.append(orbit(away * np.cos(elevation), away * np.sin(elevation), 0.15 * short, 1.0))
        poses = np.concatenate([frame.cameras(*way.sampled(azimuths)) for way in ways])
        poses = poses[~scout.in_matter(poses[:, :3, 3])]
        views = Shots.rendered(poses, [scout.lens] * len(poses), scout.render)
        could = covered(views, cells, frame.rotation, scout.limits.within_deg)
        seen = np.zeros(could.shape[1], bool)
        if scout.shots is not None:
            seen |= covered(scout.shots, cells, frame.rotation, scout.limits.within_deg).any(0)
        return cls(cells, poses, could, seen)

    @property
    def seen_fraction(self) -> float:
        """Share of all that candidates or photos can show which photos show."""
        return float(self.seen.sum() / max((self.seen | self.could.any(0)).sum(), 1))

    def shown_fraction(self, views: Shots, scout: Scout) -> float:
        """Share of what photos show that these views show again."""
        shows = covered(views, self.cells, scout.frame.rotation, scout.limits.within_deg)
        return float((shows.any(0) & self.seen).sum() / max(self.seen.sum(), 1))

    def to_render(self, count: int) -> np.ndarray:
        """Poses [count, 4, 4] of candidates that together show the most of what photos saw."""
        return self.candidates[greedy(self.could & self.seen, count).chosen]

    def to_photograph(self, count: int) -> Choice:
        """Candidates from where photos would raise `seen_fraction` the most."""
        return greedy(self.could, count, self.seen)


def surface_cells(scout: Scout) -> np.ndarray:
    """Middles [C, 3] (scene units) of the cells over the support, up to half its shorter side high, that hold matter."""
    frame, short = scout.frame, float(scout.frame.half_m[1])
    means = scout.gaussians.means[scout.gaussians.opacities >= 0.5].astype(np.float64)
    local = frame.to_support(means)
    size = 2 * short / CELLS_ACROSS
    over = (np.abs(local[:, :2]) < np.minimum(frame.half_m, 3 * short)).all(1) & (local[:, 2] > -size) & (local[:, 2] < short)
    key, which = np.unique(np.floor(local[over] / size).astype(int), axis=0, return_inverse=True)
    count = np.bincount(which.ravel(), minlength=len(key))
    return np.stack([np.bincount(which.ravel(), means[over, k], len(key)) for k in range(3)], 1) / np.maximum(count, 1)[:, None]


def covered(views: Shots, cells: np.ndarray, rotation: np.ndarray, within_deg: float) -> np.ndarray:
    """Which pairs of a cell [C, 3] and a direction each view covers: [F, C * DIRECTIONS] bool."""
    out = np.zeros((len(views), len(cells), DIRECTIONS), bool)
    cosine = np.cos(np.radians(within_deg))
    directions = _half_sphere(DIRECTIONS) @ rotation.T
    for f, shows in enumerate(views.show(cells)):
        ray = views.c2w[f, :3, 3] - cells[shows]
        ray /= np.maximum(np.linalg.norm(ray, axis=1, keepdims=True), 1e-12)
        out[f, shows] = ray @ directions.T >= cosine
    return out.reshape(len(views), -1)


def _half_sphere(count: int) -> np.ndarray:
    """Evenly spread unit vectors [count, 3] of the upper half sphere (golden angle)."""
    z = (np.arange(count) + 0.5) / count
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    away = np.sqrt(1 - z * z)
    return np.stack([away * np.cos(angle), away * np.sin(angle), z], 1)


def facing(workspace: Workspace, scout: Scout, index: int) -> dict[str, float]:
    """Where a candidate stands, as people would walk there: degrees round the support from its x axis, degrees above it,
    metres from its middle."""
    eye = scout.frame.to_support(workspace.candidates[index, None, :3, 3])[0]
    away = float(np.linalg.norm(eye))
    azimuth, elevation = np.degrees(np.arctan2(eye[1], eye[0])), np.degrees(np.arcsin(eye[2] / max(away, 1e-12)))
    return {"azimuth_deg": round(float(azimuth), 1), "elevation_deg": round(float(elevation), 1), "distance_m": round(away, 4)}
