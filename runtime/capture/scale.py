"""How many metres a unit of a capture is, and which way is up, from what its source says that they are measured by."""

from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from runtime.bound.scale import DistanceScale, GpsScale, HeightScale, MarkerScale, PosesScale
from runtime.bound.source import Photos
from runtime.capture.artifact import Measured
from runtime.capture.markers import Detector, Sighting, Square, corners_of, fit_squares, other_dictionary
from runtime.capture.noted import Noted, metres, read_noted
from runtime.capture.posed import PosedPhotos
from runtime.capture.support import estimate_support
from runtime.capture.undistort import rays, read_photo
from runtime.capture.world_up import estimate_up
from runtime.problem import InputError, Problem

SMALLEST = 1e-9
"""Metres per unit of which nothing can be made."""
MOST_ERROR = 0.1
"""Relative standard error beyond which a scale is not known."""
CLICK_PX = 1.0
"""Standard error of a point that a person marks in a photo."""
MOST_OFF = 0.01
"""Distance of a marked point to where the other photos put it, as a share of the focal length, beyond which it is another."""
GRAVITY_DEG = 5.0
"""Angle from their common direction beyond which the photos' gravities are not one."""
STRETCHES = 5
LOOKED_AT = 4
"""Photos that are searched for other dictionaries where there is no marker."""
LEVEL_DEG = 8.0
"""Angle between the normals of markers that are said to be flat beyond which they are not."""


def upright(source: Photos, posed: PosedPhotos) -> tuple[np.ndarray, Measured]:
    """Up [3], unit length, and the scale. Up is the first that there is: the spec's, that of level markers, the pose file's,
    that of gravity in the photos' Exif, the one that the cameras suggest.

    Raises:
        InputError: R240 the scale cannot be measured by what the source says, R241 measures disagree.
    """
    noted = [read_noted(path, turned) for path, turned in zip(posed.paths, posed.upright, strict=True)]
    up, origin = _first_up(source, posed, noted)
    scale = measure_scale(source, posed, up, noted)
    if source.up is None and scale.up is not None:
        up, origin = scale.up, "markers"
    return up, replace(scale, up_from=origin)


def _first_up(source: Photos, posed: PosedPhotos, noted: list[Noted]) -> tuple[np.ndarray, str]:
    for said, origin in ((source.up, "spec"), (posed.up, "poses")):
        if said is not None:
            return np.asarray(said, float) / np.linalg.norm(said), origin
    guess = estimate_up(posed.c2w)
    felt = _by_gravity(posed, noted, guess)
    return (guess, "cameras") if felt is None else (felt, "gravity")


def _by_gravity(posed: PosedPhotos, noted: list[Noted], guess: np.ndarray) -> np.ndarray | None:
    """Up as accelerometers felt it, where most photos note it and agree; which way along the line, the cameras tell."""
    lines = [c2w[:3, :3] @ n.vertical for c2w, n in zip(posed.c2w, noted, strict=True) if n.vertical is not None]
    if len(lines) < max(3, len(noted) / 2):
        return None
    up = np.median(lines, axis=0)
    length = float(np.linalg.norm(up))
    off = np.degrees(np.arccos(np.clip(lines @ up / max(length, 1e-9), -1, 1)))
    if np.median(off) > GRAVITY_DEG:
        return None  # a phone whose axes are others, or poses that do not fit
    return up / length * (1 if up @ guess > 0 else -1)


def measure_scale(source: Photos, posed: PosedPhotos, up: np.ndarray, noted: list[Noted]) -> Measured:
    """Scale of a capture of photos; `up` [3] is the best guess without markers. Raises as `upright`."""
    how = source.scale
    if how is None:
        if source.scale_m_per_unit is not None:
            return Measured("stated", source.scale_m_per_unit)
        return Measured("poses", 1.0) if posed.metric else Measured("unknown")
    if isinstance(how, PosesScale):
        return Measured("poses", 1.0)
    if isinstance(how, HeightScale):
        return _checked(_by_height(how, posed, up))
    if isinstance(how, GpsScale):
        return _checked(_by_gps(posed, up, noted))
    if isinstance(how, DistanceScale):
        return _checked(_by_points(how) if how.points else _by_seen(how, source, posed))
    return _checked(_by_markers(how, source, posed))


