"""A small dataset as people record one: through LeRobot's own API, with videos, in degrees, joints in an order of their own."""

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


def picture(episode: int, frame: int) -> np.ndarray:
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
            made.add_frame({**values, "observation.images.top": picture(episode, frame)})
        made.save_episode()
    made.finalize()
    return root
