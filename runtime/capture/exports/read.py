"""The poses of a source in any kind of pose file but a COLMAP model: frames, and the files that belong to them."""

import os
from dataclasses import dataclass
from pathlib import Path

from runtime.bound.source import Photos
from runtime.capture import files
from runtime.capture.exports.metashape import read_metashape
from runtime.capture.exports.polycam import read_polycam
from runtime.capture.exports.realityscan import read_csv, read_xmps
from runtime.capture.exports.record3d import read_record3d
from runtime.capture.exports.said import Said
from runtime.capture.exports.split import read_parts, split_files
from runtime.capture.transforms_file import TransformsError, TransformsFrame, frames_of, json_of
from runtime.files import entries, is_litter

NAMING = ("transforms", "polycam", "record3d")
"""Kinds of pose files that say where their photos are; those of the others are in the source's folder of photos."""


@dataclass(frozen=True)
class Poses:
    """Frames with names below `base`; `up` where the file states it; `files` are those that were read; `points` is a PLY."""

    frames: list[TransformsFrame]
    up: list[float] | None
    base: Path
    files: tuple[Path, ...]
    metric: bool
    points: str | None

    def beside(self) -> dict[str, Path | None]:
        """Masks, depth maps, their confidence and points: name -> file, None when it is not there."""
        named = [n for f in self.frames for n in (f.mask, f.depth, f.confidence) if n] + ([self.points] if self.points else [])
        return {name: self.base / name if os.path.isfile(self.base / name) else None for name in named if "\0" not in name}


def read_poses(source: Photos, folder: Path) -> Poses:
    """What the pose file of a source says.

    Raises:
        TransformsError: it is malformed, or there is none. OSError: it cannot be read.
    """
    said = _said(source, folder)
    frames, up = frames_of(said.content)
    points = said.content.get("ply_file_path")
    return Poses(frames, up, said.base, said.files, said.metric, points if isinstance(points, str) and points else None)


def described(source: Photos, folder: Path) -> str:
    """The pose file, in a message."""
    if source.poses == "transforms":
        split = [] if source.model else split_files(folder)
        return f"`{split[0].name}`" if split else f"`{files.transforms_file(source, folder).name}`"
    kind = {"polycam": "Polycam", "record3d": "Record3D", "metashape": "Metashape", "realityscan": "RealityScan"}
    return f"`{source.model}`" if source.model else f"the {kind.get(source.poses, 'COLMAP')} export"


def _said(source: Photos, folder: Path) -> Said:
    named = folder / source.model if source.model else None
    if source.poses == "polycam":
        return read_polycam(named or folder)
    if source.poses == "record3d":
        return read_record3d(named or folder)
    if source.poses == "metashape":
        if path := named or _only(folder, ".xml"):
            return read_metashape(path, source.images)
        raise TransformsError("has no file `*.xml`: name the one with the cameras with `model`")
    if source.poses == "realityscan":
        path = named or _only(folder, ".csv")
        return read_csv(path, source.images) if path else read_xmps(folder, source.images)
    if named is None and split_files(folder):
        return read_parts(folder)
    path = files.transforms_file(source, folder)
    return Said(json_of(path), path.parent, (path,))


def _only(folder: Path, suffix: str) -> Path | None:
    found = sorted(e.name for e in entries(folder) if e.name.lower().endswith(suffix) and not is_litter(e.name))
    if len(found) > 1:
        raise TransformsError(f"has {len(found)} files `*{suffix}`: name the one with the cameras with `model`")
    return folder / found[0] if found else None