def _checked(measured: Measured) -> Measured:
    error, scale = measured.relative_error or 0.0, measured.m_per_unit or 0.0
    if not (error <= MOST_ERROR and SMALLEST < scale < 1 / SMALLEST):  # nor if one is no number
        wide = f"is known only to {error:.0%} (standard error)"
        message = f"the scale {wide if error > MOST_ERROR else f'comes out as {scale:g} metres per unit'}"
        help_ = "show what it is measured by in more photos, larger, and from more sides"
        raise InputError(Problem("R240", message, help_, "source.scale"))
    return measured


def _by_height(how: HeightScale, posed: PosedPhotos, up: np.ndarray) -> Measured:
    try:
        support = estimate_support(posed.xyz, posed.c2w, up, 1.0)
    except ValueError as error:
        help_ = "measure the scale by something else"
        raise InputError(Problem("R240", f"no support to measure from: {error}", help_, "source.scale")) from None
    heights = (posed.c2w[:, :3, 3] - support.origin) @ support.rotation[:, 2]
    middle, count = float(np.median(heights)), len(heights)
    if middle <= 0:
        help_ = "state `up`, or measure the scale by something else"
        raise InputError(Problem("R240", "the cameras are not above the support", help_, "source.scale"))
    spread = 1.4826 * float(np.median(np.abs(heights - middle)))  # of a normal distribution, robustly
    error = spread / middle * np.sqrt(np.pi / 2 / count)  # standard error of a median
    return Measured("camera_height", how.height_m / middle, float(error), metrics={"camera_height_spread": spread / middle})


def _by_gps(posed: PosedPhotos, up: np.ndarray, noted: list[Noted]) -> Measured:
    """Horizontal similarity from cameras to GPS (least squares, Huber weights). GPS errs alike for minutes: the standard error is
    a jackknife over stretches of photos that follow one another (Kuensch 1989)."""
    known = [i for i, n in enumerate(noted) if n.place is not None]
    if len(known) < 2 * STRETCHES:
        message = f"{len(known)} of the {len(noted)} photos note GPS, {2 * STRETCHES} are needed"
        raise InputError(Problem("R240", message, "measure the scale by something else", "source.scale"))
    east, north = metres(np.array([noted[i].place for i in known])).T
    first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    first /= np.linalg.norm(first)
    place = posed.c2w[known, :3, 3]
    seen, gps = place @ first + 1j * (place @ np.cross(up, first)), east + 1j * north
    scale, off_m = _similarity(seen, gps)
    parts = np.array_split(np.arange(len(known)), STRETCHES)
    without = [_similarity(np.delete(seen, part), np.delete(gps, part))[0] for part in parts]
    error = np.sqrt((STRETCHES - 1) / STRETCHES * ((np.array(without) - scale) ** 2).sum())
    return Measured("gps", scale, float(error / max(scale, 1e-12)), metrics={"gps_off_m": off_m, "gps_photos": len(known)})


def _similarity(seen: np.ndarray, gps: np.ndarray) -> tuple[float, float]:
    """Scale of the similarity between points of two planes (complex), and the median distance that stays."""
    weight = np.ones(len(seen))
    scale, off = 0.0, np.zeros(len(seen))
    for _ in range(20):
        a = seen - (weight * seen).sum() / weight.sum()
        b = gps - (weight * gps).sum() / weight.sum()
        turn = (weight * a.conj() * b).sum() / max(float((weight * abs(a) ** 2).sum()), 1e-12)
        off, scale = abs(b - turn * a), float(abs(turn))
        weight = np.minimum(1.0, 2 * np.median(off) / np.maximum(off, 1e-12))
    return scale, float(np.median(off))


def _by_points(how: DistanceScale) -> Measured:
    a, b = np.array(how.points, float)
    return Measured("distance", how.length_m / float(np.linalg.norm(a - b)))


