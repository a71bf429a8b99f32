"""`policy.json`: what whoever runs a checkpoint must know, written beside it."""

import json
from pathlib import Path

from runtime.learn.actor import PolicyFacts
from runtime.learn.dataset import Arrays
from runtime.learn.normaliser import normaliser_digest
from runtime.learn.spec import Spec


def policy_facts(
    spec: Spec, arrays: Arrays, checkpoint: Path, history: int, seed: int, steps: int, batch_size: int, shuffled: bool = False
) -> PolicyFacts:
    """The facts of a saved checkpoint, normaliser digest included."""
    facts: PolicyFacts = {
        "architecture": spec.architecture,
        "camera_keys": list(spec.camera_keys),
        "image_hw": list(spec.image_hw),
        "state_dim": spec.state_dim,
        "action_dim": spec.action_dim,
        "fps": arrays.fps,
        "chunk": spec.chunk,
        "n_action_steps": spec.n_action_steps,
        "history": history,
        "instruction_key": "task",
        "instruction": arrays.instruction,
        "normaliser_digest": normaliser_digest(checkpoint),
        "seed": seed,
        "steps": steps,
        "batch_size": batch_size,
    }
    return facts | {"history_order": "shuffled"} if shuffled else facts


def save_facts(path: Path, facts: PolicyFacts) -> None:
    """Write `policy.json`."""
    path.write_text(json.dumps(facts, indent=1) + "\n")
