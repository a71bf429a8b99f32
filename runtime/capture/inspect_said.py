"""What is wrong with what lies beside photos: a lens, masks, depth maps, points."""

import os
from pathlib import Path

from runtime.bound.source import Photos
from runtime.capture.beside import Beside, find_beside
from runtime.capture.calibration import CalibrationError, known_lens
from runtime.capture.depth_header import check_depth
from runtime.capture.image_containers import PhotoError
from runtime.capture.image_header import read_header
from runtime.capture.inspect_photos import inspect_beside
from runtime.capture.named import Named
from runtime.problem import InputError, Problem
from runtime.splat.ply_header import read_plain_header

SAID = ("video", "masks", "depths", "points", "lens")
"""Keys of a source that may name a file or folder below its own."""


def inspect_said(source: Photos, folder: Path, named: Named) -> list[Problem]:
    """Problems of `lens`, `masks`, `depths` and `points`."""
    problems = _lens(source, folder)
    for key, place in (("masks", source.masks), ("depths", source.depths)):
        if place is not None and not os.path.isdir(folder / place):
            message = f"no folder `{place}` in `{source.path}`"
            problems.append(Problem("R210", message, f"name the folder of the {key} below `path`", f"source.{key}"))
    if source.points is not None and source.poses == "none":
        message = "`points` lie in the coordinates of poses that are given, and here they are estimated"
        problems.append(Problem("R214", message, "leave `points` out, or give the poses", "source.points"))
    elif source.points is not None:
        try:
            read_plain_header(folder / source.points)
        except InputError as error:
            problems += [Problem(p.code, p.message, p.help, "source.points") for p in error.problems]
    if not problems:
        found = find_beside(source, folder, named.used, named.poses)
        theirs = named.poses.beside() if named.poses else {}  # of the pose file, looked at with it
        problems += inspect_beside(source, folder, {n: p for n, p in found.named.items() if n not in theirs}, "a folder")
        if not inspect_beside(source, folder, found.named, "a folder"):
            problems += _headers(source, found)
        for key, place, kind in (("masks", source.masks, found.masks), ("depths", source.depths, found.depths)):
            if place is not None and not kind:
                message = f"nothing in `{place}` of `{source.path}` has the name of a photo"
                help_ = "name them as the photos: `x.jpg.png` or `x.png` for `x.jpg`"
                problems.append(Problem("R212", message, help_, f"source.{key}"))
    return problems


def _headers(source: Photos, found: Beside) -> list[Problem]:
    """R211 where a mask or depth map is none."""
    problems = []
    for what, key, paths, look in (
        ("mask", "masks", found.masks, read_header),
        ("depth map", "depths", found.depths, check_depth),
        ("confidence", "depths", found.sure, read_header),
    ):
        broken: list[tuple[str, str]] = []
        for path in paths.values():
            try:
                look(path)
            except PhotoError as error:
                broken.append((path.name, str(error)))
            except OSError as error:
                broken.append((path.name, f"cannot be read: {(error.strerror or 'unknown reason').lower()}"))
        if broken:
            more = f", and {len(broken) - 1} more cannot be used" if len(broken) > 1 else ""
            message = f"{what} `{broken[0][0]}` of `{source.path}` {broken[0][1]}{more}"
            help_ = "copy or export it again"
            help_ += ": millimetres as 16-bit PNG, or metres as NPY or EXR" if look is check_depth else ", or remove it"
            problems.append(Problem("R211", message, help_, f"source.{key}" if getattr(source, key) else "source.path"))
    return problems


def _lens(source: Photos, folder: Path) -> list[Problem]:
    if source.lens is None:
        return []
    key = "source.lens"
    if source.poses != "none":
        message = "a lens is stated where poses are given, which come with their own"
        return [Problem("R214", message, "leave `lens` out, or estimate the poses with `poses: none`", key)]
    try:
        known_lens(source, folder)
    except CalibrationError as error:
        help_ = "give the file that OpenCV's or ROS's calibration wrote, or state the numbers"
        return [Problem("R214", f"`{source.lens}` of `{source.path}` {error}", help_, key)]
    except OSError as error:
        message = f"`{source.lens}` of `{source.path}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        return [Problem("R210", message, "name a calibration file below `path`", key)]
    return []
