"""What a dataset that LeRobot wrote becomes, and what is said of one that cannot be read."""

import json
import re
import runpy
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runtime.bound.dataset import Dataset
from runtime.build.testing import run_stage
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.recorded.files import digest_dataset, found_dataset, inspect_dataset, used_files
from runtime.recorded.info import read_info
from runtime.sim.parts.so101 import SO101
from tests.runtime.learn import reach
from tests.runtime.recorded.lerobot_made import FPS, HW, LENGTH, TOLD, motion, record, record_v21

FILM = "videos/observation.images.top/chunk-000/file-000.mp4"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
FRAMES = "data/chunk-000/file-000.parquet"
SAID: dict = {"kind": "lerobot", "root": "r", "path": "mine", "cameras": {"front": "top"}, "units": "degrees"}
SAID |= {"joints": {"gripper": {"units": "0..100"}}}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recordings")
    record(root / "mine")
    return root


def built(root: Path, store: Path, **more: object) -> Path:
    said = Dataset.model_validate(SAID | more)
    assert [p for p in inspect_dataset(said, root, SO101) if not p.warning] == []
    data = found_dataset(said, root).model_dump(mode="json")
    return run_stage("recorded_demos", {"data": data}, {}, store, source_dir=root)


def test_degrees_another_order_and_a_video_become_our_demos(recorded: Path, tmp_path: Path) -> None:
    made = built(recorded, tmp_path, size_px=[40, 30])
    arrays = read_arrays(made / "dataset")
    want = np.concatenate([motion(0)[:-1], motion(1)[:-1]])
    np.testing.assert_allclose(arrays.state, want, atol=1e-5)
    np.testing.assert_allclose(arrays.action, np.concatenate([motion(0)[1:], motion(1)[1:]]), atol=1e-5)
    assert (arrays.fps, arrays.images["front"].shape) == (FPS, (2 * LENGTH, 30, 40, 3))
    grey = np.concatenate([20 + 10 * np.arange(LENGTH), 24 + 10 * np.arange(LENGTH)])
    np.testing.assert_allclose(arrays.images["front"].mean(axis=(1, 2, 3)), grey, atol=4)
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["contract"] == {
        "checked": ["orientation", "duration", "quality"],
        "action_dim": 6,
        "fps": FPS,
        "camera_keys": ["front"],
        "instruction_key": "task",
        "joints": list(SO101.names),
        "units": "radians",
        "action": "absolute",
        "camera_sizes": ["front 40x30"],
        "statistics": ["action", "observation.state", "observation.images.front"],
        "recorded_in": "real",
    }
    assert manifest["metrics"]["instructions"] == len(TOLD)
    assert pq.read_table(made / "dataset/meta/tasks.parquet")["task"].to_pylist() == list(TOLD)


def test_what_is_read_is_what_lerobot_reads(recorded: Path, tmp_path: Path) -> None:
    from runtime.learn.dataset import open_dataset

    theirs, arrays = open_dataset(recorded / "mine"), read_arrays(built(recorded, tmp_path) / "dataset")
    for i in (0, LENGTH - 1, LENGTH, 2 * LENGTH - 1):
        frame = theirs[i]["observation.images.top"].numpy().transpose(1, 2, 0) * 255
        assert arrays.images["front"][i].shape == (*HW, 3)
        np.testing.assert_allclose(arrays.images["front"][i], frame, atol=1.01)


def test_version_2_1_is_converted_by_the_command_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_v21(tmp_path / "mine")
    (problem,) = inspect_dataset(Dataset.model_validate(SAID), tmp_path, SO101)
    assert problem.code == "R331"
    (command,) = re.findall("`python -m (.*)`", problem.help)
    module, *arguments = shlex.split(command.replace("DIR", str(tmp_path / "mine")))
    monkeypatch.setattr("sys.argv", [module, *arguments])
    runpy.run_module(module, run_name="__main__")
    arrays = read_arrays(built(tmp_path, tmp_path / "store") / "dataset")
    np.testing.assert_allclose(arrays.state, np.concatenate([motion(0)[:-1], motion(1)[:-1]]), atol=1e-5)
    np.testing.assert_allclose(arrays.images["front"][LENGTH].mean(), 24, atol=4)


