"""What a LeRobotDataset says of itself: `meta/info.json` and `meta/stats.json`, read with bounds. Standard library only.

The files are a stranger's: no format string of theirs becomes a path, and no number of theirs becomes memory.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from runtime.files import read_file
from runtime.problem import Problem

INFO, STATS = "meta/info.json", "meta/stats.json"
MOST_BYTES = {INFO: 2**22, STATS: 2**26}
MOST_FEATURES, MOST_NUMBERS, MOST_SIDE_PX, MOST_FPS = 256, 1024, 8192, 1000
MOST = 1e300
VERSION = "v3.0"
STATE, ACTION = "observation.state", "action"
PATHS = {
    "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
}
"""Where LeRobot keeps what; a dataset that keeps it elsewhere is not read."""


class Unfit(ValueError):
    """Why a dataset is not let in; `key` is the part of the spec that is to blame, `help` what to do."""

    def __init__(self, code: str, why: str, help: str, key: str = "data.path") -> None:
        super().__init__(why)
        self.problem = Problem(code, why, help, key)


@dataclass(frozen=True)
class Feature:
    """One column of a dataset: what it is made of, its shape, what its numbers are called, and its own frame rate."""

    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    fps: float | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of a picture; LeRobot writes height, width, channels, older recordings channels first."""
        first = self.shape[0] in (1, 3) and self.shape[2] not in (1, 3)
        height, width = self.shape[1:] if first else self.shape[:2]
        return width, height


@dataclass(frozen=True)
class Info:
    """What `meta/info.json` says, as far as it is used."""

    fps: int
    frames: int
    episodes: int
    tasks: int
    features: Mapping[str, Feature]
    robot: str = ""
    statistics: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]] | None] = field(default_factory=dict)
    """Key -> least and greatest of each number, where they are numbers in a row; else None."""

    def cameras(self) -> dict[str, Feature]:
        """What are pictures."""
        return {key: f for key, f in self.features.items() if f.dtype in ("video", "image")}


def read_info(folder: Path, shown: str) -> Info:
    """What the dataset in `folder` says of itself; `shown` is what people call it.

    Raises:
        Unfit: R330 when it is none that can be read, R331 when it is of another version, R336 when its rate is no whole number.
    """
    said = _json(folder, INFO, shown)
    version = said.get("codebase_version")
    if version != VERSION:
        raise _other_version(shown, version, folder)
    features = said.get("features")
    if not isinstance(features, dict) or not 0 < len(features) <= MOST_FEATURES:
        raise _odd(shown, f"it lists no `features`, or more than {MOST_FEATURES}")
    for key, usual in PATHS.items():
        if said.get(key) not in (None, usual):
            raise _odd(shown, f"its `{key}` is not where LeRobot keeps that")
    fps = said.get("fps")
    if not _is_number(fps) or not 0 < fps <= MOST_FPS or fps != int(fps):
        help = "record at a whole number of frames per second"
        raise Unfit("R336", f"`{shown}` has {repr(fps)[:20]} frames a second", help)
    counts = {key: _count(said, key, shown) for key in ("total_frames", "total_episodes", "total_tasks")}
    found = {str(key): _feature(shown, str(key), value) for key, value in features.items()}
    robot = said.get("robot_type")
    return Info(int(fps), *counts.values(), found, robot if isinstance(robot, str) else "", _ranges(folder, shown))


def _json(folder: Path, name: str, shown: str) -> dict[str, Any]:
    try:
        text = read_file(folder / name, MOST_BYTES[name]).decode("utf-8")
    except FileNotFoundError:
        raise _odd(shown, f"it has no `{name}`") from None
    except (OSError, UnicodeError) as error:
        raise _odd(shown, f"its `{name}` cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}") from error
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _odd(shown, f"its `{name}` is not JSON") from None
    if not isinstance(found, dict):
        raise _odd(shown, f"its `{name}` is not an object")
    return found


def _odd(shown: str, why: str) -> Unfit:
    return Unfit(
        "R330", f"`{shown}` is no LeRobotDataset that can be read: {why}", "copy the whole dataset again, or record it anew"
    )


def _other_version(shown: str, version: object, folder: Path) -> Unfit:
    message = f"`{shown}` has the codebase version {str(version)[:20]!r}, and {VERSION} is read"
    command = (
        f"`python -m lerobot.scripts.convert_dataset_v21_to_v30 --repo-id=local/{folder.name} --root=DIR --push-to-hub=false`"
    )
    if version == "v2.1":
        return Unfit("R331", message, f"convert a copy of it (DIR) with LeRobot's own tool: {command}")
    if isinstance(version, str) and version[:2] in ("v1", "v2"):
        help = f"bring it to v2.1 with the LeRobot that wrote it (0.3.3 or older), then convert it: {command}"
        return Unfit("R331", message, help)
    return Unfit("R331", message, "record it with LeRobot 0.4 to 0.6")


def _count(said: Mapping[str, Any], key: str, shown: str) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise _odd(shown, f"its `{key}` is no count")
    return value


def _feature(shown: str, key: str, said: object) -> Feature:
    if not isinstance(said, dict):
        raise _odd(shown, f"its feature `{key}` is not an object")
    dtype, shape, names = said.get("dtype"), said.get("shape"), said.get("names")
    if not isinstance(dtype, str) or not isinstance(shape, list) or len(shape) > 4:
        raise _odd(shown, f"its feature `{key}` has no `dtype` or no `shape`")
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 < n <= MOST_SIDE_PX for n in shape):
        raise _odd(shown, f"its feature `{key}` has the shape {str(shape)[:60]}")
    if isinstance(names, dict):  # as older LeRobot had it: {"motors": [...]}
        names = next(iter(names.values()), None)
    plain = isinstance(names, list) and len(names) <= MOST_NUMBERS and all(isinstance(n, str) for n in names)
    inner = said.get("info") or said.get("video_info") or {}
    fps = inner.get("video.fps") if isinstance(inner, dict) else None
    fps = float(fps) if _is_number(fps) else None
    return Feature(dtype, tuple(shape), tuple(names) if plain and isinstance(names, list) else (), fps)


def _ranges(folder: Path, shown: str) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]] | None]:
    """Key -> least and greatest; empty where there is no `meta/stats.json`."""
    if not (folder / STATS).exists():
        return {}
    found = {}
    for key, entry in _json(folder, STATS, shown).items():
        ends = [_row(entry.get(end)) for end in ("min", "max")] if isinstance(entry, dict) else [None, None]
        whole = isinstance(entry, dict) and {"min", "max", "mean", "std"} <= entry.keys()
        if whole:
            found[key] = (ends[0], ends[1]) if ends[0] and ends[1] and len(ends[0]) == len(ends[1]) else None
    return found


def _row(value: object) -> tuple[float, ...] | None:
    return tuple(map(float, value)) if isinstance(value, list) and all(map(_is_number, value)) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that a float holds: JSON's may be true, infinite, none, or have thousands of digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST
