"""From a source to cameras, photos and sparse points: one function per kind of source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from runtime.bound.source import HiddenSite, Photos
from runtime.capture import sfm
from runtime.capture.artifact import Cameras, Measured, write_shots
from runtime.capture.beside import find_beside
from runtime.capture.calibration import known_lens, of_photo
from runtime.capture.extra import with_extra
from runtime.capture.image_header import read_header
from runtime.capture.inspect_photos import MIN_PHOTOS
from runtime.capture.lens import Lens, quarters
from runtime.capture.named import named
from runtime.capture.posed import PosedPhotos, Shot, SparsePoints
from runtime.capture.project import observe
from runtime.capture.read_posed import read_posed
from runtime.capture.scale import upright
from runtime.capture.undistort import read_photo, straight, undistorted
from runtime.capture.video import extract_photos
from runtime.problem import InputError, Problem

type Tell = Callable[[float, str], None]

ENOUGH_POINTS = 50
"""A posed capture with fewer points than this gets its points triangulated."""
JUDGED = 12
"""Photos of a posed capture with points of its own that the poses are held against."""


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
        posed, metrics = _estimate(source, folder, offered, matching)
    else:
        posed, metrics = read_posed(source, folder), {}
    pinholes = [straight(lens, width_px) for lens in posed.lenses]
    if source.poses != "none":
        posed, metrics = _held_against_photos(source, posed, matching)
    up, scale = upright(source, posed)
    posed, scale = with_extra(posed, scale)
    points = observe(posed.xyz, posed.rgb, posed.seen, posed.c2w, pinholes)
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
        return named(source, folder).used
    video = folder / source.video
    found = extract_photos(video, work, width_px, source.frames, MIN_PHOTOS, lambda share, note: tell(0.3 * share, note))
    return {f"{video.name}#{index}": path for index, path in found}


def _estimate(source: Photos, folder: Path, offered: dict[str, Path], matching: Matching) -> tuple[PosedPhotos, dict[str, float]]:
    names, paths = list(offered), list(offered.values())
    beside, lens = find_beside(source, folder, offered), known_lens(source, folder)
    turns = _turns_left(paths)
    with TemporaryDirectory() as temporary:
        shrunk, work = Path(temporary) / "photos", Path(temporary) / "work"
        work.mkdir()
        upright = not any(turns)
        write_shots(shrunk, (_shrunk(p, matching.feature_width_px, upright, beside.masks.get(p)) for p in paths))
        guesses = [_guess(path, matching.feature_width_px, upright, lens) for path in paths]
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
        lenses=[lens.turned(turns[i]) for lens, i in zip(found.lenses, registered, strict=True)],
        upright=[True] * len(registered),
        c2w=np.stack([pose @ _rolled(turns[i]) for pose, i in zip(found.c2w, registered, strict=True)]),
        xyz=found.xyz,
        rgb=found.rgb,
        seen=found.seen,
        offered=len(paths),
        beside=beside,
    )
    return posed, {"reprojection_px": found.reprojection_px}


def _turns_left(paths: list[Path]) -> list[int]:
    """Quarters of a circle by which each photo is turned clockwise after its pose is estimated.

    Photos that share a lens share it as they are stored: where a camera was turned for some, they are turned afterwards.
    Else, and where some are mirrored, they are turned before.
    """
    turns = [quarters(read_header(path)) for path in paths]
    mixed = len(set(turns)) > 1 and None not in turns
    return [turn or 0 if mixed else 0 for turn in turns]


def _rolled(turns: int) -> np.ndarray:
    """[4, 4] from a camera whose picture is turned clockwise by quarters of a circle to the camera before."""
    return np.linalg.matrix_power(np.array([[0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), turns)


def _shrunk(path: Path, width_px: int, upright: bool, mask: Path | None) -> Shot:
    """A copy of a photo, no wider than that, for feature detection."""
    shot = read_photo(path, upright, mask)
    width = min(width_px, shot.rgb.shape[1])
    size = (width, round(shot.rgb.shape[0] * width / shot.rgb.shape[1]))
    used = None if shot.mask is None else cv2.resize(shot.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return Shot(cv2.resize(shot.rgb, size, interpolation=cv2.INTER_AREA), used)


def _guess(path: Path, width_px: int, upright: bool, known: Lens | None) -> sfm.Guess:
    """What is known, or a photo's header says, of the lens of `_shrunk`."""
    header = read_header(path)
    if known is not None:
        lens = of_photo(known, path.name, header, upright).narrowed(width_px)
        return sfm.Guess(lens.width, lens.height, None, lens)
    size = header.upright_size() if upright else (header.width, header.height)
    lens = Lens(*size, (0, 0, 0, 0)).narrowed(width_px)
    focal_px = header.focal_35mm / 36 * max(lens.width, lens.height)  # 36 mm: the long side of 35 mm film
    return sfm.Guess(lens.width, lens.height, focal_px or None)


def _held_against_photos(source: Photos, posed: PosedPhotos, matching: Matching) -> tuple[PosedPhotos, dict[str, float]]:
    """Posed photos with points that are triangulated where they came with few, and how well photos and poses agree.

    Raises:
        InputError: R219, the poses are not those of the photos.
    """
    given = len(posed.xyz) >= ENOUGH_POINTS
    some = posed.some(_together(posed.c2w)) if given else posed
    pinholes = [straight(lens, matching.feature_width_px) for lens in some.lenses]
    with TemporaryDirectory() as temporary:
        shots, work = Path(temporary) / "photos", Path(temporary) / "work"
        work.mkdir()
        write_shots(shots, undistorted(some, pinholes))
        found = sfm.triangulate(shots, pinholes, work, some.c2w, matching.neighbours, matching.max_features, matching.seed)
    agreed = found.agreement
    assert agreed is not None
    if agreed.wrong or not (given or len(found.xyz)):
        message = (
            f"photos and poses of `{source.path}` do not agree: {agreed.share:.0%} of {agreed.matches} features that two photos "
            f"share lie where the poses put them, and {len(found.xyz) / len(some.paths):.1f} points a photo could be triangulated"
        )
        help_ = (
            "see that poses and photos belong together, and that matrices are camera-to-world in the axes of the pose file; "
            "or have the poses estimated with `poses: none`"
        )
        raise InputError(Problem("R219", message, help_, "source.poses"))
    metrics = {"agreeing_fraction": agreed.share} if agreed.matches else {}
    if given:
        return posed, metrics
    return replace(posed, xyz=found.xyz, rgb=found.rgb, seen=found.seen), {"reprojection_px": found.reprojection_px, **metrics}


def _together(c2w: np.ndarray) -> list[int]:
    """A few photos that may show the same, to look at where all would take long."""
    near = sfm.nearest(c2w, JUDGED - 1)
    middle = len(near) // 2
    return sorted({middle, *map(int, near[middle])})
