"""A small dataset as people record one: through LeRobot's own API, with videos, in degrees, joints in an order of their own."""

import json
from pathlib import Path

import numpy as np

from runtime.learn.dataset import offline
from runtime.sim.parts.lerobot_units import names, to_lerobot
from runtime.sim.parts.so101 import SO101

FPS, HW, LENGTH = 20, (60, 80), 15
ORDER = (5, 0, 1, 2, 3, 4)
"""The gripper comes first."""
TOLD = ("press the red button", "push the red one")


def motion(episode: int) -> np.ndarray:
    """Joints [LENGTH + 1, 6] of an episode, radians."""
    at = np.linspace(0, 1, LENGTH + 1)[:, None]
    return at * np.array([0.5, -0.9, 0.7, 1.1, -0.4, 1.0]) * (1 + 0.2 * episode)


def picture_of(episode: int, frame: int) -> np.ndarray:
    """A grey that tells the frame: u8 [H, W, 3]."""
    return np.full((*HW, 3), 20 + 10 * frame + 4 * episode, np.uint8)


def record(root: Path, episodes: int = 2, **more: object) -> Path:
    """Write the dataset at `root`, which is not there yet."""
    offline()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    called = [names(SO101)[i] for i in ORDER]
    row = {"dtype": "float32", "shape": (len(called),), "names": called}
    features: dict = {"observation.state": row, "action": dict(row)}
    features["observation.images.top"] = {"dtype": "video", "shape": (*HW, 3), "names": ["height", "width", "channels"]}
    made = LeRobotDataset.create("local/mine", FPS, features, root=root, robot_type="so101_follower", use_videos=True)
    for episode in range(episodes):
        joints = to_lerobot(SO101, motion(episode))[:, ORDER].astype(np.float32)
        for frame in range(LENGTH):
            values = {"observation.state": joints[frame], "action": joints[frame + 1], "task": TOLD[episode % len(TOLD)]}
            made.add_frame({**values, "observation.images.top": picture_of(episode, frame)})
        made.save_episode()
    made.finalize()
    return root


def record_v21(root: Path, episodes: int = 2) -> Path:
    """The same as LeRobot 0.3 wrote it, version 2.1 of the format: a table and a video an episode, JSON lines beside."""
    import av
    import pyarrow as pa
    import pyarrow.parquet as pq

    called = [names(SO101)[i] for i in ORDER]
    row = {"dtype": "float32", "shape": [len(called)], "names": called}
    film = {"video.fps": float(FPS), "video.height": HW[0], "video.width": HW[1], "video.channels": 3, "video.codec": "h264"}
    picture = {"dtype": "video", "shape": [*HW, 3], "names": ["height", "width", "channels"], "info": film}
    counted = {"frame_index": "int64", "episode_index": "int64", "index": "int64", "task_index": "int64", "timestamp": "float32"}
    features: dict[str, dict] = {"observation.state": row, "action": row, "observation.images.top": picture}
    features |= {key: {"dtype": dtype, "shape": [1], "names": None} for key, dtype in counted.items()}
    info: dict[str, object] = {"codebase_version": "v2.1", "robot_type": "so101_follower", "total_episodes": episodes, "fps": FPS}
    info |= {"total_frames": episodes * LENGTH, "total_tasks": len(TOLD), "total_videos": episodes, "total_chunks": 1}
    info |= {"chunks_size": 1000, "splits": {"train": f"0:{episodes}"}, "features": features}
    info["data_path"] = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    info["video_path"] = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
    lines: dict[str, list[dict]] = {"episodes": [], "episodes_stats": []}
    lines["tasks"] = [{"task_index": i, "task": told} for i, told in enumerate(TOLD)]
    for folder in ("meta", "data/chunk-000", "videos/chunk-000/observation.images.top"):
        (root / folder).mkdir(parents=True)
    for episode in range(episodes):
        joints = to_lerobot(SO101, motion(episode))[:, ORDER].astype(np.float32)
        at, told = np.arange(LENGTH), episode % len(TOLD)
        columns = {"observation.state": joints[:-1], "action": joints[1:], "timestamp": (at / FPS).astype(np.float32)}
        columns |= {"frame_index": at, "index": at + episode * LENGTH}
        columns |= {"episode_index": np.full(LENGTH, episode), "task_index": np.full(LENGTH, told)}
        stats = {}
        for key, value in columns.items():
            flat = value.reshape(LENGTH, -1)
            stats[key] = {name: getattr(flat, name)(0).tolist() for name in ("min", "max", "mean", "std")} | {"count": [LENGTH]}
        greys = {"min": 0.0, "max": 1.0, "mean": 0.5, "std": 0.2}
        stats["observation.images.top"] = {name: [[[x]]] * 3 for name, x in greys.items()} | {"count": [LENGTH]}
        lines["episodes"].append({"episode_index": episode, "tasks": [TOLD[told]], "length": LENGTH})
        lines["episodes_stats"].append({"episode_index": episode, "stats": stats})
        table = pa.table({key: value.tolist() if value.ndim > 1 else value for key, value in columns.items()})
        pq.write_table(table, root / f"data/chunk-000/episode_{episode:06d}.parquet")
        with av.open(str(root / f"videos/chunk-000/observation.images.top/episode_{episode:06d}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=FPS, options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = HW[1], HW[0], "yuv420p"
            for frame in range(LENGTH):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture_of(episode, frame), format="rgb24")))
            container.mux(stream.encode())
    (root / "meta/info.json").write_text(json.dumps(info))
    for name, rows in lines.items():
        (root / f"meta/{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in rows))
    return root
