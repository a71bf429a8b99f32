"""What simkiln writes, LeRobot opens and iterates; what pyarrow reads, LeRobot reads."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from runtime.learn.dataset import open_dataset, read_arrays, write_dataset
from runtime.problem import InputError
from tests.runtime.learn import reach


def test_lerobot_iterates_every_frame_with_equal_values(demos: tuple[Path, list[dict]]) -> None:
    folder, made = demos
    dataset = open_dataset(folder / "dataset")
    assert (dataset.num_episodes, dataset.num_frames, dataset.fps) == (6, 72, 10)
    for i, frame in enumerate(dataset):
        episode, t = made[i // 12], i % 12
        image = frame["observation.images.front"].numpy().transpose(1, 2, 0)
        np.testing.assert_array_equal(np.rint(image * 255).astype(np.uint8), episode["images"]["front"][t])
        np.testing.assert_array_equal(frame["observation.state"].numpy(), episode["state"][t])
        np.testing.assert_array_equal(frame["action"].numpy(), episode["action"][t])
        assert frame["task"] == reach.INSTRUCTION
        assert float(frame["timestamp"]) == pytest.approx(t / 10)
    assert i == 71


def test_lerobot_gives_chunks_and_history(demos: tuple[Path, list[dict]]) -> None:
    folder, made = demos
    deltas = {"observation.state": [-0.1, 0.0], "action": [i / 10 for i in range(4)]}
    dataset = open_dataset(folder / "dataset", delta_timestamps=deltas)
    frame = dataset[12 + 10]  # two frames before the end of the second demo
    np.testing.assert_array_equal(frame["observation.state"].numpy(), made[1]["state"][[9, 10]])
    np.testing.assert_array_equal(frame["action"].numpy(), made[1]["action"][[10, 11, 11, 11]])
    assert frame["action_is_pad"].tolist() == [False, False, True, True]


def test_arrays_equal_what_was_written(demos: tuple[Path, list[dict]]) -> None:
    folder, made = demos
    arrays = read_arrays(folder / "dataset")
    np.testing.assert_array_equal(arrays.images["front"], np.concatenate([e["images"]["front"] for e in made]))
    np.testing.assert_array_equal(arrays.state, np.concatenate([e["state"] for e in made]))
    np.testing.assert_array_equal(arrays.action, np.concatenate([e["action"] for e in made]))
    np.testing.assert_array_equal(arrays.episode_index, np.repeat(np.arange(6), 12))
    assert (arrays.fps, arrays.instruction) == (10, reach.INSTRUCTION)


def test_the_same_demos_give_the_same_bytes(demos: tuple[Path, list[dict]], tmp_path: Path) -> None:
    reach.write(tmp_path / "again")
    first, second = _digests(demos[0] / "dataset"), _digests(tmp_path / "again")
    assert first == second


def test_an_empty_instruction_fails_before_anything_is_written(tmp_path: Path) -> None:
    for text in ("", "  ", None):
        with pytest.raises(InputError, match="instruction"):
            write_dataset(tmp_path / "d", 10, ["front"], reach.HW, reach.episodes(1, 3, 0), text)  # ty: ignore[invalid-argument-type]
    assert not (tmp_path / "d").exists()


def test_no_demos_and_wrong_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no demos"):
        write_dataset(tmp_path / "none", 10, ["front"], reach.HW, [], "press")
    with pytest.raises(InputError, match="demo 0 disagree"):
        write_dataset(tmp_path / "size", 10, ["front"], (48, 64), reach.episodes(1, 3, 0), "press")


def test_reading_something_else_is_refused(demos: tuple[Path, list[dict]], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a LeRobotDataset"):
        read_arrays(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(demos[0] / "dataset", copy)
    (copy / "data/chunk-000/file-000.parquet").unlink()
    with pytest.raises(InputError, match="no frames"):
        read_arrays(copy)


def _digests(root: Path) -> dict[str, str]:
    files = [p for p in root.rglob("*") if p.is_file()]
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
