"""Demos as HDF5: there and back, what MimicGen and Isaac Lab look for, files that are no good."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from compiler.cli import main
from runtime.export.hdf5 import read_hdf5, write_hdf5
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from tests.runtime.stages.conftest import DEMOS
from tests.runtime.stages.sim_chain import TASK


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, sim_demos: Path, sim_twin: Path) -> Path:
    made = tmp_path_factory.mktemp("hdf5") / "demos.hdf5"
    assert write_hdf5(made, sim_demos, sim_twin) == DEMOS
    return made


def test_there_and_back(file: Path, sim_demos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["--to", str(tmp_path / "back"), "--fps", "10", "--state", "joint_pos", "--camera", "front=front_image"]
    assert main(["convert", str(file), *told]) == 0
    assert f"{DEMOS} demos" in capsys.readouterr().out
    ours, back = read_arrays(sim_demos / "dataset"), read_arrays(tmp_path / "back")
    assert back.instruction == ours.instruction
    for name in ("state", "action", "episode_index"):
        assert np.array_equal(getattr(back, name), getattr(ours, name)), name
    assert np.abs(back.images["front"].astype(int) - ours.images["front"]).mean() < 3, "coded twice"
    assert main(["convert", str(file), *told]) == 2
    assert "nothing is written over" in capsys.readouterr().err


def test_annotations_are_where_mimicgen_and_isaac_lab_look_for_them(file: Path) -> None:
    with h5py.File(file) as found:
        assert json.loads(found["data"].attrs["env_args"])["env_kwargs"]["control_freq"] == 10
        demo = found["data/demo_0"]
        rows, ours, theirs = demo.attrs["num_samples"], demo["datagen_info"], demo["obs/datagen_info"]
        assert demo["actions"].shape == (rows, 6)
        assert theirs["eef_pose/tip"] == ours["eef_pose"]
        assert theirs["object_pose/object"] == ours["object_poses/object"]
        assert found.attrs["format_version"] == 1
        begun = demo["initial_state/articulation/robot"]
        assert np.array_equal(begun["joint_position"][0], demo["obs/joint_pos"][0])
        assert begun["root_pose"][0].tolist() == [0, 0, 0, 0, 0, 0, 1]
        moved = demo["initial_state/rigid_object/object/root_pose"][0]
        assert np.allclose(moved[:3], ours["object_poses/object"][0, :3, 3])
        assert ours["target_pose"].shape == ours["object_poses/object"].shape == (rows, 4, 4)
        pressed = ours["eef_pose"][-1, :3, 3] - ours["object_poses/object"][-1, :3, 3]
        assert np.hypot(*pressed[:2]) < TASK.button.cap_radius_m + 0.01, "the hand ends over the button"


def _cut(file: h5py.File) -> None:
    del file["data/demo_1/actions"]
    file["data/demo_1/actions"] = np.zeros((3, 6))


def _elsewhere(file: h5py.File) -> None:
    del file["data/demo_0/actions"]
    file["data/demo_0/actions"] = h5py.ExternalLink("/etc/hostname", "/")


def _virtual(file: h5py.File) -> None:
    del file["data/demo_0/actions"]
    layout = h5py.VirtualLayout((5, 6), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "actions", (5, 6))
    file["data/demo_0"].create_virtual_dataset("actions", layout)


def _nan(file: h5py.File) -> None:
    file["data/demo_0/actions"][0, 0] = np.nan


def _mute(file: h5py.File) -> None:
    del file["data/demo_0"].attrs["ep_meta"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_cut, "rows, the actions 3"),
        (_elsewhere, "`actions` is a link"),
        (_virtual, "is no table of its own"),
        (_nan, "the action of `demo_0` holds what is no number"),
        (_mute, "does not say what the robot was told"),
        (lambda f: f.move("data/demo_0/obs/front_image", "data/demo_0/obs/top_image"), "there is no `demo_0/obs/front_image`"),
        (lambda f: f.move("data", "else"), "there is no `data`"),
    ],
    ids=["cut", "elsewhere", "virtual", "nan", "mute", "camera", "data"],
)
def test_files_that_are_no_good_are_told(file: Path, tmp_path: Path, spoil: Callable[[Any], None], told: str) -> None:
    copy = tmp_path / "copy.hdf5"
    copy.write_bytes(file.read_bytes())
    with h5py.File(copy, "a") as opened:
        spoil(opened)
    with pytest.raises(InputError, match=f"R361: `copy.hdf5`: .*{told}"):
        read_hdf5(copy, tmp_path / "into", 10, ["joint_pos"], {"front": "front_image"})


def test_what_is_no_hdf5_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.hdf5").write_text("no")
    for name in ("text.hdf5", "absent.hdf5"):
        with pytest.raises(InputError, match=r"R361: .*cannot be read as HDF5"):
            read_hdf5(tmp_path / name, tmp_path / "into", 10, ["x"], {"front": "y"})


def _isaac_lab(file: h5py.File, rows: int) -> None:
    """As `HDF5DatasetFileHandler.write_episode` of Isaac Lab 3.0.0 writes what Mimic generated: f32, and nothing in words."""
    file.attrs["format_version"] = 1
    file["data"].attrs["env_args"] = json.dumps({"env_name": "Simkiln-Twin-v0", "type": 2})
    demo = file["data/demo_0"]
    demo.attrs.update(num_samples=rows, success=True, seed=3)
    demo["obs/joint_pos"], demo["obs/front"] = np.ones((rows, 6), "f4"), np.full((rows, 8, 10, 3), 40, "u1")
    demo["states/articulation/robot/joint_position"] = np.ones((rows, 6), "f4")
    demo["initial_state/articulation/robot/root_pose"] = np.array([[0, 0, 0, 0, 0, 0, 1]], "f4")


def _robocasa(file: h5py.File, rows: int) -> None:
    """As RoboCasa 0.2's docs (docs/_versions/v0.2/use_cases/using_datasets.md, commit 8f124f0) lay it out."""
    file["data"].attrs["env_args"] = json.dumps({"env_name": "PnPCounterToCab", "type": 1, "env_kwargs": {"control_freq": 20}})
    demo = file["data/demo_0"]
    demo.attrs.update(model_file="<mujoco/>", ep_meta=json.dumps({"lang": "pick the apple", "layout_id": 3}))
    demo["action_dict/abs_pos"], demo["states"] = np.zeros((rows, 3)), np.zeros((rows, 120))
    demo["obs/robot0_gripper_qpos"], demo["obs/robot0_joint_pos"] = np.ones((rows, 2)), np.ones((rows, 7))
    demo["obs/robot0_agentview_left_image"] = np.full((rows, 8, 10, 3), 40, "u1")
    file["mask/30_demos"] = np.array([b"demo_0"])


@pytest.mark.parametrize(
    ("lay", "width", "told"),
    [
        (_isaac_lab, 6, "--state joint_pos --camera front=front --instruction push"),
        (_robocasa, 12, "--state robot0_joint_pos robot0_gripper_qpos --camera front=robot0_agentview_left_image"),
    ],
    ids=["isaac lab", "robocasa"],
)
def test_what_others_wrote_is_read(tmp_path: Path, lay: Callable[..., None], width: int, told: str) -> None:
    with h5py.File(tmp_path / "demos.hdf5", "x") as file:
        file["data/demo_0/actions"] = np.arange(5.0 * width).reshape(5, width)
        lay(file, 5)
    words = ["convert", str(tmp_path / "demos.hdf5"), "--to", str(tmp_path / "into"), "--fps", "20", *told.split()]
    assert main(words) == 0
    read = read_arrays(tmp_path / "into")
    assert read.action.shape == (5, width)
    assert np.all(read.state == 1)
    assert read.instruction in ("push", "pick the apple")
    assert read.images["front"].shape == (5, 8, 10, 3)
