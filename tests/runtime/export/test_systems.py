"""Simulators and trainers of others: what is written for them, read back by their rules; what they write, read."""

import csv
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tarfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest
from PIL import Image

from compiler.cli import main
from compiler.project.load import load_project
from runtime.backend import load
from runtime.export.systems.discoverse import Discoverse
from runtime.export.systems.gsworld import GSWorld
from runtime.export.systems.rlinf import RLinf
from runtime.export.systems.rollouts import rollouts_of
from runtime.export.systems.scene import Scene, moved
from runtime.export.systems.splatsim import SplatSim
from runtime.export.systems.wmpo import WMPO
from runtime.learn.dataset import read_arrays
from runtime.problem import InputError
from runtime.sim.episodes.attempts import Attempt, save_attempts
from runtime.sim.episodes.episodes import Episode, save_episodes
from runtime.sim.parts.kinematics import pose_at
from runtime.sim.parts.mj import mujoco
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import where_now
from runtime.sim.twin.twin import read_model, read_twin, save_backdrops
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply import read_ply, write_ply
from runtime.store.store import Store
from tests.compiler.built import Built
from tests.compiler.published import publish
from tests.runtime.trainers.plain_twin import plain_twin

FRONT = np.array([[0.0, -1, 0, 0.2], [0, 0, -1, 0.5], [1, 0, 0, 0.3], [0, 0, 0, 1]])
"""A camera's pose, whatever it sees."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A bare twin with one camera, a splat of 60 Gaussians under a similarity, and two demos of four steps."""
    root = tmp_path_factory.mktemp("scene")
    folder = plain_twin(root / "twin")
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    similarity = np.eye(4)
    similarity[:3, :3], similarity[:3, 3] = 0.4 * turn * np.sign(np.linalg.det(turn)), (0.1, -0.2, 0.3)
    twin = replace(read_twin(folder), splat_to_twin=similarity, cameras=[Camera("front", 32, 24, 50.0, FRONT)])
    (folder / "twin.json").write_text(json.dumps(twin.to_json()))
    spread = Gaussians(
        rng.standard_normal((60, 3)),
        rng.standard_normal((60, 4)),
        rng.uniform(0.01, 0.1, (60, 3)),
        rng.uniform(0.1, 0.9, 60),
        rng.standard_normal((60, 16, 3)) * 0.2,
    )
    write_ply(root / "splat.ply", spread)
    (folder / "background").mkdir()
    save_backdrops(folder / "background", twin, load("renderer", "numba")(), spread)
    (root / "demos").mkdir()
    model = read_model(folder)
    data = mujoco.MjData(model)
    episodes = []
    for i in range(2):
        joints = rng.uniform(-0.3, 0.3, (4, twin.robot.action_dim))
        qpos = np.tile(data.qpos, (4, 1))
        qpos[:, [model.joint(name).qposadr[0] for name in twin.robot.model_names]] = joints
        still = np.array([[0.25, 0.05 * i, 0.0]] * model.nmocap).reshape(-1, 3)
        episodes.append(Episode(qpos, still, joints.astype(np.float32), joints.astype(np.float32) + 0.01, i))
    save_episodes(root / "demos" / "episodes.npz", episodes)
    return Scene(folder, root / "splat.ply", root / "demos")


def written(system: Any, scene: Scene, tmp_path: Path) -> tuple[Path, str]:
    package = tmp_path / "package"
    package.mkdir()
    return package, system.write(scene, package)


def test_harmonics_turn_with_gaussians(scene: Scene) -> None:
    """What a camera sees of a splat is what the moved camera sees of the moved splat."""
    whole, similarity = scene.place, scene.twin.splat_to_twin
    camera, renderer = scene.twin.cameras[0], load("renderer", "numba")()

    def seen(gaussians: Gaussians, c2w: np.ndarray) -> np.ndarray:
        view = np.linalg.inv(c2w)[None], camera.K[None]
        drawn, *_ = renderer.rasterization(*renderer.arrays(gaussians), *view, camera.width, camera.height, sh_degree=3)
        return drawn[0]

    there = seen(moved(whole, similarity), camera.c2w)
    assert np.abs(there - seen(whole, scene.twin.splat_camera(camera))).max() < 1e-3
    assert there.max() > 0.1


