"""Masks, depth maps and points beside photos: named by a pose file, or found in the folders that a source names.

Standard library only. A mask or depth map in a folder goes with the photo of the same name: `a/1.jpg` with `a/1.jpg.png` (as
COLMAP has it), `a/1.png`, or these without the folder `a`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from runtime.bound.source import Photos
from runtime.capture.exports.read import Poses
from runtime.files import MOST_FILES, Unfit, entries

DEPTH_SUFFIXES = (".png", ".tif", ".tiff", ".npy", ".exr")


@dataclass(frozen=True)
class Beside:
    """File of a photo -> what lies beside it; `points` are PLY files. `named` is what each is called in messages, None where it
    is not there."""

    masks: dict[Path, Path] = field(default_factory=dict)
    depths: dict[Path, Path] = field(default_factory=dict)
    sure: dict[Path, Path] = field(default_factory=dict)
    points: list[Path] = field(default_factory=list)
    named: dict[str, Path | None] = field(default_factory=dict)


def find_beside(source: Photos, folder: Path, photos: Mapping[str, Path], poses: Poses | None = None) -> Beside:
    """What lies beside photos, name -> file.

    Raises:
        OSError: a folder that the source names cannot be read.
    """
    found = Beside()
    if poses is not None:
        found.named.update(poses.beside())
        for frame in poses.frames:
            for kind, name in ((found.masks, frame.mask), (found.depths, frame.depth), (found.sure, frame.confidence)):
                path = found.named.get(name) if name else None
                if path is not None and frame.name in photos:
                    kind[photos[frame.name]] = path
        cloud = found.named.get(poses.points) if poses.points else None
        found.points.extend([cloud] if cloud is not None else [])
    for kind, place, suffixes in ((found.masks, source.masks, (".png",)), (found.depths, source.depths, DEPTH_SUFFIXES)):
        there = _listed(folder / place) if place is not None else set()
        for name, path in photos.items() if there else ():
            if match := next((n for n in _candidates(name, suffixes) if n in there), None):
                kind[path] = found.named[f"{place}/{match}"] = folder / str(place) / match
    if source.points is not None:
        cloud = folder / source.points
        found.named[source.points] = cloud if os.path.isfile(cloud) else None
        found.points.append(cloud)
    return found


def _candidates(name: str, suffixes: tuple[str, ...]) -> list[str]:
    whole = PurePosixPath(name)
    tails = [PurePosixPath(*whole.parts[i:]) for i in range(len(whole.parts))]
    return [f"{stem}{suffix}" for tail in tails for stem in (tail, tail.with_suffix("")) for suffix in suffixes]


def _listed(folder: Path) -> set[str]:
    """Names of the files below a folder, links to folders not followed."""
    found: set[str] = set()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        for entry in entries(folder / below):
            name = f"{below}/{entry.name}".removeprefix("/")
            if entry.is_dir(follow_symlinks=False):
                waiting.append(name)
            elif entry.is_file():
                found.add(name)
            if len(found) + len(waiting) > MOST_FILES:
                raise Unfit(27, f"it has more than {MOST_FILES:,} files")
    return found
