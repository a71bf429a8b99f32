"""A policy that was made elsewhere, in a twin: it sees, and is obeyed, in its own names, order and units."""

import json
from pathlib import Path

import numpy as np

from runtime.bound.checkpoint import LeRobotPolicy
from runtime.bound.dataset import RecordedJoint
from runtime.learn.actor import Actor
from runtime.learn.load import load_policy
from runtime.problem import InputError, Problem
from runtime.recorded.joints import line
from runtime.sim.parts.robot import Robot

FILE = "crossing.json"
"""Beside `policy.json`, of a policy that people brought: what they said of it."""


class Crossed:
    """A policy behind what people said of it; see `Actor`. `facts` speak of the twin's side but for the size of pictures."""

    def __init__(self, policy: Actor, said: LeRobotPolicy, robot: Robot) -> None:
        """See `load_crossed`.

        Raises:
            InputError: R283 when the robot has no such joint, or another number of them.
        """
        if said.units == "native":
            message, help = "the policy counts in numbers of a benchmark's environment", "say what its joints count in"
            raise InputError(Problem("R283", message, help, "policy.units"))
        units = said.units
        for name in (*said.order, *said.joints):
            if name not in robot.names:
                key = "policy.order" if name in said.order else f"policy.joints.{name}"
                raise InputError(Problem("R283", f"the robot has no joint `{name}`", f"it has {', '.join(robot.names)}", key))
        moved = said.order or robot.names
        if policy.facts["action_dim"] != len(moved):
            message = f"the policy moves {policy.facts['action_dim']} joints, the robot has {len(moved)}"
            raise InputError(Problem("R283", message, "list those that it moves under `order`", "policy.path"))
        self._policy, self._said = policy, said
        self._order = [robot.names.index(name) for name in moved]
        lines = [line(units, said.joints.get(robot.names[i], RecordedJoint()), robot, i, i) for i in self._order]
        self._a, self._b = np.array([x.a for x in lines]), np.array([x.b for x in lines])
        self._camera = {theirs.rpartition(".")[2]: ours for ours, theirs in said.cameras.items()}
        self._height, self._width = policy.facts["image_hw"]
        self.facts = policy.facts.copy()
        self.facts["camera_keys"], self.facts["fps"] = list(said.cameras), said.fps

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._policy.reset(n)

    @property
    def looks(self) -> bool:
        """See `Actor.looks`."""
        return self._policy.looks

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`. A policy that moves some of the joints leaves the others where they are."""
        keys = self._policy.facts["camera_keys"] if self.looks else []
        size = self._width, self._height, self._said.resize
        seen = {key: sized(images[self._camera[key]], *size) for key in keys if self._camera[key] in images}
        joints = (np.asarray(state, np.float64)[:, self._order] - self._b) / self._a
        given = self._policy.act(seen, joints.astype(np.float32), instruction) + (joints if self._said.action == "delta" else 0)
        targets = np.array(state, np.float32)
        targets[:, self._order] = given * self._a + self._b
        return targets


def sized(pictures: np.ndarray, width: int, height: int, resize: bool) -> np.ndarray:
    """Pictures u8 [N, H, W, 3] of that size, where they may be brought to it; else as they are."""
    if pictures.shape[1:3] == (height, width) or not resize:
        return pictures
    from PIL import Image

    return np.stack([np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR)) for one in pictures])


def load_crossed(artifact: Path, robot: Robot, checkpoint: Path | None = None) -> Actor:
    """The policy of an artifact (or another `checkpoint` of it), behind what people said of it where they brought it.

    Raises:
        InputError: as `load_policy` and `Crossed`.
    """
    policy = load_policy(checkpoint or artifact / "checkpoint", artifact / "policy.json")
    if not (artifact / FILE).is_file():
        return policy
    said = json.loads((artifact / FILE).read_text())
    known = {name: said[name] for name in LeRobotPolicy.model_fields if name in said}
    return Crossed(policy, LeRobotPolicy.model_validate({**known, "root": "-", "path": "-"}), robot)
