"""Record3D: the metadata of an unpacked `.r3d`, or of an "EXR + RGB" export.

`poses` holds qx qy qz qw tx ty tz, camera-to-world in OpenGL axes (ARKit: y up, metres); `K` is stored by columns;
`perFrameIntrinsicCoeffs`, where it is there, holds fx fy cx cy of each frame. Photos are `rgbd/N.jpg` or `rgb/N.jpg`. The
depth of an `.r3d` is compressed (LZFSE) and is not read; that of the export is (`depth/N.exr`).
Source: nerfstudio, process_data/record3d_utils.py; github.com/marek-simonik/record3d.
"""

import math
import os
from pathlib import Path
from typing import Any

from runtime.capture.exports.said import Said, number, pose
from runtime.capture.transforms_file import TransformsError, json_of
from runtime.files import entries

MOST_FRAMES = 300
"""Frames that are used, evenly spread: the app records 30 to 60 a second."""


def read_record3d(folder: Path) -> Said:
    """The frames of a folder with `metadata` or `metadata.json`.

    Raises:
        TransformsError: it is still packed, or lacks or garbles what is needed. OSError: something cannot be read.
    """
    path = next((folder / n for n in ("metadata", "metadata.json") if os.path.isfile(folder / n)), None)
    if path is None:
        packed = sorted(e.name for e in entries(folder) if e.name.lower().endswith(".r3d"))
        raise TransformsError(f"is packed: unzip `{packed[0]}` (it is a ZIP) here" if packed else "has no `metadata`")
    said = json_of(path)
    poses, lenses = said.get("poses"), said.get("perFrameIntrinsicCoeffs")
    if not isinstance(poses, list) or not poses:
        raise TransformsError("has no list `poses`")
    if not isinstance(lenses, list) or len(lenses) != len(poses):
        lenses = [_lens(said)] * len(poses)
    photos = "rgbd" if os.path.isdir(folder / "rgbd") else "rgb"
    step = max(len(poses) / MOST_FRAMES, 1.0)
    chosen = sorted({int(i * step) for i in range(min(len(poses), MOST_FRAMES))})
    size = {key: number(said.get(key), f"`{key}`") for key in ("w", "h") if key in said}
    frames = [_frame(folder, photos, i, poses[i], lenses[i]) | size for i in chosen]
    return Said({"up": [0.0, 1.0, 0.0], "frames": frames}, folder, (path,), metric=True)


def _lens(said: dict[str, Any]) -> list[Any]:
    columns = said.get("K")
    if not isinstance(columns, list) or len(columns) != 9:
        raise TransformsError("has no `K` of nine numbers")
    return [columns[0], columns[4], columns[6], columns[7]]


def _frame(folder: Path, photos: str, index: int, said: Any, lens: Any) -> dict[str, Any]:
    if not isinstance(said, list) or len(said) != 7 or not isinstance(lens, list) or len(lens) < 4:
        raise TransformsError(f"has a pose or lens of the wrong length in frame {index}")
    *quaternion, tx, ty, tz = [number(v, f"the pose of frame {index}") for v in said]
    norm = math.sqrt(sum(q * q for q in quaternion))
    if not 0.9 < norm < 1.1:
        raise TransformsError(f"has a pose that is no rotation in frame {index}")
    x, y, z, w = (q / norm for q in quaternion)
    rotation = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    found: dict[str, Any] = {"file_path": f"{photos}/{index}", "transform_matrix": pose(rotation, (tx, ty, tz), opencv=False)}
    found |= {key: number(v, f"the lens of frame {index}") for key, v in zip(("fl_x", "fl_y", "cx", "cy"), lens, strict=False)}
    if os.path.isfile(folder / "depth" / f"{index}.exr"):
        found["depth_file_path"] = f"depth/{index}.exr"
    return found
