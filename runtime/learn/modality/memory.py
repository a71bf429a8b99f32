"""What a checkpoint of `small_world` remembers in its trials, beside its weights: a file that can be changed without them."""

import json
import os
import shutil
from pathlib import Path

from runtime.problem import InputError, Problem

ENCODER, MEMORY = "encoder", "memory.json"
UNSEEING = ("none", "zero", "random")
"""Memories that need no latent of what is seen."""


def install_memory(checkpoint: Path, trained: str, camera: str, encoder: Path) -> None:
    """Put what it remembers in trials into a checkpoint, and the encoder of that: as it was trained, but that nobody knows what
    truly comes."""
    said = {"trained": trained, "rollout": rollout_memory(None, trained), "camera": camera}
    (checkpoint / MEMORY).write_text(json.dumps(said) + "\n")
    share(encoder, checkpoint / ENCODER)


def rollout_memory(checkpoint: Path | None, trained: str) -> str:
    """What is remembered in trials: what the checkpoint says, else what it was trained with; nobody knows what truly comes."""
    if checkpoint is not None and (checkpoint / MEMORY).is_file():
        return str(json.loads((checkpoint / MEMORY).read_text())["rollout"])
    return "pred" if trained == "oracle" else trained


def set_memory(checkpoint: Path, mode: str) -> str:
    """Let it remember something else in trials; what it was trained with.

    Raises:
        InputError: R415 when it has nothing to remember by.
    """
    said = json.loads((checkpoint / MEMORY).read_text()) if (checkpoint / MEMORY).is_file() else {"trained": "none"}
    if said["trained"] == "none":
        message = "the policy was trained without a memory, so there is none to change"
        raise InputError(Problem("R415", message, "set `memory` of the stage `world_policy`", "stages.recall.memory"))
    (checkpoint / MEMORY).write_text(json.dumps({**said, "rollout": mode}) + "\n")
    return str(said["trained"])


def share(source: Path, to: Path) -> None:
    """Put an encoder beside a policy's weights. What others trained may have gigabytes, so files are linked where they can be:
    those of a store never change."""

    def linked(one: str, other: str) -> None:
        try:
            os.link(one, other)
        except OSError:  # another file system, or one without links
            shutil.copy2(one, other)

    shutil.copytree(source, to, dirs_exist_ok=True, copy_function=linked)