def _by_seen(how: DistanceScale, source: Photos, posed: PosedPhotos) -> Measured:
    """Both ends triangulated; their errors follow from how well people click."""
    found, marked = [], []
    for i, seen in enumerate(how.seen or ()):
        named = [j for j, name in enumerate(posed.names) if seen.photo in (name, PurePosixPath(name).name)]
        if not named:
            message = f"photo `{seen.photo}` of the distance is not among the {len(posed.names)} photos with poses"
            raise InputError(Problem("R240", message, "name another photo that shows both ends", f"source.scale.seen.{i}.photo"))
        found.append(named[0])
        photo = read_photo(posed.paths[named[0]], posed.upright[named[0]]).rgb
        lens = posed.lenses[named[0]].resized(photo.shape[1], photo.shape[0])
        marked.append(rays(lens, np.array([seen.a, seen.b])))
    poses, focal = posed.c2w[found], np.array([posed.lenses[j].pinhole[0] for j in found])
    flat = np.stack(marked)  # [P, 2, 2]
    along = np.einsum("pij,pkj->pki", poses[:, :3, :3], np.concatenate([flat, np.ones((*flat.shape[:2], 1))], 2))
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    across = np.eye(3) - along[..., :, None] * along[..., None, :]
    weight = np.ones(flat.shape[:2])
    ends = np.zeros((2, 3))
    for _ in range(3):  # a ray's distance to a point is an angle times the point's distance
        total = np.einsum("pk,pkij->kij", weight, across) + 1e-12 * weight.sum(0)[:, None, None] * np.eye(3)
        ends = np.linalg.solve(total, np.einsum("pk,pkij,pj->ki", weight, across, poses[:, :3, 3])[..., None])[..., 0]
        away = np.linalg.norm(ends - poses[:, None, :3, 3], axis=2)
        weight = (focal[:, None] / away / CLICK_PX) ** 2
    off = np.linalg.norm(np.einsum("pkij,pkj->pki", across, ends - poses[:, None, :3, 3]), axis=2) / away
    if (worst := float(off.max())) > MOST_OFF:
        i = int(off.max(1).argmax())
        name, far = (how.seen or [])[i].photo, float(np.degrees(worst))
        message = f"the ends of the distance in `{name}` miss those of the other photos by {far:.1f} degrees"
        help_ = "mark the same two points in each photo: pixels from the left and top, as the poses take the photo"
        raise InputError(Problem("R240", message, help_, f"source.scale.seen.{i}"))
    line = ends[1] - ends[0]
    length = float(np.linalg.norm(line))
    variance = line @ np.linalg.inv(total).sum(0) @ line / length**2
    return Measured("distance", how.length_m / length, float(np.sqrt(variance)) / length)


def _by_markers(how: MarkerScale, source: Photos, posed: PosedPhotos) -> Measured:
    detector, sightings = Detector(how), []
    for i, (path, upright) in enumerate(zip(posed.paths, posed.upright, strict=True)):
        photo = read_photo(path, upright).rgb
        lens = posed.lenses[i].resized(photo.shape[1], photo.shape[0])
        for marker, edges in detector(photo):
            corners = corners_of(rays(lens, edges.reshape(-1, 2)).reshape(edges.shape))
            if not np.isfinite(corners).all():  # of a panorama
                continue
            side_px = lens.pinhole[0] * float(np.linalg.norm(corners - np.roll(corners, 1, 0), axis=1).mean())
            sightings.append(Sighting(marker, i, corners, side_px, lens.pinhole[0]))
    squares = {s.marker: s for s in fit_squares(sightings, posed.c2w)}
    labels, values, errors = _measures(how, squares)
    if not values:
        raise InputError(_none_found(how, source, posed, sightings, squares))
    value, error, spread = _together(how, source, labels, np.array(values), np.array(errors))
    flat = [s for s in squares.values() if how.is_flat(s.marker)]
    seen = sum(s.photos for s in squares.values())
    left_out = len({s.marker for s in sightings}) - len(squares)
    metrics = {"markers": len(squares), "markers_left_out": left_out, "marker_sightings": seen, "scale_spread": spread}
    return Measured("markers", value, error, _up(source, flat) if flat else None, metrics)


def _measures(how: MarkerScale, squares: dict[int, Square]) -> tuple[list[str], list[float], list[float]]:
    """What each marker and each distance between two gives: a label, metres per unit, the relative standard error."""
    labels, values, errors = [], [], []
    for square in squares.values():
        if (size := how.size_of(square.marker)) is not None:
            labels.append(f"marker {square.marker}")
            values.append(size / square.side)
            errors.append(square.side_error / square.side)
    for apart in how.apart:
        if all(i in squares for i in apart.ids):
            a, b = (squares[i] for i in apart.ids)
            units = float(np.linalg.norm(a.center - b.center))
            labels.append(f"{apart.ids[0]} to {apart.ids[1]}")
            values.append(apart.length_m / units)
            errors.append(float(np.hypot(a.side_error, b.side_error)) / units)
    return labels, values, errors


