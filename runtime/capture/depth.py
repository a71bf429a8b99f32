"""Depth maps and point clouds beside photos, as further sparse points.

A depth map holds the depth along the optical axis: whole numbers are millimetres (Polycam, nerfstudio, most RGB-D sets), floats
metres. Few pixels of each are enough, for their neighbours say the same; those at edges are left out, where a sensor mixes what
is near with what is behind, and so are those that it is not sure of (ARKit's confidence below its highest).
"""

import os
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np

from runtime.capture.decode import MOST_BYTES
from runtime.capture.depth_header import MOST_PIXELS
from runtime.files import Unfit, read_file
from runtime.problem import InputError, Problem

PER_PHOTO = 150
"""Pixels of a depth map that become points."""
MOST_POINTS = 200_000
"""Of a cloud; of a larger one as many are drawn."""
LIDAR_M = 5.0
"""A phone's LiDAR sees no further; beyond, its depth is a guess (github.com/PolyCam/polyform, README.md)."""
EDGE = 0.05
"""Share by which the depths around a pixel may differ."""


def read_depth(path: Path) -> np.ndarray:
    """A depth map [H, W] float32 in metres, 0 where nothing is known: PNG or TIFF of 16 bits, NPY, EXR.

    Raises:
        InputError: R211 when the file is none of these.
    """
    try:
        raw = _npy(path) if path.suffix.lower() == ".npy" else _picture(path)
    except (OSError, ValueError, EOFError, BadZipFile, cv2.error):
        raw = None
    if raw is None or raw.ndim != 2 or not raw.size or raw.dtype.kind not in "uif" or raw.dtype.itemsize < 2:
        message = f"depth map `{path.name}` is no picture of 16-bit numbers, and no NPY or EXR of one"
        help_ = "export it again: millimetres as 16-bit PNG, or metres as NPY or EXR"
        raise InputError(Problem("R211", message, help_, "source.path"))
    metres = raw.astype(np.float32) * (1e-3 if raw.dtype.kind in "ui" else 1.0)
    return np.where(np.isfinite(metres) & (metres > 0), metres, 0).astype(np.float32)


def depth_pixels(depth: np.ndarray, sure: np.ndarray | None, furthest_m: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels [n, 2] (x, y as shares of the width and height) and depths [n] in metres of a map [H, W].

    `sure` [h, w] is the sensor's own confidence; only its highest level counts.
    """
    height, width = depth.shape
    known = (depth > 0) & (depth <= furthest_m)
    filled = np.where(known, depth, np.inf).astype(np.float32)
    near = cv2.erode(filled, np.ones((3, 3), np.uint8))
    far = cv2.dilate(np.where(known, depth, 0).astype(np.float32), np.ones((3, 3), np.uint8))
    flat = known & (far - near <= EDGE * depth)
    if sure is not None:
        flat &= cv2.resize(sure, (width, height), interpolation=cv2.INTER_NEAREST) == sure.max()
    places = np.flatnonzero(flat)
    chosen = np.sort(np.random.default_rng(seed).permutation(places)[:PER_PHOTO])
    y, x = np.divmod(chosen, width)
    return np.stack([(x + 0.5) / width, (y + 0.5) / height], axis=1), depth.ravel()[chosen]


def scale_of(shares: Sequence[np.ndarray], pairs: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """Metres per unit of a capture: the median over what its sparse points and depth maps both see, and its standard error
    as a share; None where they see too little together, or disagree."""
    ratios = np.concatenate([m / u for m, u in zip(shares, pairs, strict=True)]) if shares else np.zeros(0)
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    if len(ratios) < 30:
        return None
    middle = float(np.median(ratios))
    spread = 1.4826 * float(np.median(np.abs(ratios / middle - 1)))
    return (middle, spread / len(ratios) ** 0.5) if spread < 0.15 else None


def _npy(path: Path) -> np.ndarray | None:
    found = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(found) if isinstance(found, np.ndarray) and found.size <= MOST_PIXELS else None


def _picture(path: Path) -> np.ndarray | None:
    os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read when the first EXR is
    content = read_file(path, MOST_BYTES)
    if not content:
        raise Unfit(22, "it is empty")
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    return found[..., 0] if found is not None and found.ndim == 3 and found.dtype == np.float32 else found
