"""A distribution with a suite of one environment: go along a line to the goal, which the seed draws."""

from pathlib import Path

ENVIRONMENT = """import gymnasium
import numpy as np


class Line(gymnasium.Env):
    action_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)

    def __init__(self, obs_type, render_mode):
        self.at, self.goal = 0.0, 0.0

    def seen(self):
        picture = np.zeros((20, 32, 3), np.uint8)
        picture[:, min(int(self.at * 3), 31)] = 255
        return {{"pixels": picture, "agent_pos": np.array([self.at, self.goal])}}

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.at, self.goal = 0.0, {goal}
        print("noise on the output, and a question:")
        return self.seen(), {{}}

    def step(self, action):
        self.at += float(action[0])
        there = self.at >= self.goal
        return self.seen(), min(self.at / self.goal, 1.0), there, False, {{{info}}}


gymnasium.register("tinybench/Line-v0", entry_point=Line)
"""
MODULE = """from runtime.benchmarks.suite import Suite


class Tiny(Suite):
    suite = "tiny"
"""
DESCRIPTION = """class = "Tiny"
version = "1"
licence = "MIT"
needs_gpu = false

[benchmark]
door = "gymnasium"
module = "tinybench"
environments = ["Line-v0", "Square-v0"]
fps = 10
max_steps = 12
action_dim = 2
state_dim = 2
cameras = {image = [32, 20]}
most_reward = 1.0
"""
GOAL, INFO = "float(self.np_random.uniform(2, 8))", "'is_success': bool(there), 'far': self.goal - self.at"


def write(root: Path, goal: str = GOAL, info: str = INFO, top: str = "", description: str = DESCRIPTION) -> None:
    """The distribution in a folder that is to be on the path."""
    files = {
        "tinybench/__init__.py": top + ENVIRONMENT.format(goal=goal, info=info),
        "tinykit/__init__.py": "",
        "tinykit/suite.py": MODULE,
        "tinykit/suite.toml": description,
        "tinykit-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinykit\nVersion: 1\n",
        "tinykit-1.dist-info/entry_points.txt": "[simkiln.backends]\nbenchmark.tiny = tinykit.suite\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
