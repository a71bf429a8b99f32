"""SmolVLA with a memory of the world beside its action expert.

The memory enters hidden states of noisy actions (`embed_suffix`) alone: pictures, words and state are seen as SmolVLA sees them,
and its cached prefix stays the same. With the gate shut its actions are SmolVLA's, bit for bit.
"""

from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.smolvla.modeling_smolvla import SmolVLAPolicy, VLAFlowMatching
from safetensors.torch import load_file
from torch import Tensor

from lerobot_policy_simkiln_world.configuration_smolvla_world import SmolVLAWorldConfig
from lerobot_policy_simkiln_world.processor_smolvla_world import processors_digest
from runtime.learn.modality.encoders import Pretrained
from runtime.learn.modality.latents import Latents, load_latents, suffix_of
from runtime.learn.modality.modality import Modality, Mode, Window

PAST, FUTURE, WITHIN = "observation.world.past", "observation.world.future", "observation.world.within"
"""Keys of a batch that brings its latents along: [B, T, Z], [B, K, Z], and what of these lies within the episode [B, K]."""


class WorldFlowMatching(VLAFlowMatching):
    """SmolVLA's flow matching with a memory."""

    world: Modality
    seen: Tensor

    def embed_suffix(self, noisy_actions: Tensor, timestep: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """SmolVLA's own, and what is remembered."""
        h, pad, attends = super().embed_suffix(noisy_actions, timestep)
        return self.world.fuse(h), pad, attends


class SmolVLAWorldPolicy(SmolVLAPolicy):
    """See the module."""

    config_class = SmolVLAWorldConfig  # ty: ignore[invalid-assignment]
    name = "smolvla_world"  # ty: ignore[invalid-assignment]
    config: SmolVLAWorldConfig

    def __init__(self, config: SmolVLAWorldConfig, **given: Any) -> None:
        """Weights begin as those of `init_from_policy_path`, and those of the memory anew.

        Raises:
            ValueError: the checkpoint does not fit, the latents are of another kind, or how long they are is not known.
        """
        self._latents: Latents | None = None
        if config.world_latents_path:
            suffix = suffix_of(config.world_encoder, config.world_window) if config.world_encoder else None
            self._latents = load_latents(Path(config.world_latents_path), suffix)
            facts = self._latents.facts
            said = {"window": facts.window, "context": facts.context, "offset": facts.offset, "latent_dim": facts.latent}
            config.world_latent_dim = config.world_latent_dim or facts.latent
            for name, value in said.items():
                if (wanted := getattr(config, f"world_{name}")) != value:
                    raise ValueError(f"world_{name} is {wanted}, but the latents at {config.world_latents_path} have {value}")
        if config.world_latent_dim < 1:
            raise ValueError("smolvla_world needs --policy.world_latents_path, or --policy.world_latent_dim")
        super().__init__(config, **given)
        self.model.__class__ = WorldFlowMatching
        model = self._flow
        model.world = Modality(config.sizes(model.vlm_with_expert.expert_hidden_size))
        model.action_out_proj.register_forward_pre_hook(self._look_on)
        if self._latents is not None:
            model.world.mean.copy_(torch.from_numpy(self._latents.mean))
            model.world.std.copy_(torch.from_numpy(self._latents.std))
        self._encoder: Pretrained | None = None
        if config.init_from_policy_path:
            self._begin_from(Path(config.init_from_policy_path))

    @classmethod
    def from_pretrained(  # ty: ignore[incompatible-method-override]
        cls, pretrained_name_or_path: str | Path, *, config: SmolVLAWorldConfig | None = None, **given: Any
    ) -> "SmolVLAWorldPolicy":
        """A checkpoint of its own: all is in it, and where it began from need not be there any more.

        Raises:
            ValueError: its processors are not those that it was trained with.
        """
        if config is None:
            config = cast("SmolVLAWorldConfig", PreTrainedConfig.from_pretrained(pretrained_name_or_path))
        found = processors_digest(Path(pretrained_name_or_path))
        if found and config.init_processors_digest and found != config.init_processors_digest:
            raise ValueError(
                f"the processors beside {pretrained_name_or_path} were rebuilt: {found[:12]}, "
                f"not {config.init_processors_digest[:12]} of the checkpoint that it began from"
            )
        alone = replace(config, init_from_policy_path="")
        return cast("SmolVLAWorldPolicy", super().from_pretrained(pretrained_name_or_path, config=alone, **given))

    @property
    def _flow(self) -> WorldFlowMatching:
        return cast("WorldFlowMatching", self.model)

    def reset(self) -> None:
        """Forget plans and what was seen."""
        super().reset()
        self._frames: deque[np.ndarray] = deque(maxlen=self.config.world_window)
        self._past: deque[Tensor] = deque(maxlen=self.config.world_context)

    def forward(self, batch: dict[str, Any], noise: Any = None, time: Any = None, reduction: str = "mean") -> Any:
        """SmolVLA's loss, the Prophet's, and the auxiliary one: (loss, all that is logged).

        Raises:
            ValueError: there is no instruction, or nothing that latents could come from.
        """
        _instructed(batch)
        world, mode = self._flow.world, cast("Mode", self.config.world_memory_mode_train)
        window = self._window(batch)
        found = world.remember(window, mode)
        try:
            lerobots: Any = super().forward(batch, noise, time, reduction)
        finally:
            world.forget()
        loss, logged = lerobots
        total = loss if mode == "none" else loss + found["world_loss"]
        if self.config.world_loss_weight:
            auxiliary, _ = world.auxiliary(self._flow.seen.mean(1), window)
            total, logged["world_auxiliary"] = total + self.config.world_loss_weight * auxiliary, float(auxiliary.detach())
        return total, {**logged, **world.logged(found, total.mean())}

    def select_action(self, batch: dict[str, Any], noise: Tensor | None = None, **given: Any) -> Tensor:
        """SmolVLA's, of what is seen at every step."""
        _instructed(batch)
        self._watch(batch)
        return super().select_action(batch, noise, **given)

    def predict_action_chunk(self, batch: dict[str, Any], noise: Tensor | None = None, **given: Any) -> Tensor:
        """SmolVLA's, of what was seen."""
        _instructed(batch)
        self._watch(batch)
        return super().predict_action_chunk(batch, noise, **given)

    def _get_action_chunk(self, batch: dict[str, Any], noise: Tensor | None = None, **given: Any) -> Tensor:
        world, mode = self._flow.world, cast("Mode", self.config.world_memory_mode_rollout)
        if mode != "none" and self.config.world_memory_mode_train != "none":
            world.remember(Window(self._remembered(batch)), mode)
        try:
            return super()._get_action_chunk(batch, noise, **given)
        finally:
            world.forget()

    def _begin_from(self, checkpoint: Path) -> None:
        if not (checkpoint / "model.safetensors").is_file() or not (digest := processors_digest(checkpoint)):
            raise ValueError(f"init_from_policy_path {checkpoint} is no folder of a policy with its processors")
        missing, strange = self.load_state_dict(load_file(checkpoint / "model.safetensors"), strict=False)
        if strange or [name for name in missing if not name.startswith("model.world.")]:
            raise ValueError(f"init_from_policy_path {checkpoint} is another model: {[*strange, *missing][:3]} do not fit")
        self.config.init_processors_digest = digest

    def _look_on(self, _: Any, given: tuple[Tensor]) -> None:
        self._flow.seen = given[0]

    def _window(self, batch: dict[str, Any]) -> Window:
        device = self._flow.world.mean.device
        if PAST in batch:
            within = None if WITHIN not in batch else batch[WITHIN].to(device)
            return Window(batch[PAST].to(device), batch[FUTURE].to(device), within)
        if self._latents is None:
            raise ValueError("training needs --policy.world_latents_path: the cached latents of its dataset")
        frames = batch["index"].flatten().cpu().numpy()
        if frames.max() >= len(self._latents.values):
            raise ValueError(
                f"frame {frames.max()} is not among {len(self._latents.values)} latents: they are of another dataset"
            )
        past, future, within = (torch.from_numpy(x).to(device) for x in self._latents.around(frames))
        return Window(past, future, within)

    def _watch(self, batch: dict[str, Any]) -> None:
        """Keep the latent of what is seen now, where the Prophet will ask for it."""
        if PAST in batch or self.config.world_memory_mode_rollout in ("none", "zero", "random"):
            return
        if self._encoder is None:
            if not self.config.world_encoder_path:
                raise ValueError(
                    "rollouts need --policy.world_encoder and --policy.world_encoder_path, which live frames go through"
                )
            self._encoder = Pretrained(self.config.world_encoder, Path(self.config.world_encoder_path), self.config.world_window)
        key = next(iter(self.config.image_features))
        frame = (batch[key].clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        self._frames.extend([frame] * (1 if self._frames else self.config.world_window))
        latent = torch.from_numpy(self._encoder(np.stack(self._frames, 1), np.zeros((len(frame), 0))))
        self._past.extend([latent] * (1 if self._past else self.config.world_context))

    def _remembered(self, batch: dict[str, Any]) -> Tensor:
        mean = self._flow.world.mean
        if PAST in batch:
            return batch[PAST].to(mean.device)
        if not self._past:  # neither zeros nor noise need any
            return mean.expand(len(batch["observation.state"]), self.config.world_context, -1)
        return torch.stack(list(self._past), 1).to(mean.device)


def _instructed(batch: dict[str, Any]) -> None:
    """Refuse an instruction that is missing or empty: a policy that is told nothing learns no task (seen by others: 0 of 100)."""
    task = batch.get("task")
    said = [task] if isinstance(task, str) else list(task or ())
    if not said or any(not str(text).strip() for text in said):
        raise ValueError("the batch has no instruction: LeRobot's datasets keep it under `task`, and it must not be empty")
