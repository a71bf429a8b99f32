"""Posed photos from a COLMAP model or any other pose file."""

from pathlib import Path

import numpy as np

from runtime.bound.source import Photos
from runtime.capture import files
from runtime.capture.colmap_model import ModelImage, read_model
from runtime.capture.exports.read import read_poses
from runtime.capture.image_header import read_header
from runtime.capture.posed import Lens, PosedPhotos


def read_posed(source: Photos, folder: Path) -> PosedPhotos:
    """Photos with the poses that `source.poses` names; `inspect_source` must have found nothing wrong."""
    return _from_colmap(source, folder) if source.poses == "colmap" else _from_file(source, folder)


def _from_file(source: Photos, folder: Path) -> PosedPhotos:
    poses = read_poses(source, folder)
    frames = sorted(poses.frames, key=lambda f: f.name)
    paths = [_there(poses.base, f.name) for f in frames]
    sizes = [_size(path) for path in paths]
    c2w = np.array([f.c2w for f in frames])
    c2w[:, :3, 1:3] *= -1  # OpenGL looks along -z with y up
    return PosedPhotos(
        paths=paths,
        names=[f.name for f in frames],
        lenses=[Lens(*size, f.intrinsics(*size), f.distortion) for f, size in zip(frames, sizes, strict=True)],
        upright=[False] * len(frames),
        c2w=c2w,
        up=None if poses.up is None else np.array(poses.up, float),
        offered=len(frames),
        held_out=[f.held_out for f in frames] if any(f.held_out for f in frames) else None,
        metric=poses.metric,
    )


def _from_colmap(source: Photos, folder: Path) -> PosedPhotos:
    place = files.colmap_folder(source, folder)
    assert place is not None
    model = read_model(place)
    paths = [_there(folder / source.images, i.name) for i in model.images]
    cameras = [model.cameras[i.camera_id] for i in model.images]
    lenses = [Lens(c.width, c.height, c.pinhole(), c.distortion()) for c in cameras]
    number = {point: n for n, point in enumerate(sorted(model.points))}
    cloud = np.array([model.points[p] for p in number]).reshape(-1, 6)
    seen = [(f, number[p]) for f, i in enumerate(model.images) for *_, p in i.points2d if p in number]
    return PosedPhotos(
        paths=paths,
        names=[i.name for i in model.images],
        lenses=[lens.resized(*_size(path)) for lens, path in zip(lenses, paths, strict=True)],
        upright=[False] * len(paths),
        c2w=np.stack([_c2w(i) for i in model.images]),
        xyz=cloud[:, :3],
        rgb=cloud[:, 3:].astype(np.uint8),
        seen=np.array(seen, np.int64).reshape(-1, 2),
        offered=len(paths),
    )


def _c2w(image: ModelImage) -> np.ndarray:
    w, x, y, z = np.array(image.qvec) / np.linalg.norm(image.qvec)
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    pose = np.eye(4)
    pose[:3, :3] = rotation.T
    pose[:3, 3] = -rotation.T @ np.array(image.tvec)
    return pose


def _there(folder: Path, name: str) -> Path:
    path = files.photo_path(folder, name)
    assert path is not None, name
    return path


def _size(path: Path) -> tuple[int, int]:
    header = read_header(path)
    return header.width, header.height
