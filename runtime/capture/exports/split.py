"""`transforms.json`, or one file each for training and test, as NeRF-synthetic and instant-ngp have them.

Frames of `transforms_test.json` and `transforms_val.json` are held out, and so are those that a file lists under
`test_filenames` or `val_filenames` (nerfstudio). `applied_transform` was applied to poses and points already, `aabb_scale`,
`scale` and `offset` are for a program's own box: neither moves anything here.
Source: docs.nerf.studio, "data conventions"; nerfstudio, data/dataparsers/nerfstudio_dataparser.py;
github.com/NVlabs/instant-ngp, docs/nerf_dataset_tips.md.
"""

import os
from pathlib import Path
from typing import Any

from runtime.capture.exports.said import Said
from runtime.capture.transforms_file import TransformsError, json_of

PARTS = ("train", "val", "test")


def split_files(folder: Path) -> list[Path]:
    """The files of training and test in a folder that has no `transforms.json`."""
    if os.path.isfile(folder / "transforms.json"):
        return []
    return [p for p in (folder / f"transforms_{part}.json" for part in PARTS) if os.path.isfile(p)]


def read_parts(folder: Path) -> Said:
    """One list of the frames of all parts, each with what its own file says of all; a frame that comes twice counts once,
    as one of the first.

    Raises:
        TransformsError: a part has no frames. OSError: it cannot be read.
    """
    frames: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    found = tuple(split_files(folder))
    for path in found:
        said = json_of(path)
        listed = said.pop("frames", None)
        if not isinstance(listed, list) or not all(isinstance(f, dict) for f in listed):
            raise TransformsError(f"has no list `frames` in `{path.name}`")
        for frame in listed:
            frames.setdefault(str(frame.get("file_path")), {**said, **frame, "held_out": path.stem != "transforms_train"})
        whole = {**said, **whole}
    return Said({**whole, "frames": list(frames.values())}, folder, found)
