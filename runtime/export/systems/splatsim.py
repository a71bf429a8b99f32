"""SplatSim (no licence, commit ea07395; its rasteriser is Inria's): a twin as its splats, labels and trajectories; its pictures.

Its robot is cut out of the scan by a box and a label for each Gaussian in it, PyBullet's number of a link
(`splatsim/utils/robot_splat_render_utils.py:208-234`); objects are PLYs under a matrix (`configs/object_configs/objects.yaml`). A
trajectory is a folder of `NNNNN.pkl`, dicts of `joint_positions` and, of each object, `NAME_position` and `NAME_orientation`
(`splatsim/agents/replay_trajectory_agent.py:65-80`). YAML is written as JSON, which is YAML.
"""

import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from runtime.export.systems.scene import Scene, moved, refused
from runtime.learn.dataset import write_dataset
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply import write_ply

ROBOT = "twin"
BASE = -1
"""PyBullet's number of a robot's first link, and of all in the box that does not move."""
MARGIN_M = 0.002
LARGEST = 2**22
HARMLESS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *(
        (f"{core}.{module}", name)
        for core in ("numpy.core", "numpy._core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    ),
}
"""All that a pickle may name: arrays. Nothing else of it is ever called."""


class SplatSim:
    """Role `simulator`."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.command = command or ["python"]

    def write(self, of: Scene, into: Path) -> str:
        """Write what goes into a checkout of SplatSim; the words that replay it there.

        Raises:
            InputError: as `Scene.bodies`.
        """
        twin, model, start = of.twin, of.model, of.at(of.episodes[0], 0)
        to_splat = np.linalg.inv(twin.splat_to_twin)
        scan, label = [_of_degree_3(of.place)], [np.full(len(of.place), BASE)]
        objects: dict[str, Any] = {}
        links = [name for name in of.bodies if name not in of.objects]
        for name, gaussians in of.bodies.items():
            if name in of.objects:
                file = into / "data" / "output" / name / "point_cloud.ply"
                file.parent.mkdir(parents=True)
                write_ply(file, _of_degree_3(gaussians))
                box = [gaussians.means.min(0).tolist(), gaussians.means.max(0).tolist()]
                ply = f"./data/output/{name}/point_cloud.ply"
                objects[name] = {"transformation": {"matrix": np.eye(4).tolist()}, "aabb": {"bounding_box": box}, "ply_path": ply}
                continue
            pose, body = np.eye(4), model.body(name).id
            pose[:3, :3], pose[:3, 3] = start.xmat[body].reshape(3, 3), start.xpos[body]
            scan.append(_of_degree_3(moved(gaussians, to_splat @ pose)))
            label.append(np.full(len(gaussians), links.index(name) - 1))
        cloud, labels = Gaussians.concatenate(scan), np.concatenate(label)
        stands = cloud.means.astype(np.float64) @ twin.splat_to_twin[:3, :3].T + twin.splat_to_twin[:3, 3]
        robot = stands[len(of.place) :]
        box = np.round([robot.min(0) - MARGIN_M, robot.max(0) + MARGIN_M], 4)
        inside = ((stands > box[0]) & (stands < box[1])).all(1)
        scanned = into / "data" / "output" / ROBOT / "point_cloud" / "iteration_30000"
        scanned.mkdir(parents=True)
        write_ply(scanned / "point_cloud.ply", cloud)
        (into / "data" / "labels_path").mkdir()
        np.save(into / "data" / "labels_path" / f"{ROBOT}_labels.npy", labels[inside])
        objects[ROBOT] = {
            "transformation": {"matrix": twin.splat_to_twin.tolist()},
            "aabb": {"bounding_box": box.tolist(), "urdf_bbox_adjustment": [[0.0, 0.0]] * 3},
            "urdf_path": ["PATH/OF/YOUR.urdf"],
            "base_position": [[0.0, 0.0, 0.0]],
            "joint_states": [of.joint_positions(of.episodes[0].qpos[0]).tolist()],
            "source_path": "PATH/OF/THE/COLMAP/FOLDER",
            "model_path": f"./data/output/{ROBOT}",
            "use_gripper": False,
        }
        (into / "configs" / "object_configs").mkdir(parents=True)
        (into / "configs" / "object_configs" / "objects.yaml").write_text(json.dumps(objects, indent=1) + "\n")
        (into / "configs" / "folder_configs.yaml").write_text(json.dumps({"traj_folder": "./data/bc_data"}) + "\n")
        (into / "links.json").write_text(json.dumps({name: i - 1 for i, name in enumerate(links)}, indent=1) + "\n")
        for i, episode in enumerate(of.episodes):
            folder = into / "data" / "bc_data" / f"{i:03d}"
            folder.mkdir(parents=True)
            for step in range(len(episode)):
                data, row = of.at(episode, step), {"joint_positions": of.joint_positions(episode.qpos[step])}
                for name in of.objects:
                    row[f"{name}_position"] = data.body(name).xpos.copy()
                    row[f"{name}_orientation"] = np.roll(data.body(name).xquat, -1)  # PyBullet's x, y, z, w
                (folder / f"{step:05d}.pkl").write_bytes(pickle.dumps(row, protocol=4))
        return f"{self.command[0]} scripts/run_env_sim.py --agent replay_trajectory_and_save"

    def read(self, folder: Path, into: Path, fps: int, cameras: Mapping[str, str], instruction: str) -> int:
        """Write what SplatSim drew of trajectories as a LeRobotDataset; the number of episodes.

        Its agent saves, with row K, the picture of row K - 1 (`replay_trajectory_agent.py:84-100`): so each row has the picture
        saved with the next one, the last row has none and is left out, and an action is the next row's joints.

        Args:
            folder: its `traj_folder`.
            cameras: camera of the dataset -> how its pictures are called, such as `base_rgb`.

        Raises:
            InputError: R428 when there is none, or one is not whole.
        """
        found = sorted(path for path in folder.iterdir() if (path / "images_1").is_dir())
        if not found:
            raise refused(f"no `images_1` below `{folder.name}`", "name SplatSim's `traj_folder`")
        sizes = {}
        for name, key in cameras.items():
            sizes[name] = _picture(found[0] / "images_1" / f"{key}_00000.png").shape[:2]
        rows = (_episode(path, cameras, instruction) for path in found)
        return write_dataset(into, fps, list(cameras), sizes, rows, instruction)["episodes"]


class _Arrays(pickle.Unpickler):
    """Reads arrays, and calls nothing else that a pickle asks for."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(f"it asks for `{module}.{name}`, which is no array")
        return super().find_class(module, name)


def _row(file: Path) -> np.ndarray:
    where = f"{file.parent.name}/{file.name}"
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        said = _Arrays(io.BytesIO(file.read_bytes())).load()
        joints = np.asarray(said["joint_positions"], np.float64)
        if joints.ndim != 1 or not np.isfinite(joints).all():
            raise ValueError("`joint_positions` are no numbers")
    except Exception as error:  # a pickle may fail in any way
        raise refused(f"`{where}` is no row of a trajectory: {str(error)[:120]}", "leave the trajectory out") from error
    return joints


def _picture(file: Path) -> np.ndarray:
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise refused(f"`{file.name}` in `{file.parent.parent.name}` cannot be read", "replay the trajectory again") from error


def _episode(folder: Path, cameras: Mapping[str, str], instruction: str) -> dict[str, Any]:
    joints = np.stack([_row(file) for file in sorted(folder.glob("*.pkl"))] or [np.zeros(0)])
    if len(joints) < 2:
        raise refused(f"`{folder.name}` has fewer than two rows", "leave it out")
    names = {c: sorted((folder / "images_1").glob(f"{key}_*.png")) for c, key in cameras.items()}
    for camera, files in names.items():
        if len(files) != len(joints):
            message = f"`{folder.name}` has {len(files)} pictures of `{cameras[camera]}` for {len(joints)} rows"
            raise refused(message, "replay it again, from the first trajectory to the last")
    images = {camera: np.stack([_picture(file) for file in files[1:]]) for camera, files in names.items()}
    return {"state": joints[:-1], "action": joints[1:], "images": images, "instruction": instruction}


def _of_degree_3(gaussians: Gaussians) -> Gaussians:
    """As Inria's reader wants them: all 45 further coefficients of each colour."""
    sh = np.zeros((len(gaussians), 16, 3), np.float32)
    sh[:, : gaussians.sh.shape[1]] = gaussians.sh
    return Gaussians(gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, sh)
