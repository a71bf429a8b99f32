"""Printed square markers (AprilTag, ArUco or a person's own) in photos, and the true squares that they show.

Detection is OpenCV's (Garrido-Jurado et al. 2014, Pattern Recognition 47(6)). Each marker is then one square in space, fitted
to its corners in all photos at once: seven numbers (centre, turn, side), Huber weights, Levenberg-Marquardt. The standard
error of its side is the larger of the residuals' and the one clustered by photo (Liang and Zeger 1986, Biometrika 73(1)):
corners of one photo err together, because its pose errs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import get_args

import cv2
import numpy as np

from runtime.bound.scale import Dictionary, MarkerScale

CORNERS = np.array([[-0.5, 0.5, 0], [0.5, 0.5, 0], [0.5, -0.5, 0], [-0.5, -0.5, 0]])
"""Corners of a square of side 1 in OpenCV's order (clockwise, seen from the printed side); z points out of the paper."""
WRONG = 0.25
"""A sighting whose corners lie farther from the square than this share of its side is another marker, or misread."""
AGREEING = 2 / 3
"""Share of its sightings that a marker needs in one place."""
HUBER_PX = 1.0
EDGE_POINTS = 24
PAIRS = 150
STEPS = 30


@dataclass(frozen=True)
class Sighting:
    """A marker in a photo."""

    marker: int
    photo: int
    rays: np.ndarray  # [4, 2] corners at depth 1, lens undone, in the camera's frame
    side_px: float  # mean side in the photo
    focal_px: float


@dataclass(frozen=True)
class Square:
    """A marker in space, scene units."""

    marker: int
    center: np.ndarray  # [3]
    normal: np.ndarray  # [3] out of the paper
    corners: np.ndarray  # [4, 3]
    side: float
    side_error: float  # standard error
    photos: int
    reprojection_px: float  # root mean square over corners


def _cv2_name(dictionary: str) -> str:
    """What OpenCV calls a dictionary."""
    family, _, size = dictionary.partition("_")
    return (f"DICT_{size}" if family == "aruco" and size[0].isdigit() else f"DICT_{dictionary}").upper()


