"""The default policy as a LeRobot policy: LeRobot's factories make, save and load it by the name `simkiln_small`.

LeRobot finds the policy class and its processors from the config class's name and module, so all three live here:
`SimkilnSmallConfig` -> `SimkilnSmallPolicy`, `make_simkiln_small_pre_post_processors`. Importing this module imports
LeRobot (about 5 s of CPU); `runtime/learn/small/learner.py` trains and runs the same checkpoint without it.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import torch
from lerobot.configs import NormalizationMode, PreTrainedConfig
from lerobot.optim import AdamWConfig
from lerobot.policies.pretrained import PreTrainedPolicy
from lerobot.processor import make_default_pre_post_processors
from torch import Tensor
from torch.nn import functional as F

from runtime.learn.small.network import Dims, SmallNet, chunk_loss


@PreTrainedConfig.register_subclass("simkiln_small")
@dataclass
class SimkilnSmallConfig(PreTrainedConfig):
    """Options of the small policy; `chunk_size` and `n_action_steps` in steps of the demos' fps."""

    chunk_size: int = 16
    n_action_steps: int = 8
    width: int = 8
    keypoints: int = 16
    hidden: int = 256
    optimizer_lr: float = 3e-3
    optimizer_weight_decay: float = 1e-4
    normalization_mapping: dict[str, NormalizationMode] = field(
        default_factory=lambda: dict.fromkeys(("VISUAL", "STATE", "ACTION"), NormalizationMode.MEAN_STD)
    )

    def get_optimizer_preset(self) -> AdamWConfig:
        """AdamW at our rate."""
        return AdamWConfig(lr=self.optimizer_lr, weight_decay=self.optimizer_weight_decay)

    def get_scheduler_preset(self) -> None:
        """None: simkiln's trainer brings its own schedule."""
        return None

    def validate_features(self) -> None:
        """Refuse features that lack a camera, a state or an action."""
        if not self.image_features or self.robot_state_feature is None or self.action_feature is None:
            raise ValueError("the small policy needs cameras, a state and an action")

    @property
    def observation_delta_indices(self) -> list[int] | None:
        """One observation, or those of the last `n_obs_steps` plans."""
        every = self.n_action_steps
        return [*range(-(self.n_obs_steps - 1) * every, 1, every)] if self.n_obs_steps > 1 else None

    @property
    def action_delta_indices(self) -> list[int]:
        """The chunk starts at the observation."""
        return list(range(self.chunk_size))

    @property
    def reward_delta_indices(self) -> None:
        """No rewards."""
        return None

    def dims(self) -> Dims:
        """Sizes of the network that these options and features ask for."""
        self.validate_features()
        (height, width), *others = [f.shape[-2:] for f in self.image_features.values()]
        state, action = self.robot_state_feature, self.action_feature
        assert state is not None
        assert action is not None
        sizes = (state.shape[0], action.shape[0], self.chunk_size, self.width, self.keypoints, self.hidden)
        return Dims(1 + len(others), (int(height), int(width)), *sizes, self.n_obs_steps)


class SimkilnSmallPolicy(PreTrainedPolicy):
    """Keypoints and state to a chunk of joint targets; inputs and outputs normalised by LeRobot's processors."""

    config_class = SimkilnSmallConfig  # ty: ignore[invalid-assignment]
    name = "simkiln_small"  # ty: ignore[invalid-assignment]
    config: SimkilnSmallConfig

    def __init__(self, config: SimkilnSmallConfig, **_: Any) -> None:
        super().__init__(config)
        self.net = SmallNet(config.dims())
        self.reset()

    def get_optim_params(self) -> Any:
        """All parameters in one group."""
        return self.parameters()

    def reset(self) -> None:
        """Forget the plan, and what was seen."""
        self._queue: deque[Tensor] = deque(maxlen=self.config.n_action_steps)
        self._past: deque[dict[str, Tensor]] = deque(maxlen=self.config.n_obs_steps)

    def forward(self, batch: dict[str, Tensor], reduction: str = "mean") -> tuple[Tensor, dict[str, float]]:
        """Loss of a normalised batch: images [B, 3, H, W], state [B, D], action [B, k, A], action_is_pad [B, k].

        Of each window [B] with `reduction="none"`, as LeRobot asks of policies whose samples it weighs.
        """
        plan, action, pad = self._plan(batch), batch["action"], batch["action_is_pad"]
        if reduction == "none":
            each = torch.stack([chunk_loss(plan[i : i + 1], action[i : i + 1], pad[i : i + 1]) for i in range(len(plan))])
            return each, {"l1_loss": float(each.detach().mean())}
        loss = chunk_loss(plan, action, pad)
        return loss, {"l1_loss": float(loss.detach())}

    @torch.no_grad()
    def predict_action_chunk(self, batch: dict[str, Tensor], **_: Any) -> Tensor:
        """Normalised actions [B, chunk, A]."""
        self.eval()
        return self._plan(batch)

    @torch.no_grad()
    def select_action(self, batch: dict[str, Tensor], **_: Any) -> Tensor:
        """Normalised action [B, A]; plans anew after `n_action_steps`, of what it saw at its last plans as well."""
        if not self._queue:
            if (n := self.config.n_obs_steps) > 1:
                now = {key: batch[key] for key in (*self.config.image_features, "observation.state")}
                self._past.extend([now] * (1 if self._past else n))
                batch = {key: torch.stack([seen[key] for seen in self._past], 1) for key in now}
            self._queue.extend(self.predict_action_chunk(batch)[:, : self.config.n_action_steps].transpose(0, 1))
        return self._queue.popleft()

    def _plan(self, batch: dict[str, Tensor]) -> Tensor:
        """Pictures of another size, such as an arm's own camera gives `lerobot-rollout`, are brought to that of the demos."""
        images = []
        for key, feature in self.config.image_features.items():
            size = feature.shape[-2:]
            images.append(x if (x := batch[key]).shape[-2:] == size else _resized(x, size))
        return self.net(images, batch["observation.state"])


def _resized(x: Tensor, size: Any) -> Tensor:
    flat = F.interpolate(x.flatten(0, -4), size, mode="area")
    return flat.view(*x.shape[:-2], *size)


def make_simkiln_small_pre_post_processors(
    config: SimkilnSmallConfig, dataset_stats: dict[str, dict[str, Tensor]] | None = None
) -> tuple[Any, Any]:
    """LeRobot's default pipelines: rename, batch, device, normalise; and back."""
    return make_default_pre_post_processors(config, dataset_stats)
