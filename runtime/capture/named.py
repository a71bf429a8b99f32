"""What a source of photos names: its photos, where they are, their lenses and poses. Standard library only, for a check
reads what the run reads."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runtime.bound.source import Photos
from runtime.capture import files
from runtime.capture.colmap_model import Model, model_files, read_model
from runtime.capture.exports.read import Poses, read_poses
from runtime.capture.image_header import PHOTO_SUFFIXES, PhotoHeader
from runtime.capture.lens import Lens
from runtime.files import entries, is_litter

PICTURES = frozenset(
    {".dng", ".raw", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".avif", ".jxl", ".jp2", ".bmp", ".gif", ".exr"}
    | {".hdr", ".ppm", ".pgm", ".psd", ".mov", ".mp4", ".m4v", ".avi", ".mkv", ".webm", ".3gp", ".insv", ".insp", ".360"}
)
"""Kinds of pictures and videos that are not read: whoever has them among the photos is told so."""


class Camera(Protocol):
    """What a pose file says of a photo's lens."""

    def lens(self, header: PhotoHeader) -> Lens:
        """The lens, for a photo with that header where the file states no size."""
        ...


@dataclass(frozen=True)
class Named:
    """The photos of a source, in name order, and the poses that are given for them."""

    photos: dict[str, files.Found]
    cameras: dict[str, Camera] = field(default_factory=dict)
    poses: Poses | None = None  # of a pose file that is no COLMAP model
    model: Model | None = None
    models: list[Path] = field(default_factory=list)  # folders of COLMAP models, the one that is read first

    @property
    def used(self) -> dict[str, Path]:
        """The photos that are there."""
        return {name: found.path for name, found in self.photos.items() if found.path}

    @property
    def absent(self) -> list[str]:
        """Photos that are named and not there."""
        return [name for name, found in self.photos.items() if found.path is None]


def named(source: Photos, folder: Path, points: bool = False) -> Named:
    """Read what a source names.

    Args:
        source, folder: as for `inspect_source`.
        points: also what the photos of a COLMAP model see of its points.

    Raises:
        TransformsError, ModelError: the pose file is malformed. OSError: something cannot be read.
    """
    base = folder / source.images
    if source.poses == "colmap":
        models = files.colmap_folders(source, folder)
        if not models:
            return Named({})
        model = read_model(models[0], points)
        cameras: dict[str, Camera] = {image.name: model.cameras[image.camera_id] for image in model.images}
        return Named(files.find_photos(folder, base, cameras), cameras, model=model, models=models)
    if source.video is not None:
        return Named({source.video: files.Found(folder / source.video)})
    if source.poses == "none":
        return Named({name: files.Found(base / name) for name in files.list_photos(base)})
    poses = read_poses(source, folder)
    frames = {f.name: f for f in sorted(poses.frames, key=lambda f: f.name)}
    return Named(files.find_photos(folder, poses.base, frames), dict(frames), poses)


def pose_files(found: Named) -> list[Path]:
    """The files that its poses were read from."""
    models = [model / name for model in found.models[:1] for name in model_files(model)]
    return [*found.poses.files, *models] if found.poses else models


def passed_over(folders: Iterable[Path], used: Iterable[Path]) -> tuple[list[str], list[str]]:
    """Names in `folders` of photos that are not among those `used`, and of pictures and videos of kinds that are not read.

    Raises:
        OSError: a folder cannot be listed.
    """
    taken = {os.path.basename(path) for path in used}
    names = sorted(e.name for folder in folders for e in entries(folder) if e.is_file() and not is_litter(e.name))
    photos = [name for name in names if name.lower().endswith(PHOTO_SUFFIXES) and name not in taken]
    return photos, [name for name in names if os.path.splitext(name)[1].lower() in PICTURES]
