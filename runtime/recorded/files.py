"""Which files a recorded dataset is, and what is wrong with it: from names, dates and JSON alone, standard library only.

`simkiln check` calls this, and the job again on its own copy. What stands in parquet files and videos only the job can tell.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from runtime.bound.dataset import Dataset, FoundDataset, camera_key
from runtime.capture.digest import Gone, copy_named, digest_named
from runtime.capture.files import is_inside, stays_inside
from runtime.files import is_stray, walk
from runtime.problem import InputError, Problem
from runtime.recorded.info import ACTION, INFO, STATE, STATS, Feature, Info, Unfit, read_info
from runtime.recorded.joints import beyond, columns, read_keys
from runtime.sim.parts.robot import Robot

MOST_FRAMES = 5_000_000
SQUASHED = 0.03
"""How far the shape of a picture may change."""
PARTS = (("meta/episodes", ".parquet"), ("data", ".parquet"))


def dataset_folder(said: Dataset, root: Path) -> Path:
    """The dataset's folder below its root.

    Raises:
        Unfit: R218 when it is not below it, R210 when it is not there.
    """
    folder = Path(os.path.abspath(root), *PurePosixPath(said.path).parts)
    if not is_inside(said.path) or not stays_inside(root, folder):
        raise Unfit("R218", f"`{said.path}` leaves the root `{said.root}`", "name a folder below the root")
    if not folder.is_dir():
        raise Unfit("R210", f"there is no dataset `{said.path}` below the root `{said.root}`", "look how its folder is called")
    return folder


def used_files(said: Dataset, folder: Path, info: Info) -> dict[str, Path]:
    """Name -> path of the files that are read: of videos those of the cameras that are mapped.

    Raises:
        OSError: a folder cannot be read.
    """
    found = {name: folder / name for name in (INFO, STATS, "meta/tasks.parquet") if (folder / name).exists()}
    films = [f"videos/{key}" for key in map(camera_key, said.cameras.values()) if _dtype(info, key) == "video"]
    for part, suffix in (*PARTS, *((film, ".mp4") for film in films if is_inside(film))):
        for path, _ in walk(folder / part) if (folder / part).is_dir() else ():
            name = Path(path).relative_to(folder).as_posix()
            if path.endswith(suffix) and not is_stray(name):
                found[name] = Path(path)
    return found


def bare(said: Dataset) -> FoundDataset:
    """Without what only laws ask for (dates, licence), so that it is part of no address."""
    return FoundDataset(**said.model_dump(exclude={"recorded_before", "dates", "licence"}))


def found_dataset(said: Dataset, root: Path | None) -> FoundDataset:
    """The dataset with what `meta/info.json` says of it; without, where that cannot be known here."""
    plain = bare(said)
    try:
        info = read_info(dataset_folder(said, root), said.path) if root is not None else None
    except Unfit:
        return plain  # `check` says so
    if info is None:
        return plain
    keys = {camera: camera_key(key) for camera, key in said.cameras.items()}
    sizes = {camera: info.features[key].size_px for camera, key in keys.items() if _is_picture(info.features.get(key))}
    return plain.model_copy(update={"found_fps": info.fps, "found_frames": info.frames, "found_sizes": sizes})


def digest_dataset(said: Dataset, root: Path, cache: Path | None = None) -> str:
    """SHA-256 (hex) over names and bytes of the files that are read.

    Raises:
        InputError: they cannot be.
    """
    try:
        folder = dataset_folder(said, root)
        return digest_named(used_files(said, folder, read_info(folder, said.path)), folder, cache)
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    except OSError as error:
        why = f"`{said.path}` cannot be read: {(error.strerror or str(error)).lower()}"
        raise InputError(Problem("R330", why, "look whether its files are there and readable", "data.path")) from error


def copy_dataset(said: Dataset, root: Path, into: Path) -> str:
    """Copy the files that are read to a folder that is not there yet; their digest.

    Raises:
        InputError: it is none. Gone: a file cannot be read. OSError: the copy cannot be written.
    """
    try:
        folder = dataset_folder(said, root)
        named = sorted(used_files(said, folder, read_info(folder, said.path)).items())
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    except OSError as error:
        raise Gone(str(error)) from error
    return copy_named(named, folder, into)


def inspect_dataset(said: Dataset, root: Path | None, robot: Robot) -> list[Problem]:
    """All that is wrong with a dataset that can be told without parquet or videos; nothing where the root is not known."""
    if root is None:
        return []
    try:
        folder = dataset_folder(said, root)
        info = read_info(folder, said.path)
        files = used_files(said, folder, info)
        for name, path in files.items():
            if not stays_inside(root, path):
                raise Unfit(
                    "R218", f"`{said.path}/{name}` is a link that leaves the root `{said.root}`", "put the file itself there"
                )
    except Unfit as unfit:
        return [unfit.problem]
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        return [Problem("R330", f"`{said.path}` cannot be read: {why}", "mend the files", "data.path")]
    return [
        *_whole(said, info, files),
        *_dated(said, files),
        *_cameras(said, info),
        *_rate(said, info),
        *fit(bare(said), info, robot),
    ]


def _whole(said: Dataset, info: Info, files: dict[str, Path]) -> Iterator[Problem]:
    absent = [part for part in ("meta/episodes/", "data/") if not any(name.startswith(part) for name in files)]
    absent += ["meta/tasks.parquet"] if "meta/tasks.parquet" not in files else []
    if absent or not info.episodes or not info.frames:
        why = f"nothing lies in `{absent[0]}`" if absent else "it holds no episode"
        yield Problem(
            "R330", f"`{said.path}` is no LeRobotDataset that can be read: {why}", "copy the whole dataset", "data.path"
        )
    if info.frames > MOST_FRAMES:
        help = "leave episodes out with `lerobot-edit-dataset`"
        yield Problem("R330", f"`{said.path}` has {info.frames:,} frames; at most {MOST_FRAMES:,} are read", help, "data.path")
    if not info.tasks and said.instruction is None:
        help = "say it with `instruction:` in `data`"
        yield Problem("R337", f"`{said.path}` does not say what the robot was told", help, "data.path")


def _dated(said: Dataset, files: dict[str, Path]) -> Iterator[Problem]:
    if said.recorded_before is None or said.dates == "said":
        return
    told = {name: path.stat().st_mtime for name, path in files.items() if name.startswith(("data/", "videos/"))}
    if not told:
        return
    last = max(told, key=lambda name: told[name])
    day = datetime.fromtimestamp(told[last], UTC).date()
    if day >= said.recorded_before:
        message = f"`{last}` was written on {day}, and all is said to be recorded before {said.recorded_before}"
        help = "correct the day; if copying changed the files' dates, copy with them (`cp -a`), or say `dates: said`"
        yield Problem("R338", message, help, "data.recorded_before")


def _cameras(said: Dataset, info: Info) -> Iterator[Problem]:
    for camera, name in said.cameras.items():
        key = camera_key(name)
        if not _is_picture(info.features.get(key)):
            why = "is none" if key in info.features else "is not there"
            help = f"its cameras: {', '.join(info.cameras()) or 'none'}"
            yield Problem("R332", f"camera `{key}` of the dataset `{said.path}` {why}", help, f"data.cameras.{camera}")

    sizes = {
        info.features[camera_key(name)].size_px
        for name in said.cameras.values()
        if _is_picture(info.features.get(camera_key(name)))
    }
    if said.size_px is None and len(sizes) > 1:
        shown = " and ".join(f"{w}x{h}" for w, h in sorted(sizes))
        yield Problem(
            "R332", f"cameras of `{said.path}` differ in size: {shown}", "bring them to one with `size_px`", "data.cameras"
        )
    for width, height in sizes:
        across, down = said.size_px or (width, height)
        if abs(width / height / (across / down) - 1) > SQUASHED:
            message = f"pictures of {width}x{height} pixels would be squashed to {across}x{down}"
            yield Problem("R332", message, "keep the shape of the pictures, and give the twin's camera the same", "data.size_px")


def _rate(said: Dataset, info: Info) -> Iterator[Problem]:
    for camera, name in said.cameras.items():
        rate = feature.fps if (feature := info.features.get(camera_key(name))) else None
        if rate is not None and abs(rate - info.fps) > 1e-3:
            message = f"camera `{camera_key(name)}` has {rate:g} frames a second, the dataset {info.fps}"
            yield Problem("R336", message, "record all cameras at one rate", f"data.cameras.{camera}")
    if said.fps is not None and said.fps > info.fps:
        help = f"ask for {info.fps} or fewer: frames can be left out, not made up"
        yield Problem("R336", f"the dataset has {info.fps} frames a second, {said.fps} are asked for", help, "data.fps")


def fit(said: FoundDataset, info: Info, robot: Robot) -> Iterator[Problem]:
    """What of joints, their statistics and their ranges does not fit the robot."""
    try:
        for key in read_keys(said):
            columns(said, info, key, robot)
    except Unfit as unfit:
        yield unfit.problem
        return
    keys = [STATE, *([] if said.action == "next_state" else [ACTION]), *map(camera_key, said.cameras.values())]
    if lacking := [f"`{key}`" for key in keys if key in info.features and key not in info.statistics]:
        command = "`lerobot-edit-dataset --repo_id local/x --new_repo_id local/x --root DIR --operation.type recompute_stats"
        help = f"copy its `{STATS}` as well, or make it anew in a copy (DIR): {command} --operation.overwrite true`"
        message = f"`{said.path}` has no statistics of {', '.join(lacking)}: LeRobot would pass that on as it is, unnormalised"
        yield Problem("R334", message, help, "data.path")
    for where, refused, why in beyond(said, info, robot):
        help = "look at `units`, and at `offset` and `sign` of the joint; docs/own-robot.md says how each shows"
        yield Problem("R335", why, help, where, warning=not refused)


def _is_picture(feature: Feature | None) -> bool:
    return feature is not None and feature.dtype in ("video", "image") and len(feature.shape) == 3


def _dtype(info: Info, key: str) -> str:
    return info.features[key].dtype if key in info.features else ""
