"""The eyes of a place's world model as an encoder: what stands where, how it is turned, and the joints.

The same numbers as `runtime.world.network.Eyes`, which a test holds: policies come before world models here.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from runtime.problem import InputError, Problem

EYES = "eyes.safetensors"
PLANE_M = 0.02
"""Height of the plane on which eyes look for objects."""
AT_ONCE = 128


class WorldEyes:
    """See `encoders.Encoder`; a latent is objects [K, 3] in metres, turns [K, 2] and joints [J]."""

    window = 1

    def __init__(self, weights: dict[str, Tensor]) -> None:
        """Weights of the world model's eyes, and its empty picture `behind` [3, H, W] in 0..1."""
        self.weights = {name: value.float() for name, value in weights.items()}
        self.objects = len(self.weights["pick"])
        self.latent = 5 * self.objects + self.joints

    @property
    def joints(self) -> int:
        """How many joints it is told."""
        return self.weights["read.0.weight"].shape[1] - 5 * self.weights["pick"].shape[1]

    @torch.no_grad()
    def __call__(self, frames: np.ndarray, joints: np.ndarray) -> np.ndarray:
        """See `encoders.Encoder`.

        Raises:
            InputError: R412 when frames or joints are of another size than the world model's.
        """
        behind = self.weights["behind"]
        if frames.shape[2:4] != behind.shape[1:] or joints.shape[1] != self.joints:
            given = f"pictures of {frames.shape[2:4]} pixels and {joints.shape[1]} joints"
            message = f"the world model sees {tuple(behind.shape[1:])} pixels and {self.joints} joints, not {given}"
            raise InputError(Problem("R412", message, "take the world model of the same twin"))
        pictures = torch.from_numpy(np.ascontiguousarray(frames[:, -1])).permute(0, 3, 1, 2).float() / 255
        told = torch.from_numpy(joints.astype(np.float32))
        parts = [self._some(x, q) for x, q in zip(pictures.split(AT_ONCE), told.split(AT_ONCE), strict=True)]
        return torch.cat(parts).numpy()

    def _some(self, picture: Tensor, joints: Tensor) -> Tensor:
        w = self.weights
        x = torch.cat([(picture - w["behind"]) * 4, picture * 2 - 1], 1)
        x = F.relu(F.conv2d(x, w["conv1.weight"], w["conv1.bias"], stride=2, padding=2))
        x = F.relu(F.conv2d(x, w["conv2.weight"], w["conv2.bias"], padding=1))
        x = F.relu(F.conv2d(x, w["conv3.weight"], w["conv3.bias"], padding=2, dilation=2))
        logits = F.conv2d(x, w["maps.weight"], w["maps.bias"]).flatten(2) * (w["log_sharpness"].exp() * 3)
        weight = torch.softmax(logits, 2)
        high, wide = picture.shape[2:]
        across, down = (torch.arange(-(-n // 2)) * 2 + 0.5 for n in (wide, high))
        across, down = across / wide * 2 - 1, down / high * 2 - 1
        cells = torch.stack([across.repeat(len(down)), down.repeat_interleave(len(across))], 1)
        places = weight @ cells
        ground = self._on_plane(places)
        seen = torch.cat([places.flatten(1), ground.flatten(1) * 5, (weight * weight).sum(2), joints], 1)
        hidden = F.relu(F.linear(seen, w["read.0.weight"], w["read.0.bias"]))
        raw = F.linear(hidden, w["read.2.weight"], w["read.2.bias"]).view(-1, self.objects, 5)
        rough = torch.softmax(w["pick"] * 10, 1) @ ground
        at = torch.cat([rough + raw[..., :2] * 0.02, PLANE_M + raw[..., 2:3] * 0.01], -1)
        turns = F.normalize(raw[..., 3:] + torch.tensor([0.3, 0.0]), dim=-1)
        return torch.cat([at.flatten(1), turns.flatten(1), joints], 1)

    def _on_plane(self, places: Tensor) -> Tensor:
        """Where rays through places [..., 2] of the picture meet the plane: x and y [..., 2], metres."""
        lens, turn, shift = self.weights["view.lens"], self.weights["view.world"][:3, :3], self.weights["view.world"][:3, 3]
        rays = torch.cat([(places - lens[2:]) / lens[:2], torch.ones_like(places[..., :1])], -1) @ turn
        eye = -shift @ turn
        return eye[:2] + rays[..., :2] * ((PLANE_M - eye[2]) / rays[..., 2:].clamp_max(-0.05))

    def save(self, folder: Path) -> None:
        """Write its weights."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous() for name, value in self.weights.items()}, folder / EYES)

    @classmethod
    def read(cls, folder: Path) -> "WorldEyes":
        """What `save` wrote."""
        return cls(load_file(folder / EYES))

    @classmethod
    def of_world(cls, model: Path) -> "WorldEyes":
        """Those of a published world model's folder.

        Raises:
            InputError: R344 when it has no weights.
        """
        if not (file := model / "world.safetensors").is_file():
            raise InputError(Problem("R344", f"the world model has no `{file.name}`", "build it again"))
        found = load_file(file)
        own = {name.removeprefix("eyes."): value for name, value in found.items() if name.startswith("eyes.")}
        return cls({**own, "behind": found["behind"]})
