"""What simkiln writes, LeRobot opens and iterates; what pyarrow reads, LeRobot reads."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from runtime.learn import dataset_writer
from runtime.learn.dataset import offline, open_dataset, read_arrays, write_dataset
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


def through_lerobot(root: Path, features: dict, episodes: list[dict]) -> None:
    """The same demos by LeRobot's own writer."""
    offline()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset.create("simkiln/theirs", 10, features, root=root, use_videos=False)
    for episode in episodes:
        for t in range(len(episode["state"])):
            frame = {f"observation.images.{camera}": film[t] for camera, film in episode["images"].items()}
            frame |= {"observation.state": episode["state"][t], "action": episode["action"][t]}
            dataset.add_frame(frame | {"task": episode["instruction"]})
        dataset.save_episode()
    dataset.finalize()


def test_lerobot_reads_what_it_would_have_written_itself(tmp_path: Path) -> None:
    """To the last bit: frames, statistics of the whole and of each episode, episodes, tasks, info, columns and their types."""
    rng = np.random.default_rng(0)
    sizes = {"front": (6, 8), "wrist": (8, 10)}
    episodes = []
    for length in (1, 2, 130, *[5] * 9):  # more pictures than are counted, and more episodes than are buffered
        films = {camera: rng.integers(0, 200, (length, *hw, 3)).astype(np.uint8) for camera, hw in sizes.items()}
        state = rng.normal(size=(length, 3)).astype(np.float32)
        state[:, 2] = 0.25
        episodes.append({"images": films, "state": state, "action": state * 2, "instruction": "press" if length < 5 else "push"})
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_dataset(ours, 10, ["front", "wrist"], sizes, episodes, "press", ["pan", "lift", "grip"])
    info = json.loads((ours / "meta/info.json").read_text())
    added = {"timestamp", "frame_index", "episode_index", "index", "task_index"}
    features = {key: {**f, "shape": tuple(f["shape"])} for key, f in info["features"].items() if key not in added}
    through_lerobot(theirs, features, episodes)
    for name in ("info", "stats"):
        assert json.loads((ours / f"meta/{name}.json").read_text()) == json.loads((theirs / f"meta/{name}.json").read_text())
    for name in ("meta/episodes/chunk-000/file-000.parquet", "meta/tasks.parquet", "data/chunk-000/file-000.parquet"):
        one, other = (pq.ParquetFile(root / name) for root in (ours, theirs))
        assert one.schema_arrow.equals(other.schema_arrow)
        groups = [[file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] for file in (one, other)]
        assert groups[0] == groups[1]
        if not name.startswith("data"):
            assert one.read().equals(other.read())
    one, other = open_dataset(ours), open_dataset(theirs)
    assert one.hf_dataset.features == other.hf_dataset.features
    assert one.meta.tasks.equals(other.meta.tasks)
    for a, b in zip(one, other, strict=True):
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) if isinstance(b[key], torch.Tensor) else a[key] == b[key] for key in b)


def test_large_datasets_go_into_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_writer, "FILE_MB", 0.02)
    monkeypatch.setattr(dataset_writer, "FILES_IN_CHUNK", 2)
    made = list(reach.episodes(6, 12, 0))
    write_dataset(tmp_path / "d", 10, ["front"], reach.HW, made, "press")
    assert len(list((tmp_path / "d/data").glob("chunk-00[12]/*.parquet"))) > 1
    dataset = open_dataset(tmp_path / "d")
    states = np.stack([dataset[i]["observation.state"].numpy() for i in range(len(dataset))])
    np.testing.assert_array_equal(states, np.concatenate([e["state"] for e in made]))
    np.testing.assert_array_equal(states, read_arrays(tmp_path / "d").state)


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