def _together(
    how: MarkerScale, source: Photos, labels: list[str], values: np.ndarray, errors: np.ndarray
) -> tuple[float, float, float]:
    """Weighted mean, its relative standard error (widened by what the measures differ: Birge 1932) and the largest
    relative difference from the median."""
    middle = float(np.median(values))
    off = np.abs(np.log(values / middle))
    if (off > np.log1p(how.tolerance) + 2 * errors).any():
        told = ", ".join(f"{label} says {value:.4g}" for label, value in list(zip(labels, values.tolist(), strict=True))[:8])
        message = f"the measures of `{source.path}` disagree on metres per unit: {told}"
        worst = labels[int(off.argmax())]
        help_ = f"measure {worst} with a ruler and state it, print the markers again at full size, or raise `tolerance`"
        raise InputError(Problem("R241", message, help_, "source.scale"))
    weight = 1 / np.maximum(errors, 1e-6) ** 2
    mean = float((weight * values).sum() / weight.sum())
    birge = float((weight * (values / mean - 1) ** 2).sum()) / max(len(values) - 1, 1)
    return mean, float(np.sqrt(max(1.0, birge) / weight.sum())), float(np.expm1(off.max()))


def _up(source: Photos, flat: list[Square]) -> np.ndarray:
    """Up as level markers have it: the normal of the plane that all lie in, or the mean of their own."""
    mean = np.sum([s.normal for s in flat], 0)
    mean /= np.linalg.norm(mean)
    tilt = np.degrees(np.arccos(np.clip([s.normal @ mean for s in flat], -1, 1)))
    if tilt.max() > LEVEL_DEG:
        worst = flat[int(tilt.argmax())].marker
        message = f"marker {worst} of `{source.path}` leans {tilt.max():.0f} degrees from the other flat ones"
        help_ = f"say `flat: false` of it under `markers`: `{{id: {worst}, flat: false}}`"
        raise InputError(Problem("R241", message, help_, "source.scale"))
    corners = np.concatenate([s.corners for s in flat])
    _, _, axes = np.linalg.svd(corners - corners.mean(0))
    normal = axes[2] * np.sign(axes[2] @ mean)
    rms = float(np.sqrt((((corners - corners.mean(0)) @ normal) ** 2).mean()))
    one_plane = len(flat) >= 3 and rms < 0.1 * np.mean([s.side for s in flat]) and normal @ mean > np.cos(np.radians(LEVEL_DEG))
    return normal if one_plane else mean


def _none_found(
    how: MarkerScale, source: Photos, posed: PosedPhotos, sightings: list[Sighting], squares: dict[int, Square]
) -> Problem:
    """Why no marker gives a scale."""
    seen = sorted({s.marker for s in sightings})
    named = ", ".join(map(str, seen[:8]))
    if squares:
        named = ", ".join(map(str, list(squares)[:8]))
        message = f"markers {named} are in the photos of `{source.path}`, but the spec gives no size or distance of them"
        return Problem("R240", message, "state `size_m`, or the right ids under `markers` and `apart`", "source.scale")
    if seen:
        message = f"no marker of `{source.path}` is in one place in two photos or more (seen: {named})"
        help_ = "photograph each marker from several sides, and print no marker twice"
        return Problem("R240", message, help_, "source.scale")
    message = f"no marker of `{how.dictionary}` is in the {len(posed.paths)} photos of `{source.path}`"
    help_ = "name the `dictionary` and `border_cells` of the print; a marker needs a light margin and 25 pixels a side"
    some = list(zip(posed.paths, posed.upright, strict=True))[:: -(-len(posed.paths) // LOOKED_AT)]
    if other := other_dictionary([read_photo(path, upright).rgb for path, upright in some]):
        help_ = f"the photos show markers of `{other}`: name that as `dictionary`"
    return Problem("R240", message, help_, "source.scale")
