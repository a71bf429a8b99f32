"""Which files a source stands for, without ever leaving its root."""

import os
from pathlib import Path, PurePosixPath

from runtime.bound.source import Photos, SplatFile
from runtime.capture.image_header import PHOTO_SUFFIXES
from runtime.files import entries, is_litter

MODEL_FOLDERS = ("sparse/0", "sparse", "colmap", "colmap_text", ".")
COLMAP_TEXT = ("cameras.txt", "images.txt", "points3D.txt")
COLMAP_BINARY = ("cameras.bin", "images.bin", "points3D.bin")


def locate(source: Photos | SplatFile, root_folder: Path) -> Path:
    """The capture folder (or PLY file) of a source below its root's folder, links unresolved so that
    `inspect_source` can tell whether one leaves the root."""
    return Path(os.path.abspath(root_folder)).joinpath(*PurePosixPath(source.path).parts)


def is_inside(name: str) -> bool:
    """Whether a relative name stays below its folder by its letters alone."""
    pure = PurePosixPath(name.replace("\\", "/"))
    return (
        "\0" not in name
        and not pure.is_absolute()
        and ".." not in pure.parts
        and ":" not in (pure.parts[0] if pure.parts else "")
    )


def stays_inside(folder: Path, path: Path) -> bool:
    """Whether a path, with every link followed, is still below `folder`."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def root_of(source: Photos | SplatFile, folder: Path) -> Path:
    """The folder of the source's root, or the capture folder where that is not below it."""
    parts = PurePosixPath(source.path).parts
    return folder.parents[len(parts) - 1] if parts and folder.parts[-len(parts) :] == parts else folder


def photo_path(folder: Path, name: str) -> Path | None:
    """The photo that a pose file calls `name`, or None; instant-ngp's writers may leave the suffix out."""
    found = (folder / f"{name}{suffix}" for suffix in ("", *PHOTO_SUFFIXES))
    return next((p for p in found if os.path.isfile(p)), None)


def list_photos(folder: Path) -> list[str]:
    """Names of the photos directly in a folder, in name order; those that begin with a dot are no photos.

    Raises:
        OSError: the folder cannot be read, or holds more files than are looked at.
    """
    return sorted(e.name for e in entries(folder) if e.name.lower().endswith(PHOTO_SUFFIXES) and not is_litter(e.name))


def colmap_folder(source: Photos, folder: Path) -> Path | None:
    """The folder of the COLMAP model: the one that the source names, or the first usual place that holds one."""
    places = (source.model,) if source.model else MODEL_FOLDERS
    for place in places:
        candidate = folder / place
        for names in (COLMAP_BINARY, COLMAP_TEXT):
            if all(os.path.isfile(candidate / name) for name in names):
                return candidate
    return None


def transforms_file(source: Photos, folder: Path) -> Path:
    """The `transforms.json` of a source."""
    return folder / (source.model or "transforms.json")
