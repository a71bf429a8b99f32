"""What a recorded dataset tells of the location and the task that it was recorded for, as lines of their specs.

What it does not tell (where cameras hang, what the place looks like, which kind of task it is) is for people to say.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import pi
from pathlib import Path
from typing import Any, NamedTuple

from compiler.project.project import Project
from compiler.reading.writing import flow, scalar
from runtime.bound.dataset import Dataset
from runtime.recorded.files import dataset_folder, used_files
from runtime.recorded.info import STATE, Feature, Info, Unfit, read_info
from runtime.sim.parts.so101 import SO101

HZ, WIDTH_PX, MOST_HZ = 10, 64, 50
"""The twin's defaults: actions per second, width of its camera; and the most that it acts."""
LOOKS = ("front", "top", "main", "overhead", "scene", "side")
"""Names of cameras that look at a whole table, the likeliest first."""


class Told(NamedTuple):
    """Lines for the end of a location's spec, and the sentence that the robot was told, where that can be read here."""

    lines: str
    instruction: str | None


def told_by(project: Project, root: str, path: str) -> Told:
    """What the dataset at `path` below a root tells.

    Raises:
        ValueError: why that cannot be read.
    """
    folder = project.root_folder(root)
    if folder is None:
        raise ValueError(f"root `{root}` is not set on this machine: say where it is under `roots:` in simkiln.local.yaml")
    asked = Dataset(kind="lerobot", root=root, path=path, cameras={"front": "?"}, units="degrees")
    try:
        place = dataset_folder(asked, folder)
        info = read_info(place, path)
        films = [str(name) for name in info.cameras()]
        if not films:
            raise ValueError(f"the dataset `{path}` has no camera")
        files = used_files(asked.model_copy(update={"cameras": dict(enumerate(films))}), place, info)
    except Unfit as unfit:
        raise ValueError(f"{unfit.problem.message}; {unfit.problem.help}") from unfit
    dates = [file.stat().st_mtime for name, file in files.items() if name.startswith(("data/", "videos/"))]
    return Told(_lines(root, path, info, dates), _instruction(place))


def _lines(root: str, path: str, info: Info, dates: Sequence[float]) -> str:
    cameras = sorted(info.cameras(), key=lambda key: next((i for i, look in enumerate(LOOKS) if look in key), len(LOOKS)))
    first, others = cameras[0], cameras[1:]
    width, height = info.features[first].size_px
    across, down = WIDTH_PX, 2 * round(WIDTH_PX * height / width / 2)
    units, joints = _units(info)
    fps = HZ if info.fps >= HZ and info.fps % HZ == 0 else min(info.fps, MOST_HZ)
    lines = [
        "# Demos that were recorded here, as the dataset's own files tell; look at each line (docs/own-robot.md).",
        "data:",
        "  kind: lerobot",
        f"  root: {scalar(root)}",
        f"  path: {scalar(path)}",
        "  # licence: CC-BY-4.0",
    ]
    if dates:
        day = datetime.fromtimestamp(max(dates), UTC).date() + timedelta(days=1)
        lines += [
            "  # None of its files was changed on this day or later. Make it earlier if you know so, with `dates: said`.",
            f"  recorded_before: {day}",
        ]
    left = f"; not read: {', '.join(scalar(_plain(key)) for key in others)}" if others else ""
    lines += [f"  # camera of the twin: camera of the dataset{left}"]
    lines += [f"  cameras: {flow({'front': _plain(first)})}", f"  size_px: [{across}, {down}]"]
    lines += [f"  # {'a guess' if info.statistics else 'as LeRobot counts by default'}: look at the ranges", f"  units: {units}"]
    if any("name" in said for said in joints.values()):
        lines += ["  # names are taken in the dataset's order, a guess: look whether each is that joint"]
    lines += [f"  joints: {flow(joints)}"] if joints else []
    lines += [f"  # of {info.fps}; the twin's `control_hz`", f"  fps: {fps}"]
    twin: dict[str, Any] = {} if fps == HZ else {"control_hz": fps}
    twin |= {} if (across, down) == (64, 48) else {"width_px": across, "height_px": down}
    lines += ["stages:", f"  twin: {flow(twin)}"] if twin else []
    return "\n".join(lines) + "\n"


def _plain(key: str) -> str:
    return key.removeprefix("observation.images.")


def _units(info: Info) -> tuple[str, dict[str, Any]]:
    """The likeliest units, and what differs joint by joint, for an arm like the built-in one."""
    feature, ends = info.features.get(STATE, Feature("", ())), info.statistics.get(STATE)
    joints: dict[str, Any] = {}
    names = feature.names if len(feature.names) == len(SO101.names) else ()
    if names and not any(called in names for name in SO101.names for called in (name, f"{name}.pos", f"main_{name}")):
        joints = {ours: {"name": theirs} for ours, theirs in zip(SO101.names, names, strict=True)}
    largest = [max(abs(low), abs(high)) for low, high in zip(*ends, strict=True)] if ends else []
    if largest and max(largest) <= pi + 0.2:
        return "radians", joints
    gripper = next((i for i, name in enumerate(feature.names) if "gripper" in name), len(largest) - 1)
    if not largest or (0 <= gripper < len(largest) and ends and ends[0][gripper] >= -5 and ends[1][gripper] <= 105):
        joints.setdefault("gripper", {})["units"] = "0..100"
    return "degrees", joints


def _instruction(folder: Path) -> str | None:
    """The first sentence of the dataset; None where it has none, or parquet cannot be read here."""
    try:
        from runtime.recorded.read import sentences
    except ModuleNotFoundError:
        return None  # the compiler alone
    return next(iter(sentences(folder).values()), None)
