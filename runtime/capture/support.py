"""The surface that things stand on: a table top, a street, the ground of a splat."""

import numpy as np

from runtime.capture.focus import Focus, find_focus, from_path
from runtime.problem import InputError, Problem
from runtime.splat.scene import Support

SMALLEST = 1e-12
"""Of a radius in scene units of which nothing can be made, nor of its inverse."""
SEED = 0
DRAWN_POINTS = 6000
TRIPLES = 20000
PLANES = 600
MAX_TILT = np.cos(np.radians(15))
LEVELS = 150
"""Level planes that are tried besides those through three points."""
THICKNESS = 0.02
"""Half thickness of the surface, as a share of the distance that it is seen from."""
FINER = 3
"""How many times thinner the surface is taken to be at the second look."""


def estimate_support(xyz: np.ndarray, c2w: np.ndarray, up: np.ndarray, scale_m_per_unit: float) -> Support:
    """Find the surface with the most support near where the cameras look.

    RANSAC over planes within 15 degrees of level. A plane scores the points on it less those just below it, so a slice
    through an object, which has as many below, scores nothing; planes above the cameras are refused. The same input
    gives the same surface.

    Args:
        xyz: sparse points or splat centres [N, 3], scene units.
        c2w: OpenCV camera-to-world poses [F, 4, 4]; F = 0 when only a splat is there.
        up: world up [3].
        scale_m_per_unit: metres per scene unit.

    Raises:
        InputError: R219, fewer than 10 finite points, all in one place or beyond all measure.
    """
    rng = np.random.default_rng(SEED)
    xyz = np.asarray(xyz, np.float64)
    xyz = xyz[np.isfinite(xyz).all(1)]
    help_ = "take more photos that overlap, or give a splat of the whole place"
    if len(xyz) < 10:
        message = f"{len(xyz)} points are too few to show what things could stand on"
        raise InputError(Problem("R219", message, help_, "source"))
    c2w = np.asarray(c2w, np.float64).reshape(-1, 4, 4)
    up = np.asarray(up, np.float64) / np.linalg.norm(up)
    focus = find_focus(xyz, c2w)
    if not SMALLEST < focus.radius < 1 / SMALLEST:
        message = f"{len(xyz)} points lie within about {focus.radius:.0e} units and show nothing that things could stand on"
        raise InputError(Problem("R219", message, help_, "source"))
    weight = _weights(xyz, c2w, focus)
    chosen = rng.choice(len(xyz), DRAWN_POINTS, p=weight / weight.sum())  # with replacement: counts then weigh points
    near, thickness = xyz[chosen], THICKNESS * focus.detail
    walk = len(c2w) > 0 and not focus.orbit
    normal, offset = _best(near, near, up, c2w, thickness, walk, rng)
    # The foot of what stands on the surface pulls the plane up by its thickness: look again, with a thinner one.
    close = near[np.abs(near @ normal - offset) < 2 * thickness]
    normal, offset = _best(near, close, up, c2w, thickness / FINER, walk, rng)
    normal, offset = _refine(near, normal, offset, thickness / FINER, up)
    fraction = float(np.mean(np.abs(near @ normal - offset) < 1.5 * thickness))
    reach = 4 * focus.detail if walk else np.inf
    on = xyz[(np.abs(xyz @ normal - offset) < 1.5 * thickness) & (reach > (from_path(xyz, c2w) if len(c2w) else 0))]
    return _frame(on if len(on) >= 8 else near, normal, offset, focus, scale_m_per_unit, fraction)


