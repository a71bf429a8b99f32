"""Options of `smolvla_world`: those of SmolVLA, and where its memory of the world comes from."""

from dataclasses import dataclass
from typing import get_args

from lerobot.configs import PreTrainedConfig
from lerobot.policies.smolvla.configuration_smolvla import SmolVLAConfig

from runtime.learn.modality.modality import MODES, ROLLOUT_MODES, Mode, Sizes


@PreTrainedConfig.register_subclass("smolvla_world")
@dataclass
class SmolVLAWorldConfig(SmolVLAConfig):
    """SmolVLA's options, and these."""

    init_from_policy_path: str = ""
    """The SmolVLA checkpoint that it begins from: weights and processors. Needed to train."""
    init_processors_digest: str = ""
    """Of that checkpoint's processors; recorded by itself. Others are refused."""
    world_latents_path: str = ""
    """Folder of cached latents of the very dataset that it is trained on (stage `latents`)."""
    world_encoder: str = ""
    """`vjepa2` or `cosmos`: what encodes live frames in rollouts."""
    world_encoder_path: str = ""
    """Its folder."""
    world_window: int = 4
    """Frames that each latent is made of."""
    world_context: int = 4
    """Latents that the Prophet knows."""
    world_offset: int = 8
    """Latents that it foretells."""
    world_latent_dim: int = 0
    """Numbers in each latent; 0 takes it from the cached latents."""
    world_memory_mode_train: str = "pred"
    """What is remembered in training: none, zero, pred, oracle, shuffle, random, random_scaled or signflip."""
    world_memory_mode_rollout: str = "pred"
    """The same in rollouts, where there is no oracle."""
    world_prophet_width: int = 128
    """Width of the Prophet."""
    world_loss_weight: float = 0.2
    """Weight of the auxiliary loss: the action expert's features foretell the same futures. The Prophet's own weighs 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.world_memory_mode_train not in MODES:
            raise ValueError(
                f"world_memory_mode_train is {self.world_memory_mode_train!r}; known are {', '.join(get_args(Mode))}"
            )
        if self.world_memory_mode_rollout not in ROLLOUT_MODES:
            raise ValueError(
                f"world_memory_mode_rollout is {self.world_memory_mode_rollout!r}; known are {', '.join(ROLLOUT_MODES)}"
            )
        if self.world_encoder not in ("", "vjepa2", "cosmos"):
            raise ValueError(f"world_encoder is {self.world_encoder!r}; known are vjepa2 and cosmos")
        if self.compile_model:
            raise ValueError("smolvla_world cannot be compiled: its memory changes with every batch")

    def sizes(self, hidden: int) -> Sizes:
        """Of Prophet and fusion, into an action path of so many numbers."""
        return Sizes(self.world_latent_dim, self.world_context, self.world_offset, hidden, self.world_prophet_width)
