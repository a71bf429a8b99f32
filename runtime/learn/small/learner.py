"""The small policy trained in plain torch and saved as the LeRobot checkpoint that `runtime.learn.small.plugin` would save.

LeRobot 0.6.1 needs 5 to 8 s of CPU to import (torchvision's compiler, pandas, `datasets`), which dozens of short jobs
would each pay. A test loads these checkpoints through LeRobot's own factories and compares bytes and actions.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from runtime.learn.dataset import ACTION, IMAGE_PREFIX, PLACES_PREFIX, STATE
from runtime.learn.normaliser import EPS, Stats
from runtime.learn.small.network import Dims, SmallNet, chunk_loss, places_loss
from runtime.learn.spec import Spec
from runtime.problem import InputError, Problem

SMALL_TYPE = "simkiln_small"
OPTIONS = {"width": 8, "keypoints": 16, "hidden": 256}
"""What can be chosen of it, with the defaults."""
NORM_MAP = dict.fromkeys(("VISUAL", "STATE", "ACTION"), "MEAN_STD")


class LightLearner:
    """Learner of the small policy; see `spec.Learner`. Where demos know the places of objects, its first keypoints learn to lie
    there: by themselves keypoints see nothing for a while, and whether they begin to before training ends is luck of the seed."""

    def __init__(self, spec: Spec, stats: Stats) -> None:
        self.spec, self.stats = spec, stats
        self.observation_deltas = spec.past
        self.action_deltas = tuple(range(spec.chunk))
        self.options = _checked_options(spec.extra)
        dims = Dims(
            len(spec.camera_keys),
            spec.image_hw,
            spec.state_dim,
            spec.action_dim,
            spec.chunk,
            **self.options,
            history=spec.history,
        )
        self.net = self._network(dims)
        for p in self.net.parameters():
            if p.dim() == 4:  # 25% faster convolutions on a CPU
                p.data = p.data.contiguous(memory_format=torch.channels_last)
        self._scale = {k: _affine(entry) for k, entry in stats.items()}
        self._rows = {}  # scale and offset of a row of pixels, for torch is slow on a last axis of 3
        for camera in spec.camera_keys:
            scale, offset = (by.flatten().repeat(spec.image_hw[1]) for by in self._scale[IMAGE_PREFIX + camera])
            self._rows[camera] = scale / 255, offset

    def _network(self, dims: Dims) -> Any:
        return SmallNet(dims)

    def parameters(self) -> Iterable[Tensor]:
        """See `Learner.parameters`."""
        return self.net.parameters()

    def loss(self, batch: dict[str, np.ndarray], train: bool) -> Tensor:
        """See `Learner.loss`."""
        return self.loss_of(self.net.act, batch, train)

    def loss_of(self, act: Callable[[list[Tensor], Tensor], Tensor], batch: dict[str, np.ndarray], train: bool) -> Tensor:
        """The loss where `act` plans from keypoints and state, and not the network alone."""
        self.net.train(train)
        images = [self.image(batch[IMAGE_PREFIX + c], c) for c in self.spec.camera_keys]
        state, action = (self._vector(batch[k], k) for k in (STATE, ACTION))
        seen = self.net.look(images)
        loss = chunk_loss(act(seen, state), action, torch.from_numpy(batch["action_is_pad"]))
        return self._with_places(loss, seen, batch) if train else loss

    def _with_places(self, loss: Tensor, seen: list[Tensor], batch: dict[str, np.ndarray]) -> Tensor:
        """With the second loss: keypoints where objects are known to be."""
        if self.spec.places_weight:
            for keypoints, camera in zip(seen, self.spec.camera_keys, strict=True):
                if (where := PLACES_PREFIX + camera) in batch:
                    loss = loss + self.spec.places_weight * places_loss(keypoints, torch.from_numpy(batch[where]))
        return loss

    def weights(self) -> dict[str, Tensor]:
        """Names as in the LeRobot policy, which calls the network `net`."""
        return {f"net.{k}": v for k, v in self.net.state_dict().items()}

    def save(self, checkpoint: Path) -> None:
        """The files that LeRobot's `save_pretrained` of policy and processors would write."""
        checkpoint.mkdir(parents=True, exist_ok=True)
        (checkpoint / "config.json").write_text(json.dumps(self._config(), indent=4))
        save_file({k: v.contiguous() for k, v in self.weights().items()}, checkpoint / "model.safetensors")
        flat = {f"{k}.{s}": torch.from_numpy(x.copy()) for k, v in self.stats.items() for s, x in v.items()}
        for name, steps in self._processors().items():
            (checkpoint / f"{name}.json").write_text(json.dumps({"name": name, "steps": steps}, indent=2))
            for state_file in (s["state_file"] for s in steps if "state_file" in s):
                save_file(flat, checkpoint / state_file)

    def image(self, images: np.ndarray, camera: str) -> Tensor:
        """Pictures u8 [B, (n,) H, W, 3] of a camera, normalised and seen as channels-last [B, (n,) 3, H, W]."""
        scale, offset = self._rows[camera]
        if images.ndim == 5:  # [B, n, H, W, 3]
            return self.image(images.reshape(-1, *images.shape[2:]), camera).unflatten(0, images.shape[:2])
        rows = torch.from_numpy(images).flatten(2).to(torch.float32).mul_(scale).add_(offset)
        return rows.view(images.shape).permute(0, 3, 1, 2)

    def _vector(self, value: np.ndarray, key: str) -> Tensor:
        scale, offset = self._scale[key]
        return torch.from_numpy(value) * scale + offset

    def _features(self) -> tuple[dict[str, Any], dict[str, Any]]:
        visual = {"type": "VISUAL", "shape": [3, *self.spec.image_hw]}
        inputs = {IMAGE_PREFIX + c: visual for c in self.spec.camera_keys}
        inputs[STATE] = {"type": "STATE", "shape": [self.spec.state_dim]}
        return inputs, {ACTION: {"type": "ACTION", "shape": [self.spec.action_dim]}}

    def _config(self) -> dict[str, Any]:
        inputs, outputs = self._features()
        nothing = dict.fromkeys(("repo_id", "private", "tags", "license", "pretrained_path", "pretrained_revision"))
        config: dict[str, Any] = {
            "type": SMALL_TYPE,
            "n_obs_steps": self.spec.history,
            "input_features": inputs,
            "output_features": outputs,
        }
        config |= {"device": "cpu", "use_amp": False, "use_peft": False, "push_to_hub": False, **nothing}
        config |= {"chunk_size": self.spec.chunk, "n_action_steps": self.spec.n_action_steps, **self.options}
        return config | {"optimizer_lr": 3e-3, "optimizer_weight_decay": 1e-4, "normalization_mapping": NORM_MAP}

    def _processors(self) -> dict[str, list[dict[str, Any]]]:
        inputs, outputs = self._features()
        device = {"registry_name": "device_processor", "config": {"device": "cpu", "float_dtype": None}}
        before, after = "policy_preprocessor", "policy_postprocessor"
        return {
            before: [
                {"registry_name": "rename_observations_processor", "config": {"rename_map": {}}},
                {"registry_name": "to_batch_processor", "config": {}},
                device,
                _normaliser("normalizer_processor", {**inputs, **outputs}, f"{before}_step_3"),
            ],
            after: [_normaliser("unnormalizer_processor", outputs, f"{after}_step_0"), device],
        }


def _checked_options(extra: Mapping[str, object]) -> dict[str, int]:
    options = dict(OPTIONS)
    for key, value in extra.items():
        if key not in options or not isinstance(value, int) or isinstance(value, bool) or value < 1:
            problem = f"`{key}: {value}` is not an option of architecture `small`"
            help_ = f"its options are positive integers: {', '.join(options)}"
            raise InputError(Problem("R316", problem, help_, "stages.policy.options"))
        options[key] = value
    return options


def _normaliser(name: str, features: dict[str, Any], prefix: str) -> dict[str, Any]:
    settings = {"eps": EPS, "features": features, "norm_map": NORM_MAP}
    return {"registry_name": name, "config": settings, "state_file": f"{prefix}_{name}.safetensors"}


def _affine(entry: dict[str, np.ndarray]) -> tuple[Tensor, Tensor]:
    mean, std = torch.from_numpy(entry["mean"]), torch.from_numpy(entry["std"]) + EPS
    return 1 / std, -mean / std
