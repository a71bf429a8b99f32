"""What whoever runs a brought checkpoint must know, from its config."""

from pathlib import Path

from runtime.bound.checkpoint import LeRobotPolicy
from runtime.checkpoints.files import Checkpoint
from runtime.learn.actor import PolicyFacts
from runtime.learn.normaliser import normaliser_digest
from runtime.problem import InputError, Problem


def facts_of(said: LeRobotPolicy, found: Checkpoint, folder: Path) -> PolicyFacts:
    """The facts of a checkpoint in `folder`, in its own names.

    Raises:
        InputError: R283 when its cameras differ in size.
    """
    config, cameras = found.config, found.features("VISUAL")
    sizes = {shape[1:] for shape in cameras.values()}
    if len(sizes) != 1 or any(len(shape) != 3 for shape in cameras.values()):
        message = f"the policy's cameras differ in size: {sorted(sizes)}"
        raise InputError(Problem("R283", message, "train it with pictures of one size", "policy.path"))
    height, width = sizes.pop()
    state = found.features("STATE")
    chunk = int(config.get("chunk_size") or config.get("horizon") or 1)
    return {
        "architecture": str(config["type"]),
        "camera_keys": [key.rpartition(".")[2] for key in cameras],
        "image_hw": [height, width],
        "state_dim": next(iter(state.values()))[0] if state else found.action_dim,
        "action_dim": found.action_dim,
        "fps": said.fps,
        "chunk": chunk,
        "n_action_steps": int(config.get("n_action_steps") or 1),
        "history": int(config.get("n_obs_steps") or 1),
        "instruction_key": "task",
        "instruction": "",
        "normaliser_digest": normaliser_digest(folder),
        "seed": 0,
        "steps": 0,
        "batch_size": 0,
    }
