"""Processors of `smolvla_world`: always those of the checkpoint that it begins from.

Processors rebuilt from a dataset's statistics speak of other units than the policy was trained in, and a policy that was good
before has no success any more (seen by others: 0 of 100).
"""

import hashlib
from pathlib import Path
from typing import Any

from lerobot.policies.factory import make_pre_post_processors
from safetensors.numpy import load_file
from torch import Tensor

from lerobot_policy_simkiln_world.configuration_smolvla_world import SmolVLAWorldConfig


def make_smolvla_world_pre_post_processors(
    config: SmolVLAWorldConfig, dataset_stats: dict[str, dict[str, Tensor]] | None = None
) -> tuple[Any, Any]:
    """The processors of `init_from_policy_path`, as they were saved; `dataset_stats` are not looked at.

    Raises:
        ValueError: there is no such checkpoint, which would mean to rebuild them.
    """
    if not config.init_from_policy_path:
        raise ValueError(
            "smolvla_world does not rebuild processors: say --policy.init_from_policy_path=DIR of a trained smolvla, "
            "whose processors are taken as they are"
        )
    return make_pre_post_processors(
        config,
        pretrained_path=config.init_from_policy_path,
        preprocessor_overrides={"device_processor": {"device": str(config.device)}},
    )


def processors_digest(checkpoint: Path) -> str:
    """sha256 over what the processors of a checkpoint normalise by; empty where it has none."""
    digest, files = hashlib.sha256(), sorted(checkpoint.glob("policy_*normalizer_processor.safetensors"))
    for file in files:
        role = "before" if "preprocessor" in file.name else "after"
        for name, value in sorted(load_file(file).items()):
            digest.update(f"{role} {name} {value.dtype} {value.shape}".encode() + value.tobytes())
    return digest.hexdigest() if files else ""
