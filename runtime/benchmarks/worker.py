"""Runs where a suite is installed: makes its environments and steps them, as it is told through its input.

Needs nothing of ours: the Python of a suite need not have it. Messages are a line of JSON and the bytes of arrays, so that
nothing is unpickled. What suites print goes to the error output; what they ask for is answered by the end of the input.
"""

import importlib
import json
import os
import sys
from typing import Any, BinaryIO

import numpy as np

MOST_ROWS = 1000


def say(pipe: BinaryIO, value: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a message: a line of JSON, then the arrays that it names."""
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    shapes = [[name, str(array.dtype), list(array.shape)] for name, array in plain.items()]
    pipe.write(json.dumps({**value, "arrays": shapes}).encode() + b"\n")
    for array in plain.values():
        pipe.write(array.tobytes())
    pipe.flush()


class Through:
    """One environment, whichever door it came through: `reset(seed)` and `step(action)` give cameras, state and `info`."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked
        self._env = getattr(self, f"_by_{asked['door']}")()

    def reset(self, seed: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begin anew."""
        if self._asked["starts"]:  # LIBERO takes its states in turn, whatever the seed
            self._env.unwrapped.init_state_id = seed % self._asked["starts"]
        seen, info = self._env.reset(seed=seed)
        return self._plain(seen), info

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, dict[str, Any]]:
        """One step: what is seen, the reward, whether the episode ended, and `info`."""
        seen, reward, terminated, truncated, info = self._env.step(action)
        return self._plain(seen), float(reward), bool(terminated or truncated), info

    def _by_gymnasium(self) -> Any:
        import gymnasium

        importlib.import_module(self._asked["module"])
        size = {"observation_width": self._asked["size"][0], "observation_height": self._asked["size"][1]}
        return gymnasium.make(
            f"{self._asked['module']}/{self._asked['environment']}",
            max_episode_steps=self._asked["max_steps"] + 1,
            obs_type="pixels_agent_pos",
            render_mode="rgb_array",
            disable_env_checker=True,
            **(size if self._asked["resizable"] else {}),
        )

    def _by_lerobot(self) -> Any:
        from lerobot.envs.factory import make_env, make_env_config

        suite, _, task = self._asked["environment"].rpartition("/")
        said: dict[str, Any] = {"task": suite or task, "obs_type": "pixels_agent_pos"}
        said |= {"task_ids": [int(task)], "episode_length": self._asked["max_steps"] + 1} if suite else {}
        width, height = self._asked["size"]
        said |= {"observation_width": width, "observation_height": height} if self._asked["resizable"] else {}
        config = make_env_config(self._asked["module"], **said)
        self._before, _ = config.get_env_processors()
        made: list[Any] = [one for tasks in make_env(config, n_envs=1).values() for one in tasks.values()]
        return made[0].envs[0]

    def _plain(self, seen: Any) -> dict[str, np.ndarray]:
        """Camera -> picture u8 [H, W, 3], and `state` f64 [D]."""
        if self._asked["door"] == "lerobot":
            return self._of_lerobot(seen)
        pictures = seen["pixels"] if isinstance(seen["pixels"], dict) else {"image": seen["pixels"]}
        state = np.asarray(seen["agent_pos"], np.float64).reshape(-1)
        return {**{f"camera {name}": np.asarray(p, np.uint8) for name, p in pictures.items()}, "state": state}

    def _of_lerobot(self, seen: Any) -> dict[str, np.ndarray]:
        from lerobot.envs.utils import preprocess_observation

        def batch(value: Any) -> Any:
            return {k: batch(v) for k, v in value.items()} if isinstance(value, dict) else np.asarray(value)[None]

        found = self._before(preprocess_observation(batch(seen)))
        views = {k.rpartition(".")[2]: v for k, v in found.items() if k.startswith("observation.image")}
        pictures = {f"camera {k}": (v[0].movedim(0, -1) * 255).round().byte().numpy() for k, v in views.items()}
        return {**pictures, "state": found["observation.state"][0].double().numpy().reshape(-1)}


def flags(info: dict[str, Any]) -> dict[str, Any]:
    """The entries of `info` that are single numbers or truths, as those; others are left out."""
    plain = {str(k): v.item() if isinstance(v, np.ndarray | np.generic) and np.size(v) == 1 else v for k, v in info.items()}
    return {k: v for k, v in plain.items() if isinstance(v, bool | int | float)}


def main() -> None:
    """Answer each message until there are no more."""
    told, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    for name, value in (("SDL_VIDEODRIVER", "dummy"), ("HF_HUB_OFFLINE", "1"), ("PYGAME_HIDE_SUPPORT_PROMPT", "1")):
        os.environ.setdefault(name, value)
    rows: list[Through] = []
    for line in told:
        asked = json.loads(line)
        try:
            if asked["do"] == "open":
                rows = [Through(asked) for _ in range(min(asked["count"], MOST_ROWS))]
                (size,) = rows[0]._env.action_space.shape
                say(answers, {"action_dim": size}, {})
            elif asked["do"] == "reset":
                seen, info = rows[asked["row"]].reset(asked["seed"])
                say(answers, {"info": flags(info)}, seen)
            else:
                action = np.frombuffer(told.read(4 * asked["size"]), np.float32)
                seen, reward, ended, info = rows[asked["row"]].step(action)
                say(answers, {"reward": reward, "ended": ended, "info": flags(info)}, seen)
        except Exception as error:  # a suite may raise anything; who asked says it to people
            say(answers, {"error": f"{type(error).__name__}: {error}"[:2000]}, {})


if __name__ == "__main__":
    sys.path[0] = os.path.abspath(os.sep)  # our folder's modules are not those of the suite
    main()
