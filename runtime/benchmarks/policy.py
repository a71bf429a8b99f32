"""A checkpoint that people brought, in an environment of a benchmark: cameras by its own names, all else as it is."""

import json
from pathlib import Path

import numpy as np

from runtime.bound.benchmark import FoundBenchmark
from runtime.bound.checkpoint import LeRobotPolicy
from runtime.learn.actor import Actor
from runtime.learn.load import load_policy
from runtime.problem import InputError, Problem
from runtime.sim.trials.crossed import FILE, sized


class Native:
    """A policy behind the names of its cameras; see `Actor`."""

    def __init__(self, policy: Actor, said: LeRobotPolicy) -> None:
        self._policy, self._said, self.facts = policy, said, policy.facts
        self._camera = {theirs.rpartition(".")[2]: ours for ours, theirs in said.cameras.items()}

    def reset(self, n: int) -> None:
        """See `Actor.reset`."""
        self._policy.reset(n)

    @property
    def looks(self) -> bool:
        """See `Actor.looks`."""
        return self._policy.looks

    def act(self, images: dict[str, np.ndarray], state: np.ndarray, instruction: str) -> np.ndarray:
        """See `Actor.act`."""
        keys = self.facts["camera_keys"] if self.looks else []
        height, width = self.facts["image_hw"]
        seen = {key: sized(images[self._camera[key]], width, height, self._said.resize) for key in keys}
        return self._policy.act(seen, state, instruction)


def load_native(artifact: Path, found: FoundBenchmark) -> Actor:
    """The policy of an artifact, for the environments of a suite.

    Raises:
        InputError: R283 when nobody brought it for a benchmark, or its states are of another length; as `load_policy`.
    """
    policy = load_policy(artifact / "checkpoint", artifact / "policy.json")
    said = json.loads((artifact / FILE).read_text()) if (artifact / FILE).is_file() else {}
    if said.get("units") != "native":
        message, help = "the policy counts in joints of a robot, and the environment in numbers of its own", "say `units: native`"
        raise InputError(Problem("R283", message, help, "policy.units"))
    if policy.facts["state_dim"] != found.state_dim:
        message = f"the policy feels {policy.facts['state_dim']} numbers, and the environment gives {found.state_dim}"
        raise InputError(Problem("R283", message, "bring a policy that was trained on this benchmark", "policy.path"))
    known = {name: said[name] for name in LeRobotPolicy.model_fields if name in said}
    return Native(policy, LeRobotPolicy.model_validate({**known, "root": "-", "path": "-"}))
