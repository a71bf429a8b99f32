"""From a source to cameras, photos and sparse points: one function per kind of source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from runtime.bound.source import HiddenSite, Photos
from runtime.capture import files, sfm
from runtime.capture.artifact import Cameras, Measured, write_shots
from runtime.capture.image_header import read_header
from runtime.capture.inspect_photos import MIN_PHOTOS
from runtime.capture.posed import Lens, PosedPhotos, Shot, SparsePoints
from runtime.capture.project import observe
from runtime.capture.read_posed import read_posed
from runtime.capture.scale import upright
from runtime.capture.undistort import read_photo, straight, undistorted
from runtime.capture.video import extract_photos
from runtime.problem import InputError, Problem

type Tell = Callable[[float, str], None]

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
    photos: Iterable[Shot]
    points: SparsePoints
    metrics: dict[str, float] = field(default_factory=dict)


def take_photos(source: Photos, folder: Path, width_px: int, matching: Matching, work: Path, tell: Tell) -> Taken:
    """Capture of real photos: poses read or estimated, one pinhole, sparse points read or triangulated.

    Args:
        work: an empty folder, for frames of a video until the photos are written. tell: is told the share done, and of what.

    Raises:
        InputError: R211 a photo cannot be decoded, R219 too few photos could be registered, R240 and R241 the scale cannot be
            measured as the source says.
    """
    if source.poses == "none":
        offered = _offered(source, folder, max(width_px, matching.feature_width_px), work, tell)
        tell(0.3, "finding cameras")
        posed, metrics = _estimate(source, offered, matching)
    else:
        posed, metrics = read_posed(source, folder), {}
    pinholes = [straight(lens.narrowed(width_px)) for lens in posed.lenses]
    if len(posed.xyz) < ENOUGH_POINTS:
        posed, metrics = _triangulate(posed, matching)
    points = observe(posed.xyz, posed.rgb, posed.seen, posed.c2w, pinholes)
    up, scale = upright(source, posed)
    cameras = Cameras(pinholes, posed.names, posed.c2w, up, scale, posed.held_out)
    metrics |= {"photos": posed.offered, "registered": len(posed.paths)}
    return Taken(cameras, undistorted(posed, pinholes), points, metrics)


def take_hidden_site(source: HiddenSite, width_px: int) -> Taken:
    """Photos of a hidden site, 4:3 and no wider than its camera's; positions come in metres and the photographer knows up."""
    from runtime.sim.site.photograph import PHOTO_WIDTH_PX, photograph

    width_px = min(width_px, PHOTO_WIDTH_PX)
    height_px = width_px * 3 // 4
    shot = photograph(source, width_px, height_px, source.photos)
    points = SparsePoints(shot.xyz, shot.rgb, shot.obs_frame, shot.obs_uv, shot.obs_depth)
    count, up = len(shot.photos), shot.up / np.linalg.norm(shot.up)
    lens = Lens(width_px, height_px, tuple(shot.K[[0, 1, 0, 1], [0, 1, 2, 2]].tolist()))
    cameras = Cameras(
        [lens] * count, [f"{i:06d}" for i in range(count)], shot.c2w, up, Measured("site", 1.0, 0.0, up_from="site")
    )
    metrics = {"photos": count, "registered": count}
    return Taken(cameras, map(Shot, shot.photos), points.kept_in_view(np.array((width_px, height_px))), metrics)


def _offered(source: Photos, folder: Path, width_px: int, work: Path, tell: Tell) -> dict[str, Path]:
    """Name -> file of the photos whose poses are sought; those of a video are named by its own name and the frame's number."""
    if source.video is None:
        return {name: folder / source.images / name for name in files.list_photos(folder / source.images)}
    video = folder / source.video
    found = extract_photos(video, work, width_px, source.frames, MIN_PHOTOS, lambda share, note: tell(0.3 * share, note))
    return {f"{video.name}#{index}": path for index, path in found}


def _estimate(source: Photos, offered: dict[str, Path], matching: Matching) -> tuple[PosedPhotos, dict[str, float]]:
    names, paths = list(offered), list(offered.values())
    with TemporaryDirectory() as temporary:
        shrunk, work = Path(temporary) / "photos", Path(temporary) / "work"
        work.mkdir()
        write_shots(shrunk, (_shrunk(path, matching.feature_width_px) for path in paths))
        guesses = [_guess(path, matching.feature_width_px) for path in paths]
        found = sfm.estimate_poses(shrunk, guesses, work, matching.max_features, matching.seed)
    registered = found.registered if found else []
    wanted = max(MIN_PHOTOS, int(np.ceil(matching.min_registered_fraction * len(paths))))
    if found is None or len(registered) < wanted:
        few = f"only {len(registered)} of the {len(paths)} photos"
        message = f"{few} of `{source.path}` could be registered, {wanted} are needed"
        help_ = "add photos between those that do not overlap, give poses, or lower `stages.capture.min_registered_fraction`"
        raise InputError(Problem("R219", message, help_, "source.path"))
    posed = PosedPhotos(
        paths=[paths[i] for i in registered],
        names=[names[i] for i in registered],
        lenses=found.lenses,
        upright=[True] * len(registered),
        c2w=found.c2w,
        xyz=found.xyz,
        rgb=found.rgb,
        seen=found.seen,
        offered=len(paths),
    )
    return posed, {"reprojection_px": found.reprojection_px}


def _shrunk(path: Path, width_px: int) -> Shot:
    """An upright copy of a photo, no wider than that, for feature detection."""
    photo = read_photo(path, upright=True)
    width = min(width_px, photo.shape[1])
    return Shot(cv2.resize(photo, (width, round(photo.shape[0] * width / photo.shape[1])), interpolation=cv2.INTER_AREA))


def _guess(path: Path, width_px: int) -> sfm.Guess:
    """What a photo's header says of the lens of `_shrunk`."""
    header = read_header(path)
    lens = Lens(*header.upright_size(), (0, 0, 0, 0)).narrowed(width_px)
    focal_px = header.focal_35mm / 36 * max(lens.width, lens.height)  # 36 mm: the long side of 35 mm film
    return sfm.Guess(lens.width, lens.height, focal_px or None)


def _triangulate(posed: PosedPhotos, matching: Matching) -> tuple[PosedPhotos, dict[str, float]]:
    pinholes = [straight(lens.narrowed(matching.feature_width_px)) for lens in posed.lenses]
    with TemporaryDirectory() as temporary:
        shots, work = Path(temporary) / "photos", Path(temporary) / "work"
        work.mkdir()
        write_shots(shots, undistorted(posed, pinholes))
        found = sfm.triangulate(shots, pinholes, work, posed.c2w, matching.neighbours, matching.max_features, matching.seed)
    if not len(found.xyz):
        message = "the photos share no points under the poses given"
        help_ = "check that poses and photos belong together and follow the conventions of the pose file"
        raise InputError(Problem("R219", message, help_, "source.poses"))
    kept = replace(posed, xyz=found.xyz, rgb=found.rgb, seen=found.seen)
    return kept, {"reprojection_px": found.reprojection_px}
