"""`small_world` as a LeRobot policy: `--policy.type=simkiln_small_world` trains it on cached latents, and loads what the stage
`world_policy` made. Config, policy and processors live in one module, since LeRobot finds them by the config's name.
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.pretrained import PreTrainedPolicy
from lerobot.processor import make_default_pre_post_processors
from torch import Tensor

from runtime.learn.load import load_normaliser
from runtime.learn.modality.encoding import read_encoder
from runtime.learn.modality.latents import Latents, load_latents
from runtime.learn.modality.memory import ENCODER, UNSEEING, rollout_memory
from runtime.learn.modality.modality import MODES, ROLLOUT_MODES, Mode, Sizes, Window
from runtime.learn.modality.network import FlowNet
from runtime.learn.modality.objective import flowed
from runtime.learn.normaliser import EPS
from runtime.learn.small.plugin import SimkilnSmallConfig


@PreTrainedConfig.register_subclass("simkiln_small_world")
@dataclass
class SimkilnSmallWorldConfig(SimkilnSmallConfig):
    """Options of the small policy, and these; what they mean is what they mean in `smolvla_world`."""

    hidden: int = 128
    optimizer_lr: float = 2e-3
    flow_steps: int = 4
    world_latents_path: str = ""
    """Folder of cached latents of the very dataset that it is trained on (stage `latents`)."""
    world_encoder_path: str = ""
    """Folder `encoder/` of the same stage, for rollouts of what LeRobot saved; checkpoints of ours have their own."""
    world_suffix: str = ""
    world_context: int = 4
    world_offset: int = 8
    world_latent_dim: int = 0
    """0 takes it from the cached latents."""
    world_memory_mode_train: str = "pred"
    world_memory_mode_rollout: str = ""
    """Empty: what the checkpoint says, or what it was trained with."""
    world_prophet_width: int = 64
    world_loss_weight: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.world_memory_mode_train not in MODES:
            raise ValueError(f"world_memory_mode_train is {self.world_memory_mode_train!r}; known are {', '.join(MODES)}")
        if self.world_memory_mode_rollout not in ("", *ROLLOUT_MODES):
            known = ", ".join(ROLLOUT_MODES)
            raise ValueError(f"world_memory_mode_rollout is {self.world_memory_mode_rollout!r}; known are {known}")
        if self.n_obs_steps != 1:
            raise ValueError(f"n_obs_steps is {self.n_obs_steps}: it looks at one observation, its past is in latents")


class SimkilnSmallWorldPolicy(PreTrainedPolicy):
    """See the module; inputs and outputs are normalised by LeRobot's processors."""

    config_class = SimkilnSmallWorldConfig  # ty: ignore[invalid-assignment]
    name = "simkiln_small_world"  # ty: ignore[invalid-assignment]
    config: SimkilnSmallWorldConfig

    def __init__(self, config: SimkilnSmallWorldConfig, **_: Any) -> None:
        """Make it.

        Raises:
            InputError: R410 when there are no latents where they should be.
        """
        super().__init__(config)
        self._latents: Latents | None = None
        if config.world_latents_path:
            self._latents = load_latents(Path(config.world_latents_path), config.world_suffix or None)
            facts = self._latents.facts
            config.world_suffix, config.world_latent_dim = facts.suffix, facts.latent
            config.world_context, config.world_offset = facts.context, facts.offset
        known = config.world_latent_dim, config.world_context, config.world_offset, config.hidden
        learns = config.world_memory_mode_train != "none" or config.world_loss_weight > 0
        self.net = FlowNet(config.dims(), Sizes(*known, config.world_prophet_width) if learns else None)
        if self._latents is not None and self.net.world is not None:
            self.net.world.mean.copy_(torch.from_numpy(self._latents.mean))
            self.net.world.std.copy_(torch.from_numpy(self._latents.std))
        self._folder: Path | None = None
        self._encoder: Any = None
        self.reset()

    @classmethod
    def from_pretrained(cls, pretrained_name_or_path: Any, **given: Any) -> "SimkilnSmallWorldPolicy":
        """LeRobot's; it keeps in mind where the checkpoint lies, for its encoder and normaliser."""
        policy = cast("SimkilnSmallWorldPolicy", super().from_pretrained(pretrained_name_or_path, **given))
        policy._folder = Path(pretrained_name_or_path)
        return policy

    def get_optim_params(self) -> Any:
        """All parameters in one group."""
        return self.parameters()

    def reset(self) -> None:
        """Forget plans and what was seen."""
        self._queue: deque[Tensor] = deque(maxlen=self.config.n_action_steps)
        self._past: deque[Tensor] = deque(maxlen=self.config.world_context)

    def forward(self, batch: dict[str, Tensor], reduction: str = "mean") -> tuple[Tensor, dict[str, float]]:
        """Loss of a normalised batch, and all that is logged of it; of each window [B] with `reduction="none"`.

        Raises:
            ValueError: there are no latents, or too few.
        """
        window, mode = None, cast("Mode", self.config.world_memory_mode_train)
        world = self.net.world
        if world is not None:
            window = self._window(batch["index"])
        images = [batch[key] for key in self.config.image_features]
        flow = flowed(self.net, (images, batch["observation.state"], batch["action"], batch["action_is_pad"]), window, mode)
        loss = flow.loss if reduction == "mean" else flow.error.sum(1) / flow.real.sum(1).clamp_min(1)
        if world is None or window is None:
            return loss, {"loss_total": float(loss.detach().mean())}
        total, found = flow.with_world(self.net, loss, window, mode, self.config.world_loss_weight)
        return total, world.logged(found, total.mean())

    @torch.no_grad()
    def predict_action_chunk(self, batch: dict[str, Tensor], noise: Tensor | None = None, **_: Any) -> Tensor:
        """Normalised actions [B, chunk, A], of noise [B, chunk, A] or torch's own."""
        self.eval()
        images, state = [batch[key] for key in self.config.image_features], batch["observation.state"]
        features = self.net.look(images, state)[1]
        dims, world = self.net.dims, self.net.world
        mode = self._mode()
        if world is not None and mode != "none":
            world.remember(Window(self._remembered(images[0], state, mode)), mode)
        start = torch.randn(len(state), dims.chunk, dims.action_dim) if noise is None else noise
        out = self.net.sample(features, start, self.config.flow_steps)
        if world is not None:
            world.forget()
        return out + state[:, None] if dims.state_dim == dims.action_dim else out

    @torch.no_grad()
    def select_action(self, batch: dict[str, Tensor], **_: Any) -> Tensor:
        """Normalised action [B, A]; plans anew after `n_action_steps`."""
        if not self._queue:
            self._queue.extend(self.predict_action_chunk(batch)[:, : self.config.n_action_steps].transpose(0, 1))
        return self._queue.popleft()

    def _mode(self) -> Mode:
        said = self.config.world_memory_mode_rollout
        return cast("Mode", said or rollout_memory(self._folder, self.config.world_memory_mode_train))

    def _window(self, index: Tensor) -> Window:
        if self._latents is None:
            raise ValueError("training needs --policy.world_latents_path: the cached latents of its dataset")
        frames = index.flatten().cpu().numpy()
        if frames.max() >= (count := len(self._latents.values)):
            raise ValueError(f"frame {frames.max()} is not among {count} latents: they are of another dataset")
        return Window(*(torch.from_numpy(x) for x in self._latents.around(frames, self.config.n_action_steps)))

    def _remembered(self, image: Tensor, state: Tensor, mode: Mode) -> Tensor:
        """Latents of what was seen at the last plans [B, T, Z], the first one again where there were fewer.

        Raises:
            ValueError: it has no encoder, or no normaliser.
        """
        assert self.net.world is not None
        if mode in UNSEEING:
            return self.net.world.mean.expand(len(state), self.config.world_context, -1)
        if self._folder is None:
            raise ValueError("a policy that looks at the world is tried from its checkpoint: --policy.path=FOLDER")
        if self._encoder is None:
            folder = own if (own := self._folder / ENCODER).is_dir() else Path(self.config.world_encoder_path)
            if not self.config.world_encoder_path and not own.is_dir():
                raise ValueError("rollouts need --policy.world_encoder_path, the folder `encoder/` that the stage `latents` made")
            self._encoder = read_encoder(folder), load_normaliser(self._folder)
        encoder, stats = self._encoder
        key = next(iter(self.config.image_features))
        frame = _as_it_was(image, stats[key]).clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).numpy()
        latent = torch.from_numpy(encoder(frame[:, None], _as_it_was(state, stats["observation.state"]).numpy()))
        self._past.extend([latent] * (1 if self._past else self.config.world_context))
        return torch.stack(list(self._past), 1)


def _as_it_was(x: Tensor, entry: dict[str, np.ndarray]) -> Tensor:
    """What was normalised by mean and spread, before that."""
    return x * (torch.from_numpy(entry["std"]) + EPS) + torch.from_numpy(entry["mean"])


def make_simkiln_small_world_pre_post_processors(
    config: SimkilnSmallWorldConfig, dataset_stats: dict[str, dict[str, Tensor]] | None = None
) -> tuple[Any, Any]:
    """LeRobot's default pipelines: rename, batch, device, normalise; and back."""
    return make_default_pre_post_processors(config, dataset_stats)