def test_frames_are_left_out_and_targets_are_those_of_the_last_frame_before_the_next(recorded: Path, tmp_path: Path) -> None:
    arrays = read_arrays(built(recorded, tmp_path, fps=10) / "dataset")
    first = arrays.episode_index == 0
    np.testing.assert_allclose(arrays.state[first], motion(0)[:LENGTH:2], atol=1e-5)
    np.testing.assert_allclose(arrays.action[first], motion(0)[[2, 4, 6, 8, 10, 12, 14, 15]], atol=1e-5)
    assert arrays.fps == 10


def test_signs_offsets_and_other_kinds_of_actions(recorded: Path, tmp_path: Path) -> None:
    joints = {"gripper": {"units": "0..100"}, "shoulder_pan": {"sign": -1, "offset": 10.0}}
    arrays = read_arrays(built(recorded, tmp_path, joints=joints, action="next_state") / "dataset")
    first = motion(0)[:LENGTH, 0]
    np.testing.assert_allclose(arrays.state[:LENGTH, 0], -(first - np.radians(10)), atol=1e-5)
    np.testing.assert_allclose(arrays.action[: LENGTH - 1], arrays.state[1:LENGTH], atol=1e-6)
    with pytest.raises(InputError, match="poses of the hand"):
        built(recorded, tmp_path, action="ee")


def test_deltas_are_added_to_where_the_joints_are(recorded: Path, tmp_path: Path) -> None:
    root = copied(recorded, tmp_path)
    change(root, lambda c: c | {"action": [[0.0, 1.0, 0, 0, 0, 0]] * len(c["action"])})
    arrays = read_arrays(built(root, tmp_path / "store", action="delta") / "dataset")
    np.testing.assert_allclose(arrays.action[:, 0] - arrays.state[:, 0], np.radians(1.0), atol=1e-5)
    np.testing.assert_allclose(arrays.action[:, 1:], arrays.state[:, 1:], atol=1e-5)


def copied(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "copy")
    return tmp_path / "copy"


def change(root: Path, how: Callable[[dict], dict], name: str = FRAMES) -> None:
    path = root / "mine" / name
    table = pq.read_table(path)
    pq.write_table(pa.table(how(table.to_pydict())), path)


@pytest.mark.parametrize(
    ("code", "key", "damage"),
    [
        ("R341", "data.cameras.front", lambda root: (root / "mine" / FILM).write_bytes(b"no video")),
        ("R341", "data.cameras.front", lambda root: (root / "mine" / FILM).unlink()),
        ("R342", "data.path", lambda root: (root / "mine" / FRAMES).write_bytes(b"PAR1")),
        ("R342", "data.path", lambda root: change(root, lambda c: {k: v[:-1] for k, v in c.items()})),
        (
            "R342",
            "data.path",
            lambda root: change(root, lambda c: c | {"observation.state": [[float("nan")] * 6] * len(c["index"])}),
        ),
        ("R342", "data.path", lambda root: change(root, lambda c: c | {"action": [[1.0] * 3] * len(c["index"])})),
        (
            "R342",
            "data.path",
            lambda root: change(root, lambda c: c | {"observation.state": [[None, *row[1:]] for row in c["observation.state"]]}),
        ),
        ("R342", "data.path", lambda root: change(root, lambda c: c | {"timestamp": [float("nan")] * len(c["index"])})),
        ("R342", "data.path", lambda root: change(root, lambda c: {k: v[:0] for k, v in c.items()})),
        ("R342", "data.path", lambda root: change(root, lambda c: c | {"length": ["long"] * len(c["length"])}, EPISODES)),
        ("R342", "data.path", lambda root: change(root, lambda c: c | {"task_index": [None] * 2}, "meta/tasks.parquet")),
        ("R336", "data.path", lambda root: change(root, lambda c: c | {"timestamp": [t * 2 for t in c["timestamp"]]})),
        ("R337", "data.path", lambda root: change(root, lambda c: c | {"task_index": [9] * len(c["index"])})),
    ],
)
def test_what_only_the_job_can_tell(
    recorded: Path, tmp_path: Path, code: str, key: str, damage: Callable[[Path], object]
) -> None:
    root = copied(recorded, tmp_path)
    damage(root)
    with pytest.raises(InputError) as refused:
        built(root, tmp_path / "store")
    (problem,) = refused.value.problems
    assert (problem.code, problem.key) == (code, key)


