"""Photos of any lens to photos of a pinhole."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from runtime.capture.decode import decode
from runtime.capture.posed import Lens, PosedPhotos, Shot
from runtime.problem import InputError, Problem


def straight(lens: Lens) -> Lens:
    """The pinhole of the same size that shows (nearly) no pixel from outside the photo."""
    if not any(lens.distortion):
        return Lens(lens.width, lens.height, lens.pinhole)
    # alpha 0 keeps only pixels that the photo has
    matrix, _ = cv2.getOptimalNewCameraMatrix(_matrix(lens), _distortion(lens), (lens.width, lens.height), 0)
    view = (matrix[0, 0], matrix[1, 1], matrix[0, 2] + 0.5, matrix[1, 2] + 0.5)
    return Lens(lens.width, lens.height, tuple(map(float, view)))  # ty: ignore[invalid-argument-type]


def undistorted(posed: PosedPhotos, pinholes: Sequence[Lens]) -> Iterator[Shot]:
    """Each photo through its pinhole, with a mask where the photo does not reach."""
    maps: dict[tuple[Lens, Lens], tuple[np.ndarray, np.ndarray]] = {}
    for path, upright, whole, pinhole in zip(posed.paths, posed.upright, posed.lenses, pinholes, strict=True):
        size = pinhole.width, pinhole.height
        photo, lens, mask = read_photo(path, upright), whole.resized(*size), None
        if photo.shape[1::-1] != size:
            photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        if any(lens.distortion):
            if (lens, pinhole) not in maps:
                lenses = (_matrix(lens), _distortion(lens), np.eye(3), _matrix(pinhole))
                maps[lens, pinhole] = cv2.initUndistortRectifyMap(*lenses, size, cv2.CV_32FC1)
            x, y = maps[lens, pinhole]
            photo = cv2.remap(photo, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            # a pixel's share of what lies beyond the last one is smeared
            mask = (x > -1) & (y > -1) & (x < size[0]) & (y < size[1])
        yield Shot(photo, None if mask is None or mask.all() else mask)


def rays(lens: Lens, pixels: np.ndarray) -> np.ndarray:
    """Where rays through pixels [N, 2] (centres at +0.5) of a photo are at depth 1 in the camera's frame, [N, 2]."""
    steps = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    flat = np.asarray(pixels, np.float64).reshape(-1, 1, 2) - 0.5
    return cv2.undistortPointsIter(flat, _matrix(lens), _distortion(lens), np.eye(3), np.eye(3), steps).reshape(-1, 2)


def read_photo(path: Path, upright: bool) -> np.ndarray:
    """A photo as [H, W, 3] uint8 RGB; with `upright` its Exif orientation is applied.

    Raises:
        InputError: R211 when the file cannot be decoded.
    """
    photo = decode(path, upright)
    if photo is None:
        message = f"photo `{path.name}` cannot be decoded"
        raise InputError(Problem("R211", message, "copy the photo again, or remove it", "source.path"))
    return cv2.cvtColor(photo, cv2.COLOR_BGR2RGB)


def _distortion(lens: Lens) -> np.ndarray:
    return np.array((*lens.distortion, *[0.0] * 8)[:8])


def _matrix(lens: Lens) -> np.ndarray:
    fx, fy, cx, cy = lens.pinhole
    return np.array([[fx, 0, cx - 0.5], [0, fy, cy - 0.5], [0, 0, 1]])  # cv2 has pixel centres at whole numbers
