"""A reaching task without a simulator: a red disc lies anywhere on a textured ground, and the joints go to it."""

from pathlib import Path

import numpy as np

from runtime.learn.dataset import write_dataset

HW = (24, 32)
INSTRUCTION = "press the red button"


def goal_of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Disc position in -1..1 -> joint goal [..., 6], rad; the last joint (gripper) never moves."""
    return np.stack([0.6 * x, 0.4 * y + 0.1 * x**2, -0.5 * y, 0.2 * x * y, 0.2 * x, np.full_like(x, 0.3)], axis=-1)


def picture(x: float, y: float, rng: np.random.Generator) -> np.ndarray:
    """The ground with a disc at (x, y) under random light, u8 [H, W, 3]."""
    h, w = HW
    rows, cols = np.mgrid[:h, :w]
    ground = np.kron(np.random.default_rng(9).uniform(80, 170, (h // 4, w // 4, 3)), np.ones((4, 4, 1)))
    cx, cy = (x * 0.75 + 1) * w / 2, (y * 0.7 + 1) * h / 2
    ground[(cols - cx) ** 2 + (rows - cy) ** 2 < 9] = (210, 40, 40)
    return (ground * rng.uniform(0.85, 1.15) + rng.normal(0, 3, ground.shape)).clip(0, 255).astype(np.uint8)


def episodes(count: int, length: int, seed: int) -> list[dict]:
    """Demos of an expert that moves a quarter of the way to the goal at each step."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        x, y = rng.uniform(-1, 1, 2)
        goal, q = goal_of(np.asarray(x), np.asarray(y)), np.array([0, 0, 0, 0, 0, 0.3])
        state, action = [], []
        for _ in range(length):
            target = q + np.clip(0.25 * (goal - q), -0.08, 0.08)
            state.append(q)
            action.append(target)
            q = q + 0.9 * (target - q)
        images = np.stack([picture(x, y, rng) for _ in range(length)])
        made.append({"images": {"front": images}, "state": np.array(state, np.float32), "action": np.array(action, np.float32)})
    return made


def write(root: Path, count: int = 6, length: int = 12, seed: int = 0) -> list[dict]:
    """Write demos as a dataset and return them."""
    made = episodes(count, length, seed)
    write_dataset(root, 10, ["front"], HW, made, INSTRUCTION)
    return made
