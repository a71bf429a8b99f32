"""Photos of any lens to photos of a pinhole."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from runtime.capture.decode import decode
from runtime.capture.image_header import read_header
from runtime.capture.lens import PANORAMA, POLYNOMIAL, Lens
from runtime.capture.posed import PosedPhotos, Shot
from runtime.problem import InputError, Problem

WIDEST_DEG = 60.0
"""Of a fisheye, so much is kept round the optical axis: a pinhole stretches its corners fourfold there."""
UNSEEN = 127
"""Grey level of what is transparent."""


def straight(lens: Lens, width_px: int) -> Lens:
    """The pinhole, no wider than `width_px`, that shows as much of a photo as it can and (nearly) nothing outside."""
    if lens.model == PANORAMA:
        side = min(width_px, lens.width // 4)
        return Lens(side, side, (side / 2, side / 2, side / 2, side / 2))
    lens = lens.narrowed(width_px)
    if lens.straight:
        return Lens(lens.width, lens.height, lens.pinhole)
    if lens.model:
        return _widest(lens)
    # alpha 0 keeps only pixels that the photo has
    matrix, _ = cv2.getOptimalNewCameraMatrix(_matrix(lens), _distortion(lens), (lens.width, lens.height), 0)
    fx, fy, cx, cy = map(float, (matrix[0, 0], matrix[1, 1], matrix[0, 2] + 0.5, matrix[1, 2] + 0.5))
    return Lens(lens.width, lens.height, (fx, fy, cx, cy))


def undistorted(posed: PosedPhotos, pinholes: Sequence[Lens]) -> Iterator[Shot]:
    """Each photo through its pinhole, with a mask where it shows nothing: beyond its borders, where it is transparent."""
    maps: dict[tuple[Lens, Lens], tuple[np.ndarray, np.ndarray]] = {}
    for path, upright, whole, pinhole in zip(posed.paths, posed.upright, posed.lenses, pinholes, strict=True):
        panorama = whole.model == PANORAMA
        size = (4 * pinhole.width, 2 * pinhole.height) if panorama else (pinhole.width, pinhole.height)
        lens, shot = whole.resized(*size), read_photo(path, upright, posed.beside.masks.get(path))
        photo, alpha = shot.rgb, None if shot.mask is None else shot.mask.astype(np.uint8) * 255
        if photo.shape[1::-1] != size:
            photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
            alpha = None if alpha is None else cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        if not lens.straight:
            if (lens, pinhole) not in maps:
                maps[lens, pinhole] = _map(lens, pinhole)
            x, y = maps[lens, pinhole]
            border = cv2.BORDER_WRAP if panorama else cv2.BORDER_REPLICATE
            photo = cv2.remap(photo, x, y, cv2.INTER_LINEAR, borderMode=border)
            alpha = None if alpha is None else cv2.remap(alpha, x, y, cv2.INTER_LINEAR, borderMode=border)
            inside = (x > -1) & (y > -1) & (x < size[0]) & (y < size[1])  # else all of a pixel is smeared
            if not inside.all() and not panorama:
                alpha = np.where(inside, 255 if alpha is None else alpha, 0).astype(np.uint8)
        yield Shot(photo, None if alpha is None else alpha == 255)


def rays(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Where rays through pixels [N, 2] (centres at +0.5) of a photo are at depth 1 in the camera's frame, [N, 2]; not a
    number where they never are, and of panoramas."""
    pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
    if not lens.model:
        steps = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-12)
        flat = pixels[:, None] - 0.5
        return cv2.undistortPointsIter(flat, _matrix(lens), _distortion(lens), np.eye(3), np.eye(3), steps).reshape(-1, 2)
    if lens.model == PANORAMA:
        return np.full_like(pixels, np.nan)
    if lens.model == POLYNOMIAL:
        found = plain = (pixels - lens.pinhole[2:]) / lens.pinhole[:2]
        for _ in range(100):  # a fixed point, as that of cv2.undistortPoints
            there = _seen(lens, np.concatenate([found, np.ones((len(found), 1))], axis=1))
            found = found + plain - (there - lens.pinhole[2:]) / lens.pinhole[:2]
        return found
    return np.asarray(_camera(lens).cam_from_img(pixels))


def read_photo(path: Path, upright: bool, mask: Path | None = None) -> Shot:
    """A photo, without what is transparent in it, or dark in a mask; with `upright` its Exif orientation is applied.

    Raises:
        InputError: R211 when a file cannot be decoded, R213 when the mask has another shape than the photo.
    """
    photo = decode(path)
    if photo is None:
        message = f"photo `{path.name}` cannot be decoded"
        raise InputError(Problem("R211", message, "copy the photo again, or remove it", "source.path"))
    if upright:
        photo = _turned_upright(photo, read_header(path).orientation)
    rgb = cv2.cvtColor(photo[..., :3], cv2.COLOR_BGR2RGB)
    opaque = photo[..., 3] == 255 if photo.shape[2] == 4 else np.ones(rgb.shape[:2], bool)
    if photo.shape[2] == 4:
        rgb[photo[..., 3] == 0] = UNSEEN  # what lies under it may be anything
    if mask is not None:
        opaque &= _fitting(mask, path, rgb.shape[1::-1]) >= 128
    return Shot(rgb, None if opaque.all() else opaque)


def read_grey(path: Path) -> np.ndarray:
    """A mask or the like, [H, W] uint8.

    Raises:
        InputError: R211 when the file cannot be decoded.
    """
    found = decode(path)
    if found is None:
        message = f"mask `{path.name}` cannot be decoded"
        raise InputError(Problem("R211", message, "copy it again, or remove it", "source.path"))
    return found[..., :3].max(axis=2)