class Detector:
    """Finds the markers of a spec in photos."""

    def __init__(self, markers: MarkerScale) -> None:
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        parameters.markerBorderBits = markers.border_cells
        if markers.own:
            cells = [m.rows() for m in markers.own]
            codes = [cv2.aruco.Dictionary.getByteListFromBits(np.array(c, np.uint8)) for c in cells]
            dictionary = cv2.aruco.Dictionary(np.concatenate(codes), len(cells[0]), (markers.least_difference() - 1) // 2)
            self._names = [m.id for m in markers.own]
        else:
            dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, _cv2_name(markers.dictionary)))
            self._names = None
        self._cells = dictionary.markerSize + 2 * markers.border_cells
        self._detector = cv2.aruco.ArucoDetector(dictionary, parameters)

    def __call__(self, photo: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Markers in a photo ([H, W] or [H, W, 3] uint8): identity, and points on the four sides of the black square
        ([4, EDGE_POINTS, 2] pixels, centres at +0.5), the first side from the first of `CORNERS` to the second."""
        gray = photo if photo.ndim == 2 else cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
        corners, ids, _ = self._detector.detectMarkers(gray)
        if ids is None:
            return []
        found = zip(np.ravel(ids).tolist(), corners, strict=True)
        return [(self._names[i] if self._names else i, _edges(gray, c.reshape(4, 2), self._cells) + 0.5) for i, c in found]


def _edges(gray: np.ndarray, corners: np.ndarray, cells: int) -> np.ndarray:
    """Points on the sides [4, EDGE_POINTS, 2] of a square with corners [4, 2], pixel centres at whole numbers.

    OpenCV's corners lie a quarter to half a pixel inside, which makes a marker of 50 px half a percent small. Along each
    side the edge is where the gradient across it has its centre of mass, which blur does not move.
    """
    following = np.roll(corners, -1, 0)
    along = following - corners  # [4, 2]
    length = np.linalg.norm(along, axis=1)
    out = np.stack([along[:, 1], -along[:, 0]], 1) / length[:, None]  # clockwise in the picture: to the left is outside
    reach = float(np.clip(0.7 * length.min() / cells, 1.5, 8.0))
    share = np.linspace(0.12, 0.88, EDGE_POINTS)
    middle = corners[:, None] + share[None, :, None] * along[:, None]  # [4, N, 2]
    for width in (reach, 0.7 * reach):
        across = np.linspace(-width, width, 33)
        where = (middle[:, :, None] + across[:, None] * out[:, None, None]).astype(np.float32)
        light = cv2.remap(gray, where[..., 0].reshape(-1, 33), where[..., 1].reshape(-1, 33), cv2.INTER_LINEAR).astype(np.float64)
        rise = np.maximum(np.diff(light.reshape(4, EDGE_POINTS, 33), axis=2), 0)  # dark inside, light outside
        rise = np.maximum(rise - 0.2 * rise.max(2, keepdims=True), 0)
        shift = (rise * (across[1:] + across[:-1]) / 2).sum(2) / np.maximum(rise.sum(2), 1e-9)
        middle = middle + shift[..., None] * out[:, None]
    return middle


def corners_of(edges: np.ndarray) -> np.ndarray:
    """Corners [4, 2] where lines through the points on four sides [4, N, 2] meet; points far off a line count no more."""
    lines = []
    for points in edges:
        weight = np.ones(len(points))
        for _ in range(4):
            center = (weight[:, None] * points).sum(0) / weight.sum()
            _, _, axes = np.linalg.svd((points - center) * np.sqrt(weight)[:, None], full_matrices=False)
            off = np.abs((points - center) @ axes[1])
            weight = 1 / (1 + (off / (2 * np.median(off) + 1e-12)) ** 4)
        lines.append((*axes[1], -axes[1] @ center))
    meet = np.cross(np.roll(lines, 1, 0), lines)
    return meet[:, :2] / meet[:, 2:]


def other_dictionary(photos: Sequence[np.ndarray]) -> str | None:
    """The dictionary of which two photos or more show the same markers, the smallest that holds them; None: there is none."""
    best: tuple[int, str] = (0, "")
    names = [name for name in get_args(Dictionary) if name not in ("own", "aruco_original")]  # nearly all is the latter's
    for name in names:
        family, _, size = name.rpartition("_")
        if size in ("50", "100", "250"):  # those of 1000 begin with the same markers
            continue
        detector = Detector(MarkerScale(kind="markers", dictionary=name, size_m=1.0))
        ids = [marker for photo in photos for marker in {i for i, _ in detector(photo)}]
        again = {marker for marker in ids if ids.count(marker) > 1}
        if size == "1000" and again:
            name = next(n for n in names if n.rpartition("_")[0] == family and max(again) < int(n.rpartition("_")[2]))
        best = max(best, (sum(ids.count(marker) for marker in again), name), key=lambda found: found[0])
    return best[1] or None


def fit_squares(sightings: Iterable[Sighting], c2w: np.ndarray) -> list[Square]:
    """The square of each marker that two photos or more agree on, by identity. c2w: OpenCV camera-to-world [F, 4, 4]."""
    seen: dict[int, list[Sighting]] = {}
    for sighting in sightings:
        seen.setdefault(sighting.marker, []).append(sighting)
    squares = (_fit_square(marker, views, c2w) for marker, views in sorted(seen.items()))
    return [square for square in squares if square is not None]


def _fit_square(marker: int, views: list[Sighting], c2w: np.ndarray) -> Square | None:
    rays = np.stack([v.rays for v in views])  # [P, 4, 2]
    poses = c2w[[v.photo for v in views]]
    focal = np.array([v.focal_px for v in views])
    limit = WRONG * np.array([v.side_px for v in views])
    best = np.zeros(len(views), bool)
    for pair in _pairs(poses):
        off = _off(_triangulate(rays[pair], poses[pair]), rays, poses) * focal
        agree = off < limit
        if agree[pair].all() and agree.sum() > best.sum():
            best = agree
    photos = {v.photo for v, kept in zip(views, best, strict=True) if kept}
    # a marker that was printed twice, or one misread for another, is seen at several places: no square
    if len(photos) < 2 or best.sum() < AGREEING * len(views):
        return None
    return _refine(marker, rays[best], poses[best], focal[best])


def _pairs(poses: np.ndarray) -> list[list[int]]:
    """The pairs of photos that see most from the side, at most `PAIRS`."""
    pairs = list(combinations(range(len(poses)), 2))
    apart = [float(np.linalg.norm(poses[a, :3, 3] - poses[b, :3, 3])) for a, b in pairs]
    return [list(pairs[i]) for i in np.argsort(apart)[::-1][:PAIRS]]


def _triangulate(rays: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Points [4, 3] nearest to the corners' rays [P, 4, 2], in the least-squares sense."""
    along = np.einsum("pij,pkj->pki", poses[:, :3, :3], np.concatenate([rays, np.ones((*rays.shape[:2], 1))], 2))
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    across = np.eye(3) - along[..., :, None] * along[..., None, :]  # [P, 4, 3, 3]
    right = np.einsum("pkij,pj->ki", across, poses[:, :3, 3])
    return np.linalg.solve(across.sum(0) + 1e-12 * np.eye(3), right[..., None])[..., 0]


def _local(points: np.ndarray, poses: np.ndarray) -> np.ndarray:
    return np.einsum("pji,pkj->pki", poses[:, :3, :3], points - poses[:, None, :3, 3])  # R^T (x - t), [P, 4, 3]


def _off(points: np.ndarray, rays: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Largest distance [P] of the points [4, 3] to their rays, at depth 1; infinite where one is behind the camera."""
    local = _local(points, poses)
    front = local[..., 2] > 1e-9
    flat = local[..., :2] / np.where(front, local[..., 2], 1.0)[..., None]
    off = np.linalg.norm(flat - rays, axis=2).max(1)
    return np.where(front.all(1), off, np.inf)


def _refine(marker: int, rays: np.ndarray, poses: np.ndarray, focal: np.ndarray) -> Square | None:
    corners = _triangulate(rays, poses)
    center, turn, side = _as_square(corners)
    damping = 1e-3
    residual, jacobian = _residuals(center, turn, side, rays, poses, focal)
    cost, weight = _huber(residual)
    for _ in range(STEPS):
        normal = np.einsum("pri,pr,prj->ij", jacobian, weight, jacobian)
        step = np.linalg.solve(
            normal + damping * np.diag(np.diag(normal)) + 1e-15 * np.eye(7), -np.einsum("pri,pr->i", jacobian, weight * residual)
        )
        moved = (center + step[:3], cv2.Rodrigues(step[3:6])[0] @ turn, side * float(np.exp(np.clip(step[6], -1, 1))))
        residual_, jacobian_ = _residuals(*moved, rays, poses, focal)
        cost_, weight_ = _huber(residual_)
        if cost_ > cost:
            damping *= 10
            continue
        done = cost - cost_ < 1e-12 * (1 + cost)
        (center, turn, side), residual, jacobian, cost, weight = moved, residual_, jacobian_, cost_, weight_
        damping /= 10
        if done:
            break
    count = len(rays)
    inverse = np.linalg.pinv(np.einsum("pri,pr,prj->ij", jacobian, weight, jacobian), hermitian=True)
    variance = float((weight * residual**2).sum()) / (8 * count - 7)
    scores = np.einsum("pri,pr->pi", jacobian, weight * residual)  # [P, 7]
    clustered = inverse @ (scores.T @ scores) @ inverse * count / (count - 1)
    relative = float(np.sqrt(max(variance * inverse[6, 6], clustered[6, 6])))
    rms = float(np.sqrt((residual**2).reshape(-1, 2).sum(1).mean()))
    placed = center + side * CORNERS @ turn.T
    return Square(marker, center, turn[:, 2], placed, side, side * relative, count, rms) if np.isfinite(rms) else None


def _as_square(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Centre, turn and side of the square nearest to four corners (Umeyama 1991)."""
    center = corners.mean(0)
    left, stretch, right = np.linalg.svd((corners - center).T @ CORNERS)
    mirror = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    return center, left @ mirror @ right, float((stretch * np.diag(mirror)).sum() / (CORNERS**2).sum())


def _residuals(
    center: np.ndarray, turn: np.ndarray, side: float, rays: np.ndarray, poses: np.ndarray, focal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Residuals [P, 8] in pixels and their derivatives [P, 8, 7] by centre, turn (left) and logarithm of the side."""
    arm = side * CORNERS @ turn.T  # [4, 3]
    local = _local(center + arm, poses)
    depth = np.maximum(local[..., 2], 1e-9)
    flat = local[..., :2] / depth[..., None]
    cross = np.zeros((4, 3, 3))  # -[arm]x: how corners move with a small turn
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = arm[:, 2], -arm[:, 1], arm[:, 0]
    cross -= np.transpose(cross, (0, 2, 1))
    move = np.concatenate([np.tile(np.eye(3), (4, 1, 1)), cross, arm[..., None]], 2)  # [4, 3, 7]
    seen = np.einsum("pji,kjm->pkim", poses[:, :3, :3], move)  # in the camera's frame
    slope = (seen[..., :2, :] - flat[..., None] * seen[..., 2:, :]) / depth[..., None, None]
    scale = focal[:, None, None]
    return ((flat - rays) * scale).reshape(len(rays), 8), (slope * scale[..., None]).reshape(len(rays), 8, 7)


def _huber(residual: np.ndarray) -> tuple[float, np.ndarray]:
    """Cost and weights [P, 8] of residuals [P, 8]; both coordinates of a corner weigh alike."""
    size = np.linalg.norm(residual.reshape(len(residual), 4, 2), axis=2)
    cost = np.where(size < HUBER_PX, size**2, 2 * HUBER_PX * size - HUBER_PX**2).sum()
    return float(cost), np.repeat(np.minimum(1.0, HUBER_PX / np.maximum(size, 1e-12)), 2, axis=1)
