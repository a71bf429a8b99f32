"""GSWorld (no licence, commit 5329504; its rasteriser is Inria's): a twin as scene, labels and constants; its recordings.

A scene names models: a PLY below `assets/`, the label of each of its Gaussians or one for all, and a matrix, which is empty here
(`gsworld/utils/gaussian_merger.py:29-98, 162-190`, `configs/fr3_pnp_box.json`). Labels of links and objects, the matrix from
simulation to splat and the joints at which the robot was scanned are constants of its code (`gsworld/constants.py:30, 163, 320,
402, 421`). Robots are ManiSkill agents of its own (fr3, xarm6, r1): others have to be added there. What it records is ManiSkill's
HDF5 (`run_with_gs.py:109-117`): `traj_N` with `actions` [T, A] and `obs` of T + 1 rows.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runtime.export.hdf5 import read_hdf5
from runtime.export.systems.scene import Scene, moved
from runtime.export.systems.splatsim import _of_degree_3
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply import write_ply

FIRST_OBJECT = 100
PLACE = -1
STATE = ("agent/qpos",)


class GSWorld:
    """Role `simulator`."""

    def __init__(self, command: list[str] | None = None) -> None:
        self.command = command or ["python"]

    def write(self, of: Scene, into: Path) -> str:
        """Write what goes into a checkout of GSWorld; the words that record with it there.

        Raises:
            InputError: as `Scene.bodies`.
        """
        start, to_splat = of.at(of.episodes[0], 0), np.linalg.inv(of.twin.splat_to_twin)
        links = [name for name in of.bodies if name not in of.objects]
        scan, label, models = [_of_degree_3(of.place)], [np.full(len(of.place), PLACE)], list[dict[str, Any]]()
        (into / "assets" / "twin").mkdir(parents=True)
        for name, gaussians in of.bodies.items():
            pose, body = np.eye(4), of.model.body(name).id
            if name in of.objects:
                file = f"twin/object_{of.objects.index(name)}.ply"
                write_ply(into / "assets" / file, _of_degree_3(gaussians))
                models.append(
                    {"data_path": f"./{file}", "semantic_labels": FIRST_OBJECT + of.objects.index(name), "transformation": []}
                )
                continue
            pose[:3, :3], pose[:3, 3] = start.xmat[body].reshape(3, 3), start.xpos[body]
            scan.append(_of_degree_3(moved(gaussians, to_splat @ pose)))
            label.append(np.full(len(gaussians), links.index(name)))
        write_ply(into / "assets" / "twin" / "twin.ply", Gaussians.concatenate(scan))
        np.save(into / "assets" / "twin" / "twin_semantics_gs.npy", np.concatenate(label))
        whole = {"data_path": "./twin/twin.ply", "semantic_labels": "./twin/twin_semantics_gs.npy", "transformation": []}
        (into / "configs").mkdir()
        (into / "configs" / "twin.json").write_text(json.dumps({"models": [whole, *models]}, indent=1) + "\n")
        constants = {
            "sim2gs_arm_trans": to_splat.tolist(),
            "gs_semantics": {name: i for i, name in enumerate(links)},
            "obj_gs_semantics": {name: FIRST_OBJECT + i for i, name in enumerate(of.objects)},
            "sim2gs_object_transforms": {name: np.eye(4).tolist() for name in of.objects},
            "robot_scan_qpos": of.joint_positions(of.episodes[0].qpos[0]).tolist(),
        }
        (into / "constants.json").write_text(json.dumps(constants, indent=1) + "\n")
        return f"{self.command[0]} run_with_gs.py --scene_cfg_name twin --record-dir DIR/data --only-count-success"

    def read(self, folder: Path, into: Path, fps: int, cameras: Mapping[str, str], instruction: str) -> int:
        """Write a recording (`.h5`) of GSWorld as a LeRobotDataset; the number of episodes.

        Args:
            folder: the file.
            cameras: camera of the dataset -> ManiSkill's, such as `base_camera`.

        Raises:
            InputError: R361 as `read_hdf5`.
        """
        keys = {name: f"sensor_data/{key}/rgb" for name, key in cameras.items()}
        return read_hdf5(folder, into, fps, STATE, keys, instruction, maniskill=True)
