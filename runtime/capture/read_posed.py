"""Posed photos from a COLMAP model or any other pose file."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from runtime.bound.source import Photos
from runtime.capture.beside import find_beside
from runtime.capture.colmap_model import Model, ModelError, ModelImage
from runtime.capture.image_header import read_header
from runtime.capture.lens import PANORAMA, VIEWS, fitted
from runtime.capture.named import Named, named
from runtime.capture.posed import PosedPhotos
from runtime.capture.transforms_file import TransformsError
from runtime.capture.undistort import turned
from runtime.problem import InputError, Problem


def read_posed(source: Photos, folder: Path) -> PosedPhotos:
    """Photos with the poses that `source.poses` names; `inspect_source` must have found nothing wrong.

    Raises:
        InputError: R214, the model has more than a check reads, and that is damaged.
    """
    try:
        found = named(source, folder, points=True)
    except (TransformsError, ModelError) as error:
        message = f"the pose file of `{source.path}` {error}"
        raise InputError(Problem("R214", message, error.help, "source.poses")) from error
    used = found.used
    fits = []
    for name, path in used.items():
        header = read_header(path)
        fits.append(fitted(found.cameras[name].lens(header), header))
    posed = PosedPhotos(
        paths=list(used.values()),
        names=list(used),
        lenses=[lens for lens, _ in fits],
        upright=[upright for _, upright in fits],
        c2w=np.tile(np.eye(4), (len(used), 1, 1)),
        offered=len(found.photos),
        beside=find_beside(source, folder, used, found.poses),
    )
    posed = _with_model(posed, found.model) if found.model else _with_file(posed, found)
    return _looked_round(posed) if any(lens.model == PANORAMA for lens in posed.lenses) else posed


def _with_file(posed: PosedPhotos, found: Named) -> PosedPhotos:
    assert found.poses is not None
    frames = {frame.name: frame for frame in found.poses.frames}
    c2w = np.array([frames[name].c2w for name in posed.names])
    c2w[:, :3, 1:3] *= -1  # OpenGL looks along -z with y up
    held_out = [frames[name].held_out for name in posed.names]
    up = None if found.poses.up is None else np.array(found.poses.up, float)
    return replace(posed, c2w=c2w, up=up, held_out=held_out if any(held_out) else None, metric=found.poses.metric)


def _with_model(posed: PosedPhotos, model: Model) -> PosedPhotos:
    there = set(posed.names)
    images = [image for image in model.images if image.name in there]
    number = {point: n for n, point in enumerate(sorted(model.points))}
    cloud = np.array([model.points[p] for p in number]).reshape(-1, 6)
    seen = [(f, number[p]) for f, i in enumerate(images) for *_, p in i.points2d if p in number]
    return replace(
        posed,
        c2w=np.stack([_c2w(image) for image in images]),
        xyz=cloud[:, :3],
        rgb=cloud[:, 3:].astype(np.uint8),
        seen=np.array(seen, np.int64).reshape(-1, 2),
    )


def _looked_round(posed: PosedPhotos) -> PosedPhotos:
    """Panoramas taken apart into the views of `VIEWS`, each as a photo of its own."""
    which = [(i, view) for i, lens in enumerate(posed.lenses) for view in (VIEWS if lens.model == PANORAMA else (None,))]
    origin = np.array([i for i, _ in which])
    c2w = posed.c2w[origin].copy()
    for pose, (_, view) in zip(c2w, which, strict=True):
        if view:
            pose[:3, :3] = pose[:3, :3] @ turned(view)
    points = [posed.seen[posed.seen[:, 0] == i, 1] for i in origin]
    seen = [np.stack([np.full(len(mine), n), mine], axis=1) for n, mine in enumerate(points)]
    return replace(
        posed,
        paths=[posed.paths[i] for i in origin],
        names=[posed.names[i] if view is None else f"{posed.names[i]} {view[0]:g} {view[1]:g}" for i, view in which],
        lenses=[replace(posed.lenses[i], view=view) for i, view in which],
        upright=[posed.upright[i] for i in origin],
        c2w=c2w,
        seen=np.concatenate(seen),
        held_out=None if posed.held_out is None else [posed.held_out[i] for i in origin],
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
