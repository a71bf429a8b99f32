"""From a source to cameras, photos and sparse points: one function per kind of source."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from runtime.bound.source import HiddenSite, Photos
from runtime.capture import files, sfm
from runtime.capture.artifact import Cameras, write_photo, write_photos
from runtime.capture.image_header import read_header
from runtime.capture.inspect_photos import MIN_PHOTOS
from runtime.capture.posed import PosedPhotos, SparsePoints
from runtime.capture.project import observe
from runtime.capture.read_posed import read_posed
from runtime.capture.undistort import read_photo, shared_pinhole, undistorted
from runtime.capture.world_up import estimate_up
from runtime.problem import InputError, Problem

ENOUGH_POINTS = 50
"""A posed capture with fewer points than this gets its points triangulated."""


@dataclass(frozen=True)
class Matching:
    """How features are found and matched; see the capture stage's parameters of the same names."""

    feature_width_px: int
    max_features: int
    neighbours: int
    min_registered_fraction: float
    seed: int


@dataclass(frozen=True)
class Taken:
    """A capture ready to be written."""

    cameras: Cameras
    photos: Iterable[np.ndarray]  # of [H, W, 3] uint8 RGB
    points: SparsePoints
    metrics: dict[str, float] = field(default_factory=dict)


def take_photos(source: Photos, folder: Path, width_px: int, matching: Matching) -> Taken:
    """Capture of real photos: poses read or estimated, one pinhole, sparse points read or triangulated.

    Raises:
        InputError: R211 a photo cannot be decoded, R219 too few photos could be registered.
    """
    if source.poses == "none":
        posed, metrics = _estimate(source, folder, matching)
    else:
        posed, metrics = read_posed(source, folder), {}
    width = min(width_px, posed.width)
    height = round(posed.height * width / posed.width)
    pinhole = shared_pinhole(posed, width, height)
    if len(posed.xyz) < ENOUGH_POINTS:
        posed, metrics = _triangulate(posed, matching)
    points = observe(posed.xyz, posed.rgb, posed.seen, posed.c2w, pinhole, (width, height))
    up = source.up if source.up is not None else posed.up
    up = estimate_up(posed.c2w) if up is None else np.asarray(up, float) / np.linalg.norm(up)
    cameras = Cameras(width, height, pinhole, posed.c2w, up, source.scale_m_per_unit)
    metrics |= {"photos": posed.offered, "registered": len(posed.paths)}
    return Taken(cameras, undistorted(posed, pinhole, width, height), points, metrics)


def take_hidden_site(source: HiddenSite, width_px: int) -> Taken:
    """Photos of a hidden site, 4:3; positions come in metres and the photographer knows up."""
    from runtime.sim.site.photograph import photograph

    height_px = width_px * 3 // 4
    shot = photograph(source, width_px, height_px, source.photos)
    points = SparsePoints(shot.xyz, shot.rgb, shot.obs_frame, shot.obs_uv, shot.obs_depth)
    pinhole, up = shot.K[[0, 1, 0, 1], [0, 1, 2, 2]], shot.up / np.linalg.norm(shot.up)
    cameras = Cameras(width_px, height_px, pinhole, shot.c2w, up, 1.0)
    metrics = {"photos": len(shot.photos), "registered": len(shot.photos)}
    return Taken(cameras, shot.photos, points.kept_in_view(width_px, height_px), metrics)


def _estimate(source: Photos, folder: Path, matching: Matching) -> tuple[PosedPhotos, dict[str, float]]:
    base = folder / source.images
    paths = [base / name for name in files.list_photos(base)]
    with TemporaryDirectory() as temporary:
        shrunk, work = Path(temporary) / "photos", Path(temporary) / "work"
        shrunk.mkdir()
        work.mkdir()
        width, height = _shrink(paths, shrunk, matching.feature_width_px)
        names = sorted(p.name for p in shrunk.iterdir())
        focal_35mm = read_header(paths[0]).focal_35mm
        focal_px = focal_35mm / 36 * max(width, height) if focal_35mm else None  # 36 mm: the long side of 35 mm film
        found = sfm.estimate_poses(shrunk, names, work, focal_px, matching.max_features, matching.seed)
    registered = found.registered if found else []
    wanted = max(MIN_PHOTOS, int(np.ceil(matching.min_registered_fraction * len(paths))))
    if found is None or len(registered) < wanted:
        few = f"only {len(registered)} of the {len(paths)} photos"
        message = f"{few} of `{source.path}` could be registered, {wanted} are needed"
        help_ = "add photos between those that do not overlap, give poses, or lower `stages.capture.min_registered_fraction`"
        raise InputError(Problem("R219", message, help_, "source.path"))
    count = len(registered)
    posed = PosedPhotos(
        paths=[paths[i] for i in registered],
        upright=True,
        width=width,
        height=height,
        pinhole=np.tile(found.pinhole, (count, 1)),
        distortion=np.tile(found.distortion, (count, 1)),
        c2w=found.c2w,
        xyz=found.xyz,
        rgb=found.rgb,
        seen=found.seen,
        offered=len(paths),
    )
    return posed, {"reprojection_px": found.reprojection_px}


def _shrink(paths: list[Path], folder: Path, width_px: int) -> tuple[int, int]:
    """Write upright copies of a width for feature detection; returns their size."""
    width = height = 0
    for i, path in enumerate(paths):
        photo = read_photo(path, upright=True)
        width = min(width_px, photo.shape[1])
        height = round(photo.shape[0] * width / photo.shape[1])
        photo = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        write_photo(folder / f"{i:06d}.png", photo)
    return width, height


def _triangulate(posed: PosedPhotos, matching: Matching) -> tuple[PosedPhotos, dict[str, float]]:
    width = min(matching.feature_width_px, posed.width)
    height = round(posed.height * width / posed.width)
    pinhole = shared_pinhole(posed, width, height)
    with TemporaryDirectory() as temporary:
        shots, work = Path(temporary) / "photos", Path(temporary) / "work"
        shots.mkdir()
        work.mkdir()
        count = write_photos(shots, undistorted(posed, pinhole, width, height))
        names = [f"{i:06d}.png" for i in range(count)]
        found = sfm.triangulate(shots, names, work, pinhole, posed.c2w, matching.neighbours, matching.max_features, matching.seed)
    if not len(found.xyz):
        message = "the photos share no points under the poses given"
        help_ = "check that poses and photos belong together and follow the conventions of the pose file"
        raise InputError(Problem("R219", message, help_, "source.poses"))
    kept = replace(posed, xyz=found.xyz, rgb=found.rgb, seen=found.seen)
    return kept, {"reprojection_px": found.reprojection_px}
