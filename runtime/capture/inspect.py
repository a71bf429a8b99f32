"""What is wrong with a source, found from file names and headers alone, standard library only.

`simkiln check` calls this before anything is built, and the capture stage calls it again before it reads a pixel.
Codes: R210 folder or file missing, R211 photo unreadable, R212 pose file names absent photos, R213 photos of another
shape than their cameras, R214 pose file malformed, R215 PLY truncated or damaged, R216 PLY without Gaussian properties,
R217 too few photos, R218 path leaves its root, R220 more files or bytes than are read, R221 (a warning) files that are
passed over, and from the running stage R219 too few registered photos.
"""

import math
import os
from pathlib import Path

from runtime.bound.source import HiddenSite, Photos, SplatFile
from runtime.capture import files
from runtime.capture.colmap_model import ModelError
from runtime.capture.exports.read import NAMING, described
from runtime.capture.exports.split import split_files
from runtime.capture.inspect_photos import inspect_beside, inspect_named, inspect_video, too_large
from runtime.capture.inspect_ply import inspect_ply
from runtime.capture.inspect_said import SAID, inspect_said
from runtime.capture.named import Named, named, pose_files
from runtime.capture.path_file import read_path
from runtime.capture.transforms_file import TransformsError
from runtime.files import Unfit
from runtime.problem import Problem
from runtime.splat.read import parts


def inspect_source(source: HiddenSite | Photos | SplatFile, folder: Path | None) -> list[Problem]:
    """All problems of a source; it can be captured when none but warnings are there.

    Args:
        source: the location's source.
        folder: the capture folder (photos) or the PLY file (splat), as `files.locate` gives it: links unresolved. None
            when the root is not known here; then only what the spec itself shows is checked.
    """
    if isinstance(source, HiddenSite):
        return []
    if source.up is not None and math.hypot(*source.up) < 1e-9:
        return [Problem("R214", "`up` has no length", "give a direction such as `[0, 0, 1]`", "source.up")]
    problems = _escapes(source, folder)
    if problems or folder is None:
        return problems
    if isinstance(source, SplatFile):
        if not os.path.isfile(folder):
            return [_absent(source, folder, "file")]
        beside, root = [folder.parent / name for name in parts(folder)], files.root_of(source, folder)
        root = folder.parent if root == folder else root
        if outside := [path.name for path in beside if not files.stays_inside(root, path)]:
            message = f"`{source.path}` refers to `{outside[0]}`, a link that leaves the root `{source.root}`"
            return [Problem("R218", message, "put the files below the root", "source.path")]
        return too_large(source, [folder, *beside]) or inspect_ply(folder, source.path)
    return _inspect_folder(source, folder) + (_inspect_paths(source, folder) if os.path.isdir(folder) else [])


def _inspect_paths(source: Photos, folder: Path) -> list[Problem]:
    found = []
    for name in source.paths or ():
        key, help_ = "source.paths", "save it as a `transforms.json` or as a camera path of nerfstudio's viewer"
        try:
            if source.poses == "none":
                message, help_ = f"`{name}` has no coordinates to be in: poses are estimated", "give the photos' poses, too"
                found.append(Problem("R214", message, help_, key))
            elif not os.path.isfile(folder / name):
                found.append(Problem("R210", f"no file `{name}` in `{source.path}`", "name a file below `path`", key))
            else:
                read_path(folder / name)
        except (TransformsError, OSError) as error:
            why = f"cannot be read: {(error.strerror or '').lower()}" if isinstance(error, OSError) else str(error)
            found.append(Problem("R214", f"`{name}` of `{source.path}` {why}", help_, key))
    return found


