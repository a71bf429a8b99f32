"""DISCOVERSE (MIT, commit a06a88f): a twin as MJCF with Gaussians for its renderer; its recordings as a LeRobotDataset.

Its renderer takes a PLY for each body, by the body's name, and one called `background` (`gs_renderer_mujoco.py` of
`gaussian_renderer` 0.2.0; `discoverse/envs/simulator.py:99-112`). Its tasks write `NNN/obs_action.json` with `time`, `obs.jq` and
`act`, and `cam_ID.mp4` (`discoverse/task_base/airbot_task_base.py:13-77`, `discoverse/universal_manipulation/recorder.py`).
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from runtime.export.systems.film import frames_of
from runtime.export.systems.scene import Scene, moved, numbers_of, refused
from runtime.learn.dataset import write_dataset
from runtime.sim.parts.mj import mujoco
from runtime.sim.pixels.camera import Camera
from runtime.splat.ply import write_ply

REPLAY = Path(__file__).resolve().parents[3] / "rules" / "discoverse" / "replay.py"
SLACK = 0.2
"""Of the time between two rows, by which a recording may miss the rate that it is read at."""


class Discoverse:
    """Role `simulator`."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.command = command or ["python"]

    def write(self, of: Scene, into: Path) -> str:
        """Write the package; the words that replay the demos there.

        Raises:
            InputError: R428 when the twin has no camera, or its cameras differ in size; as `Scene.bodies`.
        """
        twin = of.twin
        sizes = {(camera.width, camera.height) for camera in twin.cameras}
        if len(sizes) != 1:
            message = f"DISCOVERSE draws all cameras in one size, and the twin has {len(sizes) or 'none'}"
            raise refused(message, "give its cameras one size: `width` and `height` of the stage `twin`", "stages.twin")
        ((width, height),) = sizes
        shutil.copytree(of.twin_folder, into / "mjcf", ignore=shutil.ignore_patterns("background", "*.ply", "*.npz", "*.png"))
        _with_cameras(into / "mjcf" / "scene.xml", twin.cameras)
        (into / "3dgs").mkdir()
        write_ply(into / "3dgs" / "background.ply", moved(of.place, twin.splat_to_twin))
        files = {"background": "background.ply"}
        for i, (body, gaussians) in enumerate(of.bodies.items()):
            files[body] = f"body_{i:02d}.ply"
            write_ply(into / "3dgs" / files[body], gaussians)
        step = float(of.model.opt.timestep)
        task: dict[str, Any] = {
            "instruction": twin.task.instruction,
            "timestep_s": step,
            "decimation": round(1 / (twin.control_hz * step)),
            "fps": twin.control_hz,
            "width": width,
            "height": height,
            "cameras": [camera.name for camera in twin.cameras],
            "joints": list(twin.robot.model_names),
            "actuators": list(twin.robot.model_names),
            "gaussians": files,
        }
        (into / "task.json").write_text(json.dumps(task, indent=1) + "\n")
        shutil.copyfile(of.demos / "episodes.npz", into / "episodes.npz")
        shutil.copyfile(REPLAY, into / "replay.py")
        return f"{' '.join(self.command)} DIR/replay.py --out DIR/data"

    def read(self, folder: Path, into: Path, fps: int, cameras: Mapping[str, str], instruction: str) -> int:
        """Write what DISCOVERSE recorded below `folder` as a LeRobotDataset; the number of episodes.

        Args:
            cameras: camera of the dataset -> the number in `cam_ID.mp4`.
            instruction: of all episodes: a recording says none.

        Raises:
            InputError: R428 when there is none, or one is not whole.
        """
        found = sorted(folder.glob("**/obs_action.json"))
        if not found:
            raise refused(f"no `obs_action.json` below `{folder.name}`", "name the folder that DISCOVERSE wrote to", "FILE")
        rows = (_episode(file, fps, cameras) for file in found)
        sizes = {name: next(frames_of(found[0].parent / f"cam_{key}.mp4")).shape[:2] for name, key in cameras.items()}
        return write_dataset(into, fps, list(cameras), sizes, rows, instruction)["episodes"]


def _episode(file: Path, fps: int, cameras: Mapping[str, str]) -> dict[str, Any]:
    where = f"{file.parent.name}/{file.name}"
    try:
        said = json.loads(file.read_text())
        times, obs = np.array(said["time"], np.float64), said["obs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise refused(f"`{where}` is no recording of DISCOVERSE", "it holds `time`, `obs` and `act`") from error
    state, action = numbers_of(obs, "jq", where), numbers_of(said, "act", where)
    if not len(times) == len(state) == len(action):
        raise refused(f"`{where}` has {len(times)} times, {len(state)} states and {len(action)} actions", "leave it out")
    between = float(np.median(np.diff(times))) if len(times) > 1 else 1 / fps
    if abs(between * fps - 1) > SLACK:
        raise refused(
            f"`{where}` has a row every {between:.3f} s, not {1 / fps:.3f}", f"say `--fps {round(1 / max(between, 1e-3))}`"
        )
    images = {}
    for name, key in cameras.items():
        film = np.stack(list(frames_of(file.parent / f"cam_{key}.mp4")))
        if len(film) != len(times):
            raise refused(f"`cam_{key}.mp4` beside `{where}` has {len(film)} frames for {len(times)} rows", "leave it out")
        images[name] = film
    return {"state": state, "action": action, "images": images}


def _with_cameras(file: Path, cameras: list[Camera]) -> None:
    """Add cameras to a scene: MuJoCo's look along their -z, with y up, and know no lens but the angle across."""
    tree = ElementTree.parse(file)
    bodies = {body.get("name"): body for body in tree.iter("body")}
    world = tree.find("worldbody")
    assert world is not None
    for camera in cameras:
        quat = np.empty(4)
        mujoco.mju_mat2Quat(quat, np.ascontiguousarray(camera.c2w[:3, :3] * (1, -1, -1)).ravel())
        of = world if camera.on is None else bodies[camera.on]
        said = {"name": camera.name, "fovy": f"{camera.fov_y_deg:.9g}"}
        said |= {"pos": " ".join(f"{v:.9g}" for v in camera.position), "quat": " ".join(f"{v:.9g}" for v in quat)}
        of.append(ElementTree.Element("camera", said))
    tree.write(file)