def test_the_address_follows_the_files_that_are_read(recorded: Path, tmp_path: Path) -> None:
    root, said = copied(recorded, tmp_path), Dataset.model_validate(SAID)
    before = digest_dataset(said, root)
    (root / "mine/README.md").write_text("notes")
    assert digest_dataset(said, root) == before
    assert found_dataset(said.model_copy(update={"licence": "MIT"}), root) == found_dataset(said, root)
    (root / "mine" / FILM).write_bytes(b"other")
    assert digest_dataset(said, root) != before


def test_videos_of_a_camera_of_any_name_are_read(recorded: Path, tmp_path: Path) -> None:
    root = copied(recorded, tmp_path) / "mine"
    info, called = root / "meta/info.json", 'observation.images.a: {b} "ü"'
    info.write_text(info.read_text().replace('"observation.images.top"', json.dumps(called)))
    (root / FILM).parents[1].rename(root / "videos" / called)
    said = Dataset.model_validate({**SAID, "cameras": {"front": called}})
    assert FILM.replace("observation.images.top", called) in used_files(said, root, read_info(root, "mine"))


def test_what_info_says_is_bounded_and_links_stay_inside(recorded: Path, tmp_path: Path) -> None:
    root, said = copied(recorded, tmp_path), Dataset.model_validate(SAID)
    info = root / "mine/meta/info.json"
    text = info.read_text()
    odd = [
        "[" * 100_000,
        '{"a": NaN',
        "7",
        text.replace("data/chunk", "../chunk"),
        " " * 2**23,
        text.replace("60", "60000000000"),
    ]
    rates = [text.replace(f'"fps": {FPS}', f'"fps": {value}') for value in ("Infinity", "NaN", "9" * 4000, "true", "29.97")]
    for code, wrong in [*(("R330", one) for one in odd), *(("R336", one) for one in rates)]:
        info.write_text(wrong)
        (problem,) = inspect_dataset(said, root, SO101)
        assert (problem.code, len(problem.message) < 200) == (code, True), wrong[:40]
    info.write_text(text)
    stats = info.with_name("stats.json")
    whole = json.loads(stats.read_text())
    stats.write_text(json.dumps(whole | {"observation.state": whole["observation.state"] | {"max": [10**400] * 6}}))
    assert inspect_dataset(said, root, SO101) == [], "ranges that are no numbers say nothing against the units"
    info.write_text(text)
    (tmp_path / "away.mp4").write_bytes(b"")
    (root / "mine" / FILM).unlink()
    (root / "mine" / FILM).symlink_to(tmp_path / "away.mp4")
    assert [p.code for p in inspect_dataset(said, root, SO101)] == ["R218"]


def test_pictures_in_the_table_are_read_as_well(tmp_path: Path) -> None:
    reach.write(tmp_path / "mine")
    joints = {name: {"name": f"joint_{i}"} for i, name in enumerate(SO101.names)}
    made = built(tmp_path, tmp_path / "store", cameras={"front": "front"}, units="radians", joints=joints)
    want, found = read_arrays(tmp_path / "mine"), read_arrays(made / "dataset")
    np.testing.assert_array_equal(found.images["front"], want.images["front"])
    np.testing.assert_allclose(found.state, want.state, atol=1e-6)
    np.testing.assert_allclose(found.action, want.action, atol=1e-6)