def _inspect_folder(source: Photos, folder: Path) -> list[Problem]:
    if not os.path.isdir(folder):
        return [_absent(source, folder, "folder")]
    if not _readable(folder):
        return [_unread(source, f"the folder `{source.path}` in root `{source.root}` cannot be read")]
    if source.video is not None:
        return inspect_video(source, source.video, folder) + inspect_said(source, folder, Named({}))
    base = folder if source.poses in NAMING else folder / source.images
    if not os.path.isdir(base) or not _readable(base):
        state = "cannot be read" if os.path.isdir(base) else "is not there"
        message = f"the photo folder `{source.images}` of `{source.path}` {state}"
        return [Problem("R210", message, "name the folder of the photos below `path`", "source.images")]
    key = "source.model" if source.model else "source.poses"
    if problem := _pose_file_missing(source, folder, key):
        return [problem]
    name = "the COLMAP model" if source.poses == "colmap" else described(source, folder)
    try:
        found = named(source, folder)
        if outside := [path for path in pose_files(found) if not files.stays_inside(files.root_of(source, folder), path)]:
            message = f"`{outside[0].relative_to(folder)}` of `{source.path}` leads outside the root `{source.root}`"
            return [Problem("R218", message, "put the file itself there, not a link", key)]
        problems = inspect_named(source, folder, found, name)
        beside = found.poses.beside() if found.poses else {}
        return problems + inspect_beside(source, folder, beside, name) + inspect_said(source, folder, found)
    except (TransformsError, ModelError) as error:
        return [Problem("R214", f"{name} of `{source.path}` {error}", error.help, key)]
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        if source.poses == "none":
            many = isinstance(error, Unfit)
            message = f"the photo folder `{source.images}` of `{source.path}` cannot be read: {why}"
            help_ = "name a folder that holds the photos of this capture alone" if many else "make the folder readable"
            return [Problem("R220" if many else "R210", message, help_, "source.images")]
        return [Problem("R214", f"the poses of `{source.path}` cannot be read: {why}", "make the pose file readable", key)]


def _pose_file_missing(source: Photos, folder: Path, key: str) -> Problem | None:
    split = source.poses == "transforms" and not source.model and split_files(folder)
    if source.poses == "transforms" and not split and not os.path.isfile(files.transforms_file(source, folder)):
        name = source.model or "transforms.json"
        help_ = "name the pose file with `model`, or set `poses: none` to estimate the poses"
        return Problem("R214", f"no `{name}` in `{source.path}`", help_, key)
    if source.poses == "colmap" and not files.colmap_folders(source, folder):
        place = f"`{source.model}` of `{source.path}`" if source.model else f"`{source.path}`"
        help_ = "name the folder that holds cameras and images (.txt or .bin) with `model`"
        return Problem("R214", f"no COLMAP model in {place}", help_, key)
    return None


def _escapes(source: Photos | SplatFile, folder: Path | None) -> list[Problem]:
    named = {"path": source.path}
    if isinstance(source, Photos):
        named |= {"images": source.images} | ({"model": source.model} if source.model else {})
        named |= {key: name for key in SAID if isinstance(name := getattr(source, key), str)}
    paths = [("paths", name) for name in source.paths or ()] if isinstance(source, Photos) else []
    help_ = "give a path below the root, without `..` and not absolute"
    found = [
        Problem("R218", f"`{name}` leaves the root `{source.root}`", help_, f"source.{key}")
        for key, name in (*named.items(), *paths)
        if not files.is_inside(name)
    ]
    if found or folder is None:
        return found
    if not files.stays_inside(files.root_of(source, folder), folder):
        message = f"`{source.path}` is a link that leaves the root `{source.root}`"
        return [Problem("R218", message, "put the files below the root, or add a root for their place", "source.path")]
    for key, name in (*named.items(), *paths):
        if key != "path" and not files.stays_inside(folder, folder / name):
            message = f"`{name}` is a link that leaves `{source.path}`"
            return [Problem("R218", message, "put the files into the capture folder", f"source.{key}")]
    return []


def _absent(source: Photos | SplatFile, path: Path, what: str) -> Problem:
    """R210 for what is not there, is something else, or cannot be looked at, as on a mount that is gone."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return _unread(source, f"no {what} `{source.path}` in root `{source.root}`")
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        return _unread(source, f"`{source.path}` in root `{source.root}` cannot be looked at: {why}")
    return _unread(source, f"`{source.path}` in root `{source.root}` is no {what}")


def _unread(source: Photos | SplatFile, message: str) -> Problem:
    return Problem("R210", message, files.elsewhere(source.root), "source.path")


def _readable(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)