def _fitting(mask: Path, photo: Path, size: tuple[int, int]) -> np.ndarray:
    """A mask in the size of its photo; one of the photo as it is stored is turned with it."""
    grey = read_grey(mask)
    if grey.shape[1::-1] != size and grey.shape == size:
        grey = _turned_upright(grey, read_header(photo).orientation)
    if abs(grey.shape[1] / size[0] * size[1] / grey.shape[0] - 1) > 0.02:
        message = f"mask `{mask.name}` is {grey.shape[1]}x{grey.shape[0]}, its photo {size[0]}x{size[1]}, which is another shape"
        raise InputError(Problem("R213", message, "make the masks of the photos as they are given", "source.masks"))
    return cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST)


def turned(view: tuple[float, float]) -> np.ndarray:
    """Rotation [3, 3] from a camera that looks to the right by a yaw and up by a pitch (degrees) to one that does not,
    both in OpenCV axes."""
    yaw, pitch = np.radians(view)
    right = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    up = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return right @ up


def _turned_upright(photo: np.ndarray, orientation: int) -> np.ndarray:
    """A photo [H, W, C] as its Exif orientation (Exif 2.32, 4.6.4) says that it is looked at."""
    if orientation >= 5:
        photo = photo.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        photo = photo[:, ::-1]
    if orientation in (3, 4, 7, 8):
        photo = photo[::-1]
    return np.ascontiguousarray(photo)


def _map(lens: Lens, pinhole: Lens) -> tuple[np.ndarray, np.ndarray]:
    """Where in a photo (cv2's pixels: centres at whole numbers) each pixel of its pinhole lies: x and y, [H, W] float32."""
    size = pinhole.width, pinhole.height
    if not lens.model:
        return cv2.initUndistortRectifyMap(_matrix(lens), _distortion(lens), np.eye(3), _matrix(pinhole), size, cv2.CV_32FC1)
    v, u = np.mgrid[: size[1], : size[0]] + 0.5
    at = _seen(lens, _rays(pinhole, u.ravel(), v.ravel())).astype(np.float32) - np.float32(0.5)
    at = np.nan_to_num(at, nan=-2.0).reshape(size[1], size[0], 2)
    return np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])


def _widest(lens: Lens) -> Lens:
    """A pinhole of the size and centre of a lens, with the shortest focal length that keeps its borders in the photo and
    its corners within `WIDEST_DEG` (found by halving)."""
    width, height = lens.width, lens.height
    along_u, along_v = np.linspace(0, width, 41), np.linspace(0, height, 41)
    u = np.concatenate([along_u, along_u, np.zeros(41), np.full(41, width)])
    v = np.concatenate([np.zeros(41), np.full(41, height), along_v, along_v])
    fx, fy, cx, cy = lens.pinhole

    def at(zoom: float) -> Lens:
        return Lens(width, height, (fx * zoom, fy * zoom, cx, cy))

    def within(zoom: float) -> bool:
        rays = _rays(at(zoom), u, v)
        seen = _seen(lens, rays)
        narrow = rays[:, 2] / np.linalg.norm(rays, axis=1) >= np.cos(np.radians(WIDEST_DEG))
        return bool((narrow & (seen >= 0).all(1) & (seen <= (width, height)).all(1)).all())

    low, high = 0.05, 20.0
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if within(middle) else (middle, high)
    return at(high)


def _rays(pinhole: Lens, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    fx, fy, cx, cy = pinhole.pinhole
    return np.stack([(u - cx) / fx, (v - cy) / fy, np.ones_like(u)], axis=1)


def seen(lens: Lens, rays: np.ndarray) -> np.ndarray:
    """Pixels [N, 2] (centres at +0.5) at which a lens sees rays [N, 3] of its camera; not a number, of panoramas."""
    if not len(rays) or lens.model == PANORAMA:
        return np.full((len(rays), 2), np.nan)
    if not lens.model:
        flat, _ = cv2.projectPoints(np.asarray(rays, np.float64), np.zeros(3), np.zeros(3), _matrix(lens), _distortion(lens))
        return flat[:, 0] + 0.5
    return _seen(lens, rays)


def _seen(lens: Lens, rays: np.ndarray) -> np.ndarray:
    """Pixels [N, 2] (centres at +0.5) at which a lens sees rays [N, 3] of its camera, or of its view of a panorama."""
    if lens.model == POLYNOMIAL:  # nerfstudio, camera_utils.py: one polynomial up to r^8
        k1, k2, p1, p2, k3, k4, *_ = lens.distortion
        x, y = (rays[:, :2] / rays[:, 2:]).T
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * (k3 + r2 * k4)))
        bent = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        fx, fy, cx, cy = lens.pinhole
        return np.stack([fx * bent[0] + cx, fy * bent[1] + cy], axis=1)
    if lens.view:
        rays = rays @ turned(lens.view).T
    return np.asarray(_camera(lens).img_from_cam(rays))


def _camera(lens: Lens) -> Any:
    import pycolmap

    params = [lens.width, lens.height] if lens.model == PANORAMA else [*lens.pinhole, *lens.distortion]
    return pycolmap.Camera(model=lens.model, width=lens.width, height=lens.height, params=params)


def _distortion(lens: Lens) -> np.ndarray:
    return np.array((*lens.distortion, *[0.0] * 8)[:8])


def _matrix(lens: Lens) -> np.ndarray:
    fx, fy, cx, cy = lens.pinhole
    return np.array([[fx, 0, cx - 0.5], [0, fy, cy - 0.5], [0, 0, 1]])  # cv2 has pixel centres at whole numbers
