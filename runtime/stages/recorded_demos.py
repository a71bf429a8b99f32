"""Stage `recorded_demos`: demos that people recorded on a robot, in our units, order, cameras and rate."""

from pathlib import Path
from typing import Any

from runtime.bound.dataset import FoundDataset
from runtime.contract import CHECKS, Contract, of_demos, sized
from runtime.libraries import exact, minor
from runtime.out import Out
from runtime.sim.parts.so101 import SO101
from runtime.stage import Params, Resources, bound, by_unit, said, stage

SHEET_ROWS, SHEET_FRAMES = 6, 8


class RecordedParams(Params):
    """Which dataset it is."""

    data: FoundDataset | None = bound("data", default=None)
    """The dataset, and how its cameras, joints, units and rate are ours."""


def _offers(p: RecordedParams, inputs: dict[str, Contract]) -> Contract:
    joints = inputs.get("robot", Contract(joints=SO101.names)).joints
    known = Contract(action_dim=None if joints is None else len(joints), joints=joints, checked=CHECKS)
    return known if p.data is None else _contract(p.data, p.data.fps or p.data.found_fps, p.data.found_sizes, joints)


def _contract(data: FoundDataset, fps: int | None, sizes: dict[str, tuple[int, int]], joints: tuple[str, ...] | None) -> Contract:
    sizes = {camera: data.size_px for camera in data.cameras} if data.size_px else sizes
    known = tuple(sized(camera, *size) for camera, size in sizes.items())
    of = Contract(
        action_dim=None if joints is None else len(joints),
        fps=fps,
        camera_keys=tuple(data.cameras),
        joints=joints,
        units="radians",
        action="ee" if data.action == "ee" else "absolute",
        camera_sizes=known if len(known) == len(data.cameras) else None,
    )
    return of_demos(of, "real", CHECKS)


@stage(
    version=3,
    metrics=by_unit(
        count="episodes frames instructions",
        s="mean_duration_s",
        fps="recorded_fps",
        share="pass_rate pass_orientation pass_duration pass_quality",
    ),
    libraries=minor("av", "lerobot", "numpy", "pillow", "scipy") | exact("pyarrow"),
    kind="demos",
    per=("location", "task"),
    needs={"robot": said("robot")},
    makes={"dataset": "dataset/", "preview": "preview.png"},
    offers=_offers,
    cost=lambda p: Resources(mem_gb=2.0, minutes=0.2 + (p.data.found_frames if p.data else 0) / 20_000),
)
def recorded_demos(p: RecordedParams, robot: Path | None, out: Out) -> dict[str, Any]:
    """Read every episode, bring it to the robot's joints, radians, the twin's cameras and the rate that is asked for, and write
    it as the demos of any other stage, with statistics of its own.

    Raises:
        InputError: R333 and R335 to R342: what is wrong with the dataset; R343 when an episode looks turned, blurred, black or
            white beside the others.
    """
    import numpy as np

    from runtime.coverage.checks import shares
    from runtime.learn.checked import check_demos, failing_demos, usual
    from runtime.learn.dataset import read_arrays, write_dataset
    from runtime.problem import InputError, Problem
    from runtime.recorded.files import fit
    from runtime.recorded.info import Unfit, read_info
    from runtime.recorded.read import episodes
    from runtime.sim.parts.robot_file import read_robot
    from runtime.sim.pixels.contact_sheet import save_sheet

    data = p.data
    if data is None or out.source_dir is None:
        raise InputError(
            Problem("R330", "the dataset's root is not set where this runs", "set it with `--root NAME=DIR`", "data.root")
        )
    if data.action == "ee":
        help = "with `action: next_state` targets are where the joints are a frame later"
        raise InputError(
            Problem("R333", "its actions are poses of the hand, and policies here act by joints", help, "data.action")
        )
    of = SO101 if robot is None else read_robot(robot)
    try:
        info = read_info(out.source_dir, data.path)
    except Unfit as unfit:
        raise InputError(unfit.problem) from unfit
    problems = list(fit(data, info, of))
    if wrong := [problem for problem in problems if not problem.warning]:
        raise InputError(*wrong)
    for problem in problems:
        out.log(problem.message)
    sheets, lengths, told = [], [], set()
    fps = data.fps or info.fps

    def noted() -> Any:
        for episode in episodes(data, Path(str(out.source_dir)), info, of):
            film = episode["images"][next(iter(data.cameras))]
            if len(sheets) < SHEET_ROWS:
                sheets.append(film[np.linspace(0, len(film) - 1, SHEET_FRAMES).astype(int)])
            lengths.append(len(film))
            told.add(episode["instruction"])
            out.progress(len(lengths) / info.episodes, "reading episodes")
            yield episode

    width, height = data.size_px or next(iter(data.found_sizes.values()))
    instruction = data.instruction or "as each episode says"
    written = write_dataset(out.path("dataset"), fps, tuple(data.cameras), (height, width), noted(), instruction, of.names)
    save_sheet(out.path("preview"), sheets)
    arrays = read_arrays(out.path("dataset"))
    checks = check_demos(arrays, lengths, fps, usual(arrays, data.cameras))
    if failing := failing_demos(checks):
        message = f"episodes do not look like the others: {failing}"
        raise InputError(Problem("R343", message, "look at them, and leave them out with `lerobot-edit-dataset`", "data"))
    out.contract(**vars(_contract(data, fps, dict.fromkeys(data.cameras, (width, height)), of.names)))
    return {
        **written,
        "mean_duration_s": round(sum(lengths) / len(lengths) / fps, 3),
        "instructions": len(told),
        "recorded_fps": info.fps,
        **shares(checks),
    }