def _best(
    near: np.ndarray, through: np.ndarray, up: np.ndarray, c2w: np.ndarray, thickness: float, walk: bool, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Normal and offset of the plane through some of `through` that scores best on `near`."""
    normals, offsets = _candidates(through, up, rng)
    below_cameras = _below_cameras(normals, offsets, c2w)
    if below_cameras.any():
        normals, offsets = normals[below_cameras], offsets[below_cameras]
    # under a street there is nothing at all, under a table there is a floor
    scores = _scores(near, normals, offsets, thickness, np.inf if walk else 5 * thickness)
    best = int(np.argmax(scores))
    return normals[best], float(offsets[best])


def _weights(xyz: np.ndarray, c2w: np.ndarray, focus: Focus) -> np.ndarray:
    """Chance of each point to take part: high near the focus of an orbit or near the path of a walk."""
    if focus.orbit or not len(c2w):
        away = np.linalg.norm(xyz - focus.center, axis=1)
        return 1 / (1 + (away / (0.6 * focus.radius)) ** 4)
    return 1 / (1 + (from_path(xyz, c2w) / (2 * focus.detail)) ** 4)


def _candidates(near: np.ndarray, up: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    a, b, c = near[rng.integers(len(near), size=(3, TRIPLES))]
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1)
    spread = np.maximum(np.linalg.norm(b - a, axis=1), np.linalg.norm(c - a, axis=1)) ** 2
    normals /= np.maximum(length, 1e-12)[:, None]
    normals *= np.sign(normals @ up)[:, None]
    keep = np.flatnonzero((normals @ up > MAX_TILT) & (length > 0.1 * spread))[:PLANES]
    level = np.quantile(near @ up, np.linspace(0.002, 0.998, LEVELS))
    all_normals = np.concatenate([normals[keep], np.tile(up, (LEVELS, 1))])
    return all_normals, np.concatenate([np.einsum("ij,ij->i", normals[keep], a[keep]), level])


def _below_cameras(normals: np.ndarray, offsets: np.ndarray, c2w: np.ndarray) -> np.ndarray:
    height = normals @ c2w[:, :3, 3].T - offsets[:, None]  # [P, F]
    return (height > 0).mean(1) > 0.9 if len(c2w) else np.ones(len(normals), bool)


def _scores(near: np.ndarray, normals: np.ndarray, offsets: np.ndarray, thickness: float, depth: float) -> np.ndarray:
    scores = np.empty(len(normals))
    for start in range(0, len(normals), 64):  # bounded memory
        block = slice(start, start + 64)
        height = near @ normals[block].T - offsets[block]  # [N, P]
        on = np.abs(height) < thickness
        # the layer under a table top has the same thickness, after a gap for what noise puts there
        below = (height > -depth) & (height < -3 * thickness)
        scores[block] = on.sum(0) - below.sum(0)
    return scores


def _refine(near: np.ndarray, normal: np.ndarray, offset: float, thickness: float, up: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares plane through what lies on it, thrice; kept only while it stays level."""
    for width in (1.5, 1.0, 1.0):
        on = near[np.abs(near @ normal - offset) < width * thickness]
        if len(on) < 8:
            break
        middle = on.mean(0)
        values, vectors = np.linalg.eigh(np.cov((on - middle).T))
        better = vectors[:, 0] * np.sign(vectors[:, 0] @ up)
        if better @ up < MAX_TILT or values[0] > 0.2 * values[1]:
            break  # too few or too lined up to say which way the plane tilts
        normal, offset = better, float(np.median(on @ better))
    return normal, offset


def _frame(
    inliers: np.ndarray, normal: np.ndarray, offset: float, focus: Focus, scale_m_per_unit: float, fraction: float
) -> Support:
    """Axes along the smallest rectangle round the inliers; the origin is its middle on the plane."""
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    flat = np.stack([inliers @ first, inliers @ second], 1)
    if focus.orbit:
        around = np.array([focus.center @ first, focus.center @ second])
        close = np.linalg.norm(flat - around, axis=1) < 1.2 * focus.radius
        flat = flat[close] if close.sum() >= 8 else flat
    best = None
    for angle in np.radians(np.arange(0, 90, 2)):
        axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        low, high = np.quantile(flat @ axes.T, [0.02, 0.98], axis=0)
        area = float(np.prod(high - low))
        if best is None or area < best[0] * (1 - 1e-9):
            best = (area, axes, (low + high) / 2, (high - low) / 2)
    assert best is not None
    _, axes, middle, half = best
    x, y = axes @ np.stack([first, second])
    origin = middle[0] * x + middle[1] * y + offset * normal
    return Support(origin, np.stack([x, y, normal], 1), half * scale_m_per_unit, fraction)
