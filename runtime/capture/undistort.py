"""Photos of any lens to photos of one pinhole of one size."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from runtime.capture.posed import PosedPhotos
from runtime.problem import InputError, Problem


def shared_pinhole(posed: PosedPhotos, width: int, height: int) -> np.ndarray:
    """One pinhole [4] (fx, fy, cx, cy; pixels of the given size, centres at +0.5) that shows no pixel from outside any
    photo: the tightest over the photos' lenses."""
    lenses = np.unique(np.hstack([_scaled(posed, width, height), posed.distortion]), axis=0)
    views = []
    for lens in lenses:
        if not lens[4:].any():
            views.append(lens[:4])
            continue
        # alpha 0 keeps only pixels that the photo has
        matrix, _ = cv2.getOptimalNewCameraMatrix(_matrix(lens), lens[4:], (width, height), 0)
        views.append([matrix[0, 0], matrix[1, 1], matrix[0, 2] + 0.5, matrix[1, 2] + 0.5])
    views = np.array(views)
    return np.concatenate([views[:, :2].max(0), np.median(views[:, 2:], axis=0)])


def undistorted(posed: PosedPhotos, pinhole: np.ndarray, width: int, height: int) -> Iterator[np.ndarray]:
    """Each photo as [height, width, 3] uint8 RGB through the shared pinhole."""
    scaled = _scaled(posed, width, height)
    maps: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
    for path, lens, distortion in zip(posed.paths, scaled, posed.distortion, strict=True):
        photo = read_photo(path, posed.upright)
        if photo.shape[1] != width or photo.shape[0] != height:
            photo = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        if distortion.any() or not np.allclose(lens, pinhole, rtol=0, atol=1e-3):
            key = np.concatenate([lens, distortion]).tobytes()
            if key not in maps:
                lenses = (_matrix(lens), distortion, np.eye(3), _matrix(pinhole))
                maps[key] = cv2.initUndistortRectifyMap(*lenses, (width, height), cv2.CV_32FC1)
            photo = cv2.remap(photo, *maps[key], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        yield photo


def read_photo(path: Path, upright: bool) -> np.ndarray:
    """A photo as [H, W, 3] uint8 RGB; with `upright` its Exif orientation is applied.

    Raises:
        InputError: R211 when the file cannot be decoded.
    """
    flags = cv2.IMREAD_COLOR if upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    photo = cv2.imread(str(path), flags)
    if photo is None:
        message = f"photo `{path.name}` cannot be decoded"
        raise InputError(Problem("R211", message, "copy the photo again, or remove it", "source.path"))
    return cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)


def _scaled(posed: PosedPhotos, width: int, height: int) -> np.ndarray:
    return posed.pinhole * np.array([width / posed.width, height / posed.height] * 2)


def _matrix(lens: np.ndarray) -> np.ndarray:
    fx, fy, cx, cy = lens[:4]
    return np.array([[fx, 0, cx - 0.5], [0, fy, cy - 0.5], [0, 0, 1]])  # cv2 has pixel centres at whole numbers
