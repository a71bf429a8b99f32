"""One trial at a time of a task in a twin, as a gymnasium environment; drawn by simkiln's own renderer, without OpenGL."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from runtime.sim.parts.lerobot_units import Units, from_lerobot, to_lerobot
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.trials.conditions import FILE, replay
from runtime.sim.trials.run import look
from runtime.sim.twin.twin import eyes_of, read_behind, read_model, read_twin


class TwinEnv(gym.Env):
    """A trial from one of the recorded initial states of a twin, judged as simkiln judges it.

    Episode with seed I begins from state I (modulo their number); without a seed, from the next one. An episode ends with
    success, or is cut at the task's horizon. Observations are `pixels` (camera -> u8 [H, W, 3]) and `agent_pos`, the measured
    joints; actions are joint targets. Both are in `units`, in the robot's order. Rewards are what the trial's score gains, so
    that they sum up to it.
    """

    def __init__(self, twin: str | Path, conditions: str | Path, units: Units = "radians") -> None:
        """Read a twin's folder, and the folder of a condition set.

        Raises:
            InputError: R273 when the conditions are not as they were recorded.
        """
        self.facts, self._twin, self._units = read_twin(Path(twin)), Path(twin), units
        said = json.loads((Path(conditions) / FILE).read_text())
        count = sum(row["split"] == "held_out" for row in said["conditions"])
        self._conditions, _ = replay(Path(conditions), 0, count)
        self._backdrops = read_behind(self._twin, self.facts)
        self._scene = cache(self._made)
        self._next, self._bench, self._eyes = 0, None, dict[str, Eye]()
        self._images: dict[str, np.ndarray] = {}
        self._steps, self._max_episode_steps = 0, round(self.facts.task.horizon_s * self.facts.control_hz)
        self.task = self.facts.task.kind
        self.task_description = self.facts.task.instruction
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": round(self.facts.control_hz)}
        self.render_mode = "rgb_array"
        robot = self.facts.robot
        pictures: dict[str, gym.Space] = {
            c.name: gym.spaces.Box(0, 255, (c.height, c.width, 3), np.uint8) for c in self.facts.cameras
        }
        joints = gym.spaces.Box(-np.inf, np.inf, (robot.action_dim,), np.float32)
        self.observation_space = gym.spaces.Dict({"pixels": gym.spaces.Dict(pictures), "agent_pos": joints})
        self.action_space = gym.spaces.Box(-np.inf, np.inf, (robot.action_dim,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin a trial; `seed` is the number of its initial state."""
        super().reset(seed=seed)
        at = (self._next if seed is None else seed) % len(self._conditions)
        self._next, self._steps = at + 1, 0
        start = self._conditions[at].start
        model, self._eyes, task = self._scene(json.dumps(dict(start.settings), sort_keys=True))
        self._bench = Bench(model, self.facts.physics, task, self.facts.control_hz, [start], robot=self.facts.robot)
        self.task_description = task.instruction
        return self._seen(), {"is_success": False, "initial_state": start.index}

    def step(self, action: np.ndarray) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """One control step with joint targets [J]."""
        assert self._bench is not None, "reset it first"
        targets = from_lerobot(self.facts.robot, np.asarray(action, np.float64)[None], self._units)
        if not np.isfinite(targets).all():
            raise FloatingPointError("the policy's actions are not finite")
        judge = self._bench.judges[0]
        before = judge.score
        self._bench.step(targets)
        self._steps += 1
        success = bool(judge.success)
        info = {"is_success": success, "initial_state": self._bench.starts[0].index}
        return self._seen(), float(judge.score - before), success, self._steps >= self._max_episode_steps, info

    def render(self) -> np.ndarray:
        """What the first camera had before it, u8 [H, W, 3]."""
        return next(iter(self._images.values()))

    def _seen(self) -> dict[str, Any]:
        assert self._bench is not None
        self._images = look(self._eyes, self._bench.datas[0], self._bench.starts[0].index, self._steps)
        joints = to_lerobot(self.facts.robot, self._bench.measured_of(0), self._units)
        return {"pixels": dict(self._images), "agent_pos": joints.astype(np.float32)}

    def _made(self, settings: str) -> tuple[Any, dict[str, Eye], Any]:
        """Model, cameras and task as starts of these settings have them; each is made once."""
        task = self.facts.task.under(json.loads(settings))
        model = read_model(self._twin, self.facts, task)
        return model, eyes_of(model, self.facts, self._backdrops), task
