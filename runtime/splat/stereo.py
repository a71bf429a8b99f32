"""Depth of every pixel by PatchMatch stereo (Bleyer et al. 2011, Galliani et al. 2015): more points to start from, where
features are few.

Each pixel of a photo holds a plane, and takes over another when it makes the patch round it look more like the photos beside
it. What two photos agree on is kept.
"""

import numpy as np

from runtime.splat.patchmatch import WORST, sweep
from runtime.splat.photos import Photos

SOURCES = 4  # photos that one is compared with
_ROUNDS, _FIRST_STEP = 6, 0.5  # a step is half as long each round
_ACCEPTED = 0.5  # highest cost of a point
_AGREE_PX, _AGREE_DEPTH = 1.5, 0.04


def stereo_points(photos: Photos, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to `count` points [M, 3] with colours [M, 3] of what photos that are not held out agree on, drawn at random.

    A photo is compared with others of its size. What masks leave out gives no point.
    """
    rng, found = np.random.default_rng(seed), {}
    training = np.flatnonzero(~photos.held_out)
    greys = {int(i): photos.images[i].mean(axis=2, dtype=np.float32) for i in training}
    for i in map(int, training):
        beside = _beside(photos, i, np.array([j for j in training if j != i and greys[int(j)].shape == greys[i].shape], int))
        if len(beside):
            found[i] = (*_planes(photos, i, beside, greys, rng), beside)
    xyz, rgb = [np.zeros((0, 3))], [np.zeros((0, 3))]
    for i, (z, cost, beside) in found.items():
        kept = (cost < _ACCEPTED) & photos.masks.get(i, np.ones(z.shape, bool))
        kept &= _agreed(photos, i, z, {int(j): found[int(j)][0] for j in beside if int(j) in found})
        xyz.append(_world(photos, i, z)[kept])
        rgb.append(photos.images[i][kept])
    xyz, rgb = np.concatenate(xyz).astype(np.float32), np.concatenate(rgb).astype(np.float32)
    chosen = np.sort(rng.permutation(len(xyz))[:count])
    return xyz[chosen], rgb[chosen]


def _rays(photos: Photos, index: int) -> np.ndarray:
    """Camera-frame rays [H, W, 3] of z-depth 1."""
    width, height = photos.size(index)
    v, u = np.indices((height, width))
    return np.stack([u + 0.5, v + 0.5, np.ones_like(u)], -1) @ np.linalg.inv(photos.K[index]).T


def _world(photos: Photos, index: int, z: np.ndarray) -> np.ndarray:
    return (_rays(photos, index) * z[..., None]) @ photos.c2w[index][:3, :3].T + photos.c2w[index][:3, 3]


def _seen(photos: Photos, index: int, world: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels u, v and z-depth of points [..., 3] in a photo; u and v are -1 behind the camera."""
    view, K = np.linalg.inv(photos.c2w[index]), photos.K[index]
    x, y, z = np.moveaxis(world @ view[:3, :3].T + view[:3, 3], -1, 0)
    front = np.maximum(z, 1e-9)
    u, v = K[0, 0] * x / front + K[0, 2], K[1, 1] * y / front + K[1, 2]
    return np.where(z > 0, u, -1), np.where(z > 0, v, -1), z


def _beside(photos: Photos, index: int, among: np.ndarray) -> np.ndarray:
    """The photos of `among` that show the most of what `index` observes, as large, and from places some degrees apart."""
    mine = photos.obs_frame == index
    pose = photos.c2w[index]
    uv1 = np.column_stack([photos.obs_uv[mine], np.ones(mine.sum())])
    world = (uv1 @ np.linalg.inv(photos.K[index]).T * photos.obs_depth[mine, None]) @ pose[:3, :3].T + pose[:3, 3]
    scores = np.zeros(len(among))
    for k, other in enumerate(map(int, among)):
        (width, height), (u, v, _) = photos.size(other), _seen(photos, other, world)
        a, b = world - pose[:3, 3], world - photos.c2w[other][:3, 3]
        far, near = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
        angle = np.degrees(np.arccos(np.clip((a * b).sum(axis=1) / (far * near), -1, 1)))
        fit = np.minimum(angle / 3, 1) * np.clip(2 - angle / 30, 0, 1) * np.minimum(far / near, near / far)
        scores[k] = fit[(u >= 0) & (v >= 0) & (u < width) & (v < height)].sum()
    best = np.argsort(-scores, kind="stable")[:SOURCES]
    return among[best[scores[best] > 0]]


def _planes(
    photos: Photos, index: int, beside: np.ndarray, greys: dict[int, np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Depth and cost [H, W] of a photo's pixels. They start at one of the observed points nearby, with normals at random."""
    from scipy.spatial import KDTree

    rays, mine = _rays(photos, index), photos.obs_frame == index
    height, width = rays.shape[:2]
    v, u = np.indices((height, width))
    _, near = KDTree(photos.obs_uv[mine]).query(
        np.stack([u.ravel() + 0.5, v.ravel() + 0.5], 1), k=range(1, min(4, mine.sum()) + 1)
    )
    chosen = near[np.arange(len(near)), rng.integers(near.shape[1], size=len(near))].reshape(height, width)
    z = photos.obs_depth[mine][chosen] * np.exp(0.2 * rng.normal(size=(height, width)))
    normal = rng.normal(size=(height, width, 3))
    normal /= -np.linalg.norm(normal, axis=-1, keepdims=True) * np.sign((normal * rays).sum(-1, keepdims=True))
    relative = [np.linalg.inv(photos.c2w[j]) @ photos.c2w[index] for j in beside]
    turned, shift = ([photos.K[j] @ m[:3, part] for j, m in zip(beside, relative, strict=True)] for part in (slice(3), 3))
    sources = np.stack([greys[int(j)] for j in beside])
    z, normal, rays, turned, shift = (
        np.ascontiguousarray(a, np.float32) for a in (z, normal, rays, np.array(turned), np.array(shift))
    )
    cost = np.full((height, width), WORST, np.float32)
    for k in range(_ROUNDS):
        noise = rng.uniform(-1, 1, (height, width, 2, 4)).astype(np.float32)
        sweep(greys[index], sources, turned, shift, rays, z, normal, cost, noise, np.float32(_FIRST_STEP * 0.5**k), k % 2 == 1)
    return z, cost


def _agreed(photos: Photos, index: int, z: np.ndarray, others: dict[int, np.ndarray]) -> np.ndarray:
    """Mask [H, W]: some other photo has about the same depth there, and its point comes back to about the same pixel."""
    world, agreed = _world(photos, index, z), np.zeros(z.shape, bool)
    v, u = np.indices(z.shape)
    for other, depth in others.items():
        x, y, deep = _seen(photos, other, world)
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        inside = (column >= 0) & (row >= 0) & (column < depth.shape[1]) & (row < depth.shape[0])
        there = depth[np.where(inside, row, 0), np.where(inside, column, 0)]
        centre = photos.c2w[other][:3, 3]
        back = centre + (world - centre) * (there / deep)[..., None]
        x, y, _ = _seen(photos, index, back)
        apart = np.hypot(x - u - 0.5, y - v - 0.5)
        agreed |= inside & (apart < _AGREE_PX) & (np.abs(there / deep - 1) < _AGREE_DEPTH)
    return agreed