def test_discoverse_takes_the_twin(scene: Scene, tmp_path: Path) -> None:
    package, words = written(Discoverse(), scene, tmp_path)
    assert "replay.py" in words
    model = mujoco.MjModel.from_xml_path(str(package / "mjcf" / "scene.xml"))
    data = mujoco.MjData(model)
    task = json.loads((package / "task.json").read_text())
    assert (model.opt.timestep, task["decimation"] * task["timestep_s"] * task["fps"]) == (task["timestep_s"], pytest.approx(1))
    mujoco.mj_forward(model, data)
    camera = data.camera("front")
    assert camera.xpos == pytest.approx(FRONT[:3, 3])
    assert camera.xmat.reshape(3, 3) * (1, -1, -1) == pytest.approx(FRONT[:3, :3], abs=1e-6)
    assert where_now(scene.twin.cameras[0], model, data).c2w[:3, 3] == pytest.approx(camera.xpos)
    assert set(task["gaussians"]) - {"background"} <= {model.body(i).name for i in range(model.nbody)}
    assert len(task["gaussians"]) > 4
    # where its renderer puts a body's Gaussians is on that body's surface
    episode = scene.episodes[0]
    state = scene.at(episode, 2)
    for body in scene.objects:
        local = read_ply(package / "3dgs" / task["gaussians"][body])
        world = local.means @ state.body(body).xmat.reshape(3, 3).T + state.body(body).xpos
        assert np.linalg.norm(world.mean(0) - state.body(body).xpos) < 0.1


DISCOVERSE = """
import json, sys
import mujoco, numpy as np
class BaseConfig:
    pass
class SimulatorBase:
    def __init__(self, config):
        self.config = config
        self.mj_model = mujoco.MjModel.from_xml_path(config.mjcf_file_path)
        self.mj_model.opt.timestep = config.timestep
        self.mj_data, self.img_rgb_obs_s = mujoco.MjData(self.mj_model), {}
        for name, file in config.gs_model_dict.items():
            assert name == "background" or self.mj_model.body(name).id > 0
            assert open(file, "rb").read(3) == b"ply"
    def render(self):
        size = self.config.render_set["height"], self.config.render_set["width"], 3
        for cam in self.config.obs_rgb_cam_id:
            self.img_rgb_obs_s[cam] = np.full(size, int(20 * self.mj_data.time * 10) + 20, np.uint8)
"""
"""What `replay.py` uses of `discoverse/envs/simulator.py` (commit a06a88f): its constructor, `render` and what that leaves."""


