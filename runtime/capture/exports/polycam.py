"""Polycam's raw data: a JSON for each keyframe, depth in millimetres and how sure it is.

Poses are camera-to-world in OpenGL axes, row by row without the last; the world's y axis is up, its unit the metre. Photos of
`corrected_images` go with `corrected_cameras`, and are there where the app optimised the poses.
Source: github.com/PolyCam/polyform, README.md, "Polycam's data format"; nerfstudio, process_data/polycam_utils.py.
"""

import os
from pathlib import Path
from typing import Any

from runtime.capture.exports.said import Said, number
from runtime.capture.transforms_file import TransformsError, json_of
from runtime.files import entries, is_litter


def read_polycam(folder: Path) -> Said:
    """All keyframes below a folder that was exported, or below its `keyframes`.

    Raises:
        TransformsError: no keyframes, or one that lacks a number. OSError: something cannot be read.
    """
    frames = folder / "keyframes" if os.path.isdir(folder / "keyframes") else folder
    kind = next((k for k in ("corrected_", "") if os.path.isdir(frames / f"{k}cameras")), None)
    if kind is None:
        raise TransformsError("has no folder `keyframes/corrected_cameras` or `keyframes/cameras`")
    found = sorted(e.name for e in entries(frames / f"{kind}cameras") if e.name.endswith(".json") and not is_litter(e.name))
    paths = tuple(frames / f"{kind}cameras" / name for name in found)
    if not paths:
        raise TransformsError(f"has no cameras in `{kind}cameras`")
    return Said({"up": [0.0, 1.0, 0.0], "frames": [_frame(frames, kind, p) for p in paths]}, frames, paths, metric=True)


def _frame(frames: Path, kind: str, path: Path) -> dict[str, Any]:
    said = json_of(path)

    def value(key: str) -> float:
        return number(said.get(key), f"`{key}` in `{path.name}`")

    found: dict[str, Any] = {
        "file_path": f"{kind}images/{path.stem}",
        "transform_matrix": [[value(f"t_{i}{j}") for j in range(4)] for i in range(3)],
        **{ours: value(theirs) for ours, theirs in (("fl_x", "fx"), ("fl_y", "fy"), ("w", "width"), ("h", "height"))},
        **{key: value(key) for key in ("cx", "cy")},
    }
    for key, place in (("depth_file_path", "depth"), ("confidence_path", "confidence")):
        if os.path.isfile(frames / place / f"{path.stem}.png"):
            found[key] = f"{place}/{path.stem}.png"
    return found
