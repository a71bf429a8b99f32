"""Photos of a table with printed markers, rendered exactly, in units that are not metres and with up along no axis."""

from dataclasses import dataclass

import cv2
import numpy as np

TABLE_M, TEXELS = 1.2, 2400
UNIT_M = 0.25
TURN = cv2.Rodrigues(np.array([0.5, -0.9, 0.4]))[0]  # table to world


@dataclass(frozen=True)
class Printed:
    """A marker that lies on the table: middle in metres, size as printed."""

    id: int
    x_m: float
    y_m: float
    size_m: float


def table(printed: list[Printed], family: int, border: int = 1) -> np.ndarray:
    """Texture [TEXELS, TEXELS] of the table from above: y up, a light margin round each marker."""
    noise = cv2.resize(np.random.default_rng(0).integers(90, 150, (300, 300), np.uint8), (TEXELS, TEXELS))
    dictionary = cv2.aruco.getPredefinedDictionary(family)
    for p in printed:
        side = round(p.size_m / TABLE_M * TEXELS)
        middle = np.array([p.x_m, -p.y_m]) / TABLE_M * TEXELS + TEXELS / 2
        x, y = np.rint(middle - side / 2).astype(int)
        margin = side // 6
        noise[y - margin : y + side + margin, x - margin : x + side + margin] = 235
        noise[y : y + side, x : x + side] = cv2.aruco.generateImageMarker(dictionary, p.id, side, borderBits=border)
    return noise


def poses(count: int, radius_m: float = 0.7) -> np.ndarray:
    """OpenCV camera-to-world [count, 4, 4] in scene units: two rings that look at the middle of the table."""
    found = []
    for i in range(count):
        angle, height = 2 * np.pi * i / count, np.radians(35 if i % 2 else 60)
        out = np.array([np.cos(angle) * np.cos(height), np.sin(angle) * np.cos(height), np.sin(height)])
        right = np.cross(-out, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        pose = np.eye(4)
        pose[:3, :3] = TURN @ np.stack([right, np.cross(-out, right), -out], 1)
        pose[:3, 3] = TURN @ out * radius_m / UNIT_M
        found.append(pose)
    return np.array(found)


def photograph(
    texture: np.ndarray, c2w: np.ndarray, matrix: np.ndarray, size: tuple[int, int], distortion: np.ndarray
) -> np.ndarray:
    """Photo [H, W] of the table; `matrix` has pixel centres at +0.5. Four samples a pixel."""
    width, height = size
    v, u = np.mgrid[0 : 2 * height, 0 : 2 * width] / 2 + 0.25
    if distortion.any():
        low = np.stack(np.meshgrid(np.linspace(0, width, 65), np.linspace(0, height, 65)), 2).astype(np.float32)
        steps = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-12)
        flat = cv2.undistortPointsIter(low.reshape(-1, 1, 2), matrix, distortion, np.eye(3), np.eye(3), steps)
        grid = flat.reshape(65, 65, 2)
        flat = np.stack([_bilinear(grid[..., i], u / width * 64, v / height * 64) for i in (0, 1)], 2)
    else:
        flat = np.stack([(u - matrix[0, 2]) / matrix[0, 0], (v - matrix[1, 2]) / matrix[1, 1]], 2)
    rays = np.concatenate([flat, np.ones((*flat.shape[:2], 1))], 2) @ (TURN.T @ c2w[:3, :3]).T
    eye = TURN.T @ c2w[:3, 3] * UNIT_M
    with np.errstate(divide="ignore", invalid="ignore"):
        far = -eye[2] / rays[..., 2]
        x, y = (eye[i] + far * rays[..., i] for i in (0, 1))
    x, y = x / TABLE_M * TEXELS + TEXELS / 2 - 0.5, -y / TABLE_M * TEXELS + TEXELS / 2 - 0.5
    seen = cv2.remap(texture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderValue=60)
    return cv2.resize(np.where(far > 0, seen, 60).astype(np.uint8), size, interpolation=cv2.INTER_AREA)


def _bilinear(grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return cv2.remap(
        grid.astype(np.float32), x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