def test_discoverse_replays_and_is_read(scene: Scene, tmp_path: Path) -> None:
    """Our script over a stand-in for its simulator; with a checkout, over its own recorder."""
    package, _ = written(Discoverse(), scene, tmp_path)
    checkout, there = os.environ.get("DISCOVERSE_CHECKOUT"), tmp_path / "there" / "discoverse"
    (there / "envs").mkdir(parents=True)
    (there / "universal_manipulation").mkdir()
    (there / "utils").mkdir()
    for name in ("", "envs", "utils"):
        (there / name / "__init__.py").write_text("")
    (there / "envs" / "simulator.py").write_text(DISCOVERSE)
    (there / "utils" / "__init__.py").write_text("from discoverse.envs.simulator import BaseConfig\n")
    recorder = there / "universal_manipulation" / "recorder.py"
    if checkout:
        recorder.write_text((Path(checkout) / "discoverse/universal_manipulation/recorder.py").read_text())
    else:
        recorder.write_text(RECORDER)
    (there / "universal_manipulation" / "__init__.py").write_text("from .recorder import PyavImageEncoder, recoder_single_arm\n")
    for more in ([], ["--physics"]):
        out = tmp_path / ("physics" if more else "states")
        done = subprocess.run(
            [sys.executable, str(package / "replay.py"), "--out", str(out), *more],
            env={**os.environ, "PYTHONPATH": str(there.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        words = ["--to", str(out) + "-set", "--fps", "10", "--camera", "front=0", "--instruction", "press the button"]
        assert main(["convert", str(out), "--from", "discoverse", *words]) == 0
        arrays = read_arrays(Path(f"{out}-set"))
        assert arrays.images["front"].shape == (8, 24, 32, 3)
        assert arrays.action == pytest.approx(np.concatenate([e.action for e in scene.episodes]), abs=1e-6)
        off = np.abs(arrays.state - np.concatenate([e.state for e in scene.episodes])).max()
        assert (off < 1e-6) if not more else (1e-4 < off < 1)
        assert np.diff(arrays.images["front"][:4, 5, 5, 0].astype(int)).min() > 5


RECORDER = """
import fractions, json, os
import av
class PyavImageEncoder:
    def __init__(self, width, height, save_path, id):
        os.makedirs(save_path, exist_ok=True)
        self.container = av.open(os.path.join(save_path, f"cam_{id}.mp4"), "w", format="mp4")
        self.stream = self.container.add_stream("h264", options={"preset": "fast"})
        self.stream.width, self.stream.height, self.stream.pix_fmt = width, height, "yuv420p"
        self.stream.time_base = self.stream.codec_context.time_base = fractions.Fraction(1, 1000000)
        self.start = None
    def encode(self, image, timestamp):
        self.start = timestamp if self.start is None else self.start
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = int((timestamp - self.start) * 1e6), self.stream.time_base
        self.container.mux(self.stream.encode(frame))
    def close(self):
        self.container.mux(self.stream.encode())
        self.container.close()
def recoder_single_arm(save_path, obs_lst):
    time, jq, act = ([o[key] for o in obs_lst] for key in ("time", "jq", "action"))
    told = {"time": time, "obs": {"jq": jq}, "act": act}
    json.dump(told, open(os.path.join(save_path, "obs_action.json"), "w"))
"""
"""Written after `discoverse/universal_manipulation/recorder.py` (commit a06a88f), which a checkout brings itself."""


def test_recordings_of_discoverse_that_are_not_whole(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "data" / "000"
    folder.mkdir(parents=True)
    said: dict[str, Any] = {"time": [0.0, 0.1, 0.2], "obs": {"jq": [[0.0] * 7] * 3}, "act": [[0.0] * 7] * 3}
    film_of = np.full((3, 24, 32, 3), 90, np.uint8)

    def refused(**changed: Any) -> str:
        (folder / "obs_action.json").write_text(json.dumps(said | changed))
        words = ["--to", str(tmp_path / "set"), "--fps", "10", "--camera", "front=0", "--instruction", "do it"]
        assert main(["convert", str(folder.parent), "--from", "discoverse", *words]) != 0
        return capsys.readouterr().err

    assert "cannot be read" in refused()
    with av.open(str(folder / "cam_0.mp4"), "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        for frame in film_of[:2]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    assert "has 2 frames for 3 rows" in refused()
    assert "a row every 0.050 s, not 0.100" in refused(time=[0.0, 0.05, 0.1])
    assert "`jq` of `000/obs_action.json` is no table" in refused(obs={"jq": [[1, "x"]]})
    assert "3 times, 3 states and 2 actions" in refused(act=[[0.0] * 7] * 2)
    assert "is no recording of DISCOVERSE" in refused(time="now")


def test_splatsim_cuts_and_moves_what_was_written(scene: Scene, tmp_path: Path) -> None:
    package, _ = written(SplatSim(), scene, tmp_path)
    config = json.loads((package / "configs/object_configs/objects.yaml").read_text())
    robot, cloud = config["twin"], read_ply(package / "data/output/twin/point_cloud/iteration_30000/point_cloud.ply")
    matrix, box = np.array(robot["transformation"]["matrix"]), robot["aabb"]["bounding_box"]
    stands = (matrix[:3, :3] @ cloud.means.astype(float).T).T + matrix[:3, 3]  # articulated_robot_pipeline.py:211
    inside = ((stands > box[0]) & (stands < box[1])).all(1)
    labels = np.load(package / "data/labels_path/twin_labels.npy")
    assert len(labels) == inside.sum() > 1000  # robot_splat_render_utils.py:231-234 indexes the one by the other
    links = json.loads((package / "links.json").read_text())
    state = scene.at(scene.episodes[0], 0)
    for name, label in list(links.items())[1:]:
        middle = stands[inside][labels == label].mean(0)
        assert np.linalg.norm(middle - state.body(name).xpos) < 0.15
    row = pickle.loads((package / "data/bc_data/001/00002.pkl").read_bytes())
    assert row["joint_positions"] == pytest.approx(scene.episodes[1].state[2], abs=1e-6)
    (name,) = scene.objects
    assert row[f"{name}_position"] == pytest.approx(scene.at(scene.episodes[1], 2).body(name).xpos)
    assert row[f"{name}_orientation"] == pytest.approx(np.roll(scene.at(scene.episodes[1], 2).body(name).xquat, -1))
    assert config[name]["ply_path"] == f"./data/output/{name}/point_cloud.ply"


class Evil:
    """What a pickle may ask for."""

    def __reduce__(self) -> tuple:
        return os.system, ("touch evil",)


def test_splatsim_s_pictures_are_read_one_row_late_and_pickles_call_nothing(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    package, _ = written(SplatSim(), scene, tmp_path)
    folder = package / "data" / "bc_data"
    for path in folder.iterdir():
        (path / "images_1").mkdir()
        for i in range(4):
            Image.new("RGB", (32, 24), (40 * i, 0, 0)).save(path / "images_1" / f"base_rgb_{i:05d}.png")
    words = ["--from", "splatsim", "--fps", "10", "--camera", "front=base_rgb", "--instruction", "press the button"]
    assert main(["convert", str(folder), "--to", "set", *words]) != 0
    assert "say `--research` where this is, or take `discoverse`" in capsys.readouterr().err
    assert main(["convert", str(folder), "--to", "set", *words, "--research"]) == 0
    arrays = read_arrays(Path("set"))
    assert len(arrays.state) == 6
    assert arrays.images["front"][:3, 12, 16, 0] == pytest.approx([40, 80, 120], abs=6)
    assert arrays.state[:3] == pytest.approx(scene.episodes[0].state[:3], abs=1e-6)
    assert arrays.action[:3] == pytest.approx(scene.episodes[0].state[1:], abs=1e-6)
    (folder / "001" / "00003.pkl").write_bytes(pickle.dumps({"joint_positions": Evil()}))
    assert main(["convert", str(folder), "--to", "other", *words, "--research"]) != 0
    assert "which is no array" in capsys.readouterr().err
    assert not Path("evil").exists()


def test_gsworld(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    package, _ = written(GSWorld(), scene, tmp_path)
    models = json.loads((package / "configs" / "twin.json").read_text())["models"]
    constants = json.loads((package / "constants.json").read_text())
    whole = read_ply(package / "assets" / models[0]["data_path"])
    labels = np.load(package / "assets" / models[0]["semantic_labels"])
    assert len(labels) == len(whole)
    assert set(labels) == {-1, *constants["gs_semantics"].values()}
    assert models[1]["semantic_labels"] == constants["obj_gs_semantics"][scene.objects[0]] == 100
    back = np.linalg.inv(constants["sim2gs_arm_trans"])
    assert back == pytest.approx(scene.twin.splat_to_twin)
    with h5py.File(tmp_path / "made.h5", "w") as file:  # mani_skill/utils/wrappers/record.py at 089c82b: one observation more
        for i, won in enumerate((True, False)):
            group = file.create_group(f"traj_{i}")
            group["actions"], group["success"] = np.full((3, 8), i, np.float32), np.array([False, False, won])
            group["obs/agent/qpos"] = np.arange(4 * 9, dtype=np.float32).reshape(4, 9)
            group["obs/sensor_data/base_camera/rgb"] = np.full((4, 24, 32, 3), 90, np.uint8)
    words = ["--fps", "20", "--camera", "front=base_camera", "--instruction", "stack", "--to", str(tmp_path / "set")]
    assert main(["convert", str(tmp_path / "made.h5"), "--from", "gsworld", "--research", *words]) == 0
    arrays = read_arrays(tmp_path / "set")
    assert (arrays.state.shape, arrays.action.shape) == ((3, 9), (3, 8))
    assert arrays.state[2, 0] == 18
    capsys.readouterr()


def test_wmpo(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    package, _ = written(WMPO(), scene, tmp_path)
    with tarfile.open(package / "shards" / "000000.tar") as shard:
        names = shard.getnames()
        held = {name: shard.extractfile(name) for name in names}
        contents = {name: file.read() for name, file in held.items() if file}
    meta = json.loads(contents["000000001.meta.json"])
    video, action = (np.load(io.BytesIO(contents[f"000000001.{n}.npy"]), allow_pickle=False) for n in ("video", "action"))
    assert names[:3] == ["000000000.video.npy", "000000000.action.npy", "000000000.meta.json"]
    assert (meta["finish_step"], meta["complete"]) == (3, True)
    assert (video.shape, video.dtype, action.shape, action.dtype) == ((4, 24, 32, 3), np.uint8, (3, 7), np.float32)
    stats = json.loads((package / "dataset_statistics.json").read_text())["action"]
    assert (np.array(stats["q01"]) <= np.array(stats["q99"])).all()
    episode, robot = scene.episodes[1], scene.twin.robot
    hand, target = (pose_at(robot, of[1].astype(float)) for of in (episode.state, episode.action))
    assert action[1, :3] == pytest.approx(target[:3, 3] - hand[:3, 3], abs=1e-6)
    tried = []  # a policy's own rollouts, of which the second failed
    for i, one in enumerate(scene.episodes):
        flags = np.array([False, False, False, i == 0])
        still = np.tile((1.0, 0.0, 0.0, 0.0), (len(one.objects_m), 1))
        tried.append(Attempt(one.qpos, one.objects_m, still, one.state, one.action[:3], flags, flags * 1.0, flags, flags * 1.0))
    (tmp_path / "own").mkdir()
    save_attempts(tmp_path / "own" / "attempts.npz", tried)
    (tmp_path / "again").mkdir()
    WMPO().write(Scene(scene.twin_folder, scene.splat, tmp_path / "own"), tmp_path / "again")
    with tarfile.open(tmp_path / "again" / "shards" / "000000.tar") as shard:
        metas = [json.loads(file.read()) for n in shard.getnames() if n.endswith("json") and (file := shard.extractfile(n))]
    assert [(m["finish_step"], m["complete"]) for m in metas] == [(2, True), (2, False)]
    log = tmp_path / "log.txt"
    log.write_text("(main) step:3 - val/test_score/all:0.471 - actor/ppo_kl:-0.002\nnoise step: 4\n")
    assert main(["convert", str(log), "--from", "wmpo", "--to", str(tmp_path / "m.csv")]) == 0
    rows = list(csv.DictReader((tmp_path / "m.csv").open()))
    assert rows == [
        {"step": "3", "metric": "val/test_score/all", "value": "0.471"},
        {"step": "3", "metric": "actor/ppo_kl", "value": "-0.002"},
    ]
    log.write_text("nothing\n")
    assert main(["convert", str(log), "--from", "wmpo", "--to", str(tmp_path / "n.csv")]) != 0
    assert "has no line of WMPO's logger" in capsys.readouterr().err


def event(step: int, tag: str, value: float) -> bytes:
    """A record of an event file: wall_time (1), step (2), summary (5) {value (1) {tag (1), simple_value (2)}}."""
    inner = b"\x0a" + bytes([len(tag)]) + tag.encode() + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + bytes([len(inner)]) + inner
    message = b"\x09" + struct.pack("<d", 1.0) + b"\x10" + bytes([step]) + b"\x2a" + bytes([len(summary)]) + summary
    return struct.pack("<Q", len(message)) + bytes(4) + message + bytes(4)


def test_rlinf(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.export.systems.rlinf.EVERY", 3)
    package, words = written(RLinf(), scene, tmp_path)
    assert "env.train.initial_image_path=DIR/dataset" in words
    frames = np.load(package / "dataset" / "traj1.npy", allow_pickle=True)
    assert len(frames) == 1  # with four its environment would begin from the last four
    key = np.load(package / "dataset" / "traj1_0003_kir.npy", allow_pickle=True)
    assert len(key) == 5
    assert (key[0]["image"] == frames[0]["image"]).all()
    led = list(rollouts_of(scene))[1].action[2]  # what led to the fourth frame
    assert key[4]["delta_action"] == pytest.approx(led)
    assert frames[0]["image"].shape == (24, 32, 3)
    assert frames[0]["delta_action"].shape == frames[0]["init_ee_pose"].shape == (7,)
    assert frames[0]["instruction"] == "press the red button"
    log = tmp_path / "tensorboard"
    log.mkdir()
    (log / "events.out.tfevents.1.host").write_bytes(event(3, "eval/success_once", 0.5) + event(5, "eval/success_once", 0.75))
    assert main(["convert", str(log), "--from", "rlinf", "--to", str(tmp_path / "m.csv")]) == 0
    assert [(r["step"], r["value"]) for r in csv.DictReader((tmp_path / "m.csv").open())] == [("3", "0.5"), ("5", "0.75")]
    (log / "events.out.tfevents.1.host").write_bytes(event(3, "a", 0.5)[:-9])
    assert main(["convert", str(log), "--from", "rlinf", "--to", str(tmp_path / "n.csv")]) != 0
    assert "it was cut short" in capsys.readouterr().err
    bare = Scene(scene.twin_folder, scene.splat, scene.demos)
    vars(bare)["twin"] = replace(scene.twin, cameras=[])
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="no camera"):
        RLinf().write(bare, tmp_path / "bare")


@pytest.mark.skipif("RLINF_CHECKOUT" not in os.environ, reason="RLINF_CHECKOUT names no checkout of RLinf")
def test_rlinf_s_own_reader_reads_it(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.export.systems.rlinf.EVERY", 3)
    data = written(RLinf(), scene, tmp_path)[0] / "dataset"
    source = (Path(os.environ["RLINF_CHECKOUT"]) / "rlinf/data/datasets/world_model.py").read_text()
    there: dict[str, Any] = {"__name__": "world_model"}
    exec(compile(source, "world_model.py", "exec"), there)
    items = there["NpyTrajectoryDatasetWrapper"](str(data), enable_kir=True)
    assert [len(items[i]["target_items"]) for i in range(len(items))] == [1, 4] * 2
    assert items[0]["start_items"][0]["image"].shape == (3, 24, 32)
    led = np.load(sorted(data.glob("*.npy"))[1], allow_pickle=True)[4]["delta_action"]
    assert items[1]["target_items"][3]["action"].numpy() == pytest.approx(led)
    assert items[0]["task"] == "press the red button"


def test_demos_leave_the_store_for_them(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """By the verb, from a store in which capture, splat, twin and demos stand; who says nothing of research gets nothing."""
    made, brought = Built(tmp_path), {"splat": scene.splat.parent, "twin": scene.twin_folder, "demos": scene.demos}
    project, nodes = load_project(tmp_path), made.nodes()
    label = next(name for name, node in nodes.items() if node.stage.name == "demos")
    for node in (nodes[label], *nodes[label].parents()):
        for one in (node, *node.parents()):
            folder = brought.get(one.stage.name)
            content = sorted(f for f in folder.rglob("*") if f.is_file()) if folder else []
            files = {str(f.relative_to(folder)): f.read_bytes() for f in content if folder} or {"file": b"-"}
            files |= {"dataset/meta": b"-"} if one.stage.name == "demos" else {}
            if not Store(project.store).has(*one.address):
                publish(project, one, files=files)
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> tuple[int, str]:
        code = main(["export", label, *words])
        return code, "".join(capsys.readouterr())

    code, out = said("--for", "discoverse", "--to", "out")
    assert (code, Path("out/discoverse/task.json").is_file()) == (0, True), out
    assert "discoverse (docs/systems/discoverse.md): python out/discoverse/replay.py --out out/discoverse/data" in out
    code, out = said("--for", "splatsim", "--to", "other")
    assert code
    assert "say `--research` where this is, or take `discoverse`" in out
    assert not Path("other").exists()
    assert "is no system that is known here: gsworld" not in said("--for", "gsworld", "--research", "--to", "third")[1]
    assert Path("third/gsworld/configs/twin.json").is_file()
    assert "`isaacgym` is no system" in said("--for", "isaacgym", "--to", "fourth")[1]
    made.edit("study.yaml", "title:", "use: commercial\ntitle:")
    assert (
        "is for commercial use, which the licence of `splatsim` forbids"
        in said("--for", "splatsim", "--research", "--to", "f")[1]
    )
