""".splat, the format of antimatter15's viewer: 32 bytes a Gaussian, no header, no view-dependent colour.

Position and scale as float32, then bytes: colour, opacity, quaternion (wxyz). Precision: 1/255 in colour and opacity, 1/128
in a component of the quaternion. Source: github.com/antimatter15/splat, convert.py.
"""

import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.files import open_file
from runtime.splat.ply_header import LARGEST_LOG_SCALE, MOST_GAUSSIANS, bad_ply, overflow, too_many

if TYPE_CHECKING:
    from runtime.splat.formats.raw import Raw

ROW_BYTES = 32
_LOOKED_AT_ROWS = 1 << 20


def check(path: Path) -> None:
    """Raises InputError (R215, R216, R220) for a file that is no .splat, of which it looks at a million rows at most."""
    count, over = divmod(path.stat().st_size, ROW_BYTES)
    if over:
        raise bad_ply(path, f"is not of whole rows of {ROW_BYTES} bytes", "copy or export the file again")
    if not count:
        raise bad_ply(path, "has no Gaussians", "train or export the splat again", "R216")
    if count > MOST_GAUSSIANS:
        raise too_many(path, count)
    with open_file(path) as file:
        rows = struct.iter_unpack("<12x3f8x", file.read(ROW_BYTES * min(count, _LOOKED_AT_ROWS)))
        negative = False
        for row in rows:
            if max(row) > math.exp(LARGEST_LOG_SCALE):
                raise overflow(path)
            negative |= min(row) < 0
    if negative:
        raise bad_ply(path, "holds sizes below zero, and is no .splat", "name the file after its format, or export it again")


def read(path: Path) -> "Raw":
    """Gaussians of a .splat file."""
    import numpy as np

    from runtime.splat.formats.raw import Raw
    from runtime.splat.gaussians import rgb_to_sh

    row = np.dtype([("xyz", "<f4", 3), ("scale", "<f4", 3), ("rgb", "u1", 3), ("opacity", "u1"), ("wxyz", "u1", 4)])
    rows: np.ndarray = np.fromfile(path, row)
    opacity = rows["opacity"].astype(np.float32) / 255
    with np.errstate(divide="ignore", invalid="ignore"):
        logits, log_scales = np.log(opacity) - np.log1p(-opacity), np.log(rows["scale"])
    sh = rgb_to_sh(rows["rgb"].astype(np.float32) / 255)[:, None]
    return Raw(rows["xyz"], (rows["wxyz"].astype(np.float32) - 128) / 128, log_scales, logits, sh)
