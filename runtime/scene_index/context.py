"""Context: photos of a place that are found again for a view, and what they know of it that the splat does not.

A photo less what the splat shows from its pose is what the splat lacks there: texture that was blurred away, an edge a little
off. Where the same surface is seen from about the same side, a view lacks the same; so that is carried over by depth, as
image-based rendering does (Debevec et al. 1998; weights by angle as Buehler et al., "Unstructured Lumigraph Rendering", 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.coverage.lens import Lens
from runtime.coverage.seen import Render, back_projected
from runtime.scene_index.index import SceneIndex

WIDTH_PX = 160
"""Width that photos are brought to: views of policies are no wider."""
SAME = 0.03
"""A point is what a photo shows if its depth differs by at most this share."""
SIDE_RAD = np.radians(20)
"""Photos from further aside than about this count for little."""
DOUBT = 0.15
"""So much weight says that nothing is lacking: one photo from afar does not change much."""


@dataclass(frozen=True)
class Lacking:
    """What a splat lacks of one photo."""

    c2w: np.ndarray  # [4, 4] scene units
    K: np.ndarray  # [3, 3] pixels of `rest`
    rest: np.ndarray  # f32 [h, w, 3] photo less splat, -1..1, without what is the same all over it (its exposure)
    depth: np.ndarray  # f32 [h, w] scene units, inf where nothing is

    @classmethod
    def of(cls, photo: np.ndarray, c2w: np.ndarray, lens: Lens, render: Render) -> "Lacking":
        """Of a photo u8 [H, W, 3]."""
        from PIL import Image

        small = lens.narrowed(WIDTH_PX)
        rgb, depth, alpha = render(c2w, small)
        seen = np.asarray(Image.fromarray(photo).resize((small.width, small.height), Image.Resampling.BOX), np.float32) / 255
        rest, solid = seen - rgb, alpha > 0.5
        if solid.any():
            rest = rest - np.median(rest[solid], axis=0)
        return cls(np.asarray(c2w, float), small.K, (rest * solid[..., None]).astype(np.float32), depth.astype(np.float32))


def refined(rgb: np.ndarray, depth: np.ndarray, c2w: np.ndarray, lens: Lens, context: Sequence[Lacking]) -> np.ndarray:
    """A view of the splat [H, W, 3] in 0..1, with its z-depth [H, W] (scene units), given what photos know of its surfaces."""
    shown, points, _ = back_projected(depth, c2w, lens)
    total, weights = np.zeros((len(points), 3)), np.full(len(points), DOUBT)
    away = points - c2w[:3, 3]
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
    for photo in context:
        x, y, z = np.moveaxis((points - photo.c2w[:3, 3]) @ photo.c2w[:3, :3], -1, 0)
        ahead = np.maximum(z, 1e-9)
        u, v = photo.K[0, 0] * x / ahead + photo.K[0, 2] - 0.5, photo.K[1, 1] * y / ahead + photo.K[1, 2] - 0.5
        height, width = photo.depth.shape
        inside = (z > 1e-9) & (u >= 0) & (v >= 0) & (u <= width - 1) & (v <= height - 1)
        u, v = np.where(inside, u, 0), np.where(inside, v, 0)
        there = photo.depth[np.round(v).astype(int), np.round(u).astype(int)]
        inside &= np.abs(there - z) <= SAME * z
        ray = points - photo.c2w[:3, 3]
        cosine = np.clip((ray * away).sum(1) / np.maximum(np.linalg.norm(ray, axis=1), 1e-12), -1, 1)
        weight = inside * np.exp(-((np.arccos(cosine) / SIDE_RAD) ** 2))
        total += weight[:, None] * _between(photo.rest, u, v)
        weights += weight
    out = np.array(rgb, np.float32)
    out[shown] += (total / weights[:, None]).astype(np.float32)
    return np.clip(out, 0, 1)


def _between(picture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A picture [h, w, 3] at pixels u across and v down [N], linearly between their middles."""
    height, width = picture.shape[:2]
    left, top = np.clip(np.floor(u).astype(int), 0, width - 2), np.clip(np.floor(v).astype(int), 0, height - 2)
    a, b = (u - left)[:, None], (v - top)[:, None]
    upper = picture[top, left] * (1 - a) + picture[top, left + 1] * a
    return upper * (1 - b) + (picture[top + 1, left] * (1 - a) + picture[top + 1, left + 1] * a) * b


def error_of(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean square error of pictures [H, W, 3] in 0..1, without what is the same all over them."""
    apart = picture - truth
    return float(((apart - np.median(apart.reshape(-1, 3), axis=0)) ** 2).mean())


def retrieved(index: SceneIndex, count: int, looks: np.ndarray, c2w: np.ndarray, pose_weight: float) -> np.ndarray:
    """Views of an index for targets with reduced looks [Q, d] and poses [Q, 4, 4]: the nearest by both, [Q, min(count, N)]."""
    return index.nearest(count, looks=looks, c2w=c2w, pose_weight=pose_weight)[0]


def by_chance(index: SceneIndex, count: int, targets: int, seed: int) -> np.ndarray:
    """As many views, whatever the target: [Q, min(count, N)]."""
    rng = np.random.default_rng([0xC0, seed])
    return np.stack([rng.permutation(len(index))[: min(count, len(index))] for _ in range(targets)])


def others(chosen: np.ndarray, seed: int) -> np.ndarray:
    """The context of every target given to another one, [Q, k]: none keeps its own."""
    if len(chosen) < 2:
        raise ValueError("one target alone has no other's context")
    order = np.random.default_rng([0xC1, seed]).permutation(len(chosen))
    given = np.empty_like(chosen)
    given[order] = chosen[np.roll(order, 1)]
    return given


def read_context(folder: Path) -> dict[str, list[Lacking]]:
    """Of a published `context`: camera of the twin -> what the photos that were found for it know."""
    with np.load(folder / "context.npz") as stored:
        parts = [Lacking(*(stored[f"{name}{i}"] for name in ("c2w", "K", "rest", "depth"))) for i in range(int(stored["count"]))]
        return {key.removeprefix("for_"): [parts[i] for i in stored[key]] for key in stored.files if key.startswith("for_")}


def write_context(path: Path, parts: Sequence[Lacking], cameras: dict[str, Sequence[int]]) -> None:
    """The inverse of `read_context`: `cameras` says which of the `parts` were found for each."""
    named = {f"{name}{i}": value for i, part in enumerate(parts) for name, value in vars(part).items()}
    chosen = {f"for_{camera}": np.array(found, np.int64) for camera, found in cameras.items()}
    np.savez_compressed(path, count=len(parts), **named, **chosen)
