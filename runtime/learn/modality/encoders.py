"""What makes latents of frames: V-JEPA 2, the Cosmos tokenizer, both from folders, or the eyes of a place's world model."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from runtime.problem import InputError, Problem

PACKAGES = {"vjepa2": ("transformers", "vla"), "cosmos": ("diffusers", "runtime")}
"""Encoder -> a package that it needs, and the extra of ours that brings it."""
AT_ONCE = 16


class Encoder(Protocol):
    """Frames to latents."""

    window: int
    latent: int

    def __call__(self, frames: np.ndarray, joints: np.ndarray) -> np.ndarray:
        """Frames u8 [N, window, H, W, 3], oldest first, with the joints of the last of them [N, J] -> latents f32 [N, Z]."""
        ...


class Pretrained:
    """A model of others, from its folder: no download, no code of the folder's, weights in safetensors alone."""

    def __init__(self, kind: str, folder: Path, window: int) -> None:
        """Load it.

        Raises:
            InputError: B330 when its package is missing, R411 when the folder does not hold it, R412 when the window does not
                fit.
        """
        from importlib.util import find_spec

        package, extra = PACKAGES[kind]
        if find_spec(package) is None:
            message = f"the encoder `{kind}` needs the package `{package}`"
            raise InputError(Problem("B330", message, f"install it: ./uvw sync --extra {extra}"))
        try:
            self._model: Any = _load(kind, folder)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            message = f"`{folder.name}` holds no weights of the encoder `{kind}`: {str(error).splitlines()[0][:160]}"
            raise InputError(
                Problem("R411", message, "give the folder that its authors publish, weights as safetensors")
            ) from error
        self.kind, self.window = kind, window
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model.to(self._device)
        if kind == "vjepa2" and window > 1 and window % (tube := int(self._model.config.tubelet_size)):
            message = f"V-JEPA 2 takes one frame or {tube} at a time, and the window is {window}"
            raise InputError(Problem("R412", message, f"choose a multiple of {tube}", "stages.latents.window"))
        if kind == "cosmos" and window != 1:
            message = f"the Cosmos tokenizer is given single frames here, and the window is {window}"
            raise InputError(Problem("R412", message, "set `window: 1`", "stages.latents.window"))
        blank = np.zeros((1, window, 32, 32, 3), np.uint8)
        self.latent = self(blank, np.zeros((1, 0))).shape[1]

    @torch.no_grad()
    def __call__(self, frames: np.ndarray, joints: np.ndarray) -> np.ndarray:
        """See `Encoder`."""
        parts = [
            self._some(torch.from_numpy(np.ascontiguousarray(x)).to(self._device))
            for x in np.array_split(frames, -(-len(frames) // AT_ONCE))
        ]
        return torch.cat(parts).float().cpu().numpy()

    def _some(self, frames: Tensor) -> Tensor:
        video = frames.permute(0, 1, 4, 2, 3).float() / 255  # [N, m, 3, H, W]
        if self.kind == "vjepa2":
            side = int(self._model.config.crop_size)
            if video.shape[1] == 1:  # a still picture, shown for as long as the model takes frames at a time
                video = video.expand(-1, int(self._model.config.tubelet_size), -1, -1, -1)
            mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])  # ImageNet's, as it was trained
            video = (_sized(video, side) - mean.to(video)[:, None, None]) / std.to(video)[:, None, None]
            return self._model.get_vision_features(video).mean(1)  # over its patches
        latent = self._model.encode(_sized(video, COSMOS_PX)[:, 0].unsqueeze(2) * 2 - 1).latent_dist.mode()
        return F.adaptive_avg_pool2d(latent[:, :, 0], 2).flatten(1)  # [N, 4 * channels]


COSMOS_PX = 64
"""Frames are brought to so many pixels a side: tokens of a picture of any size are pooled to 2 x 2 of them."""


def _sized(video: Tensor, side: int) -> Tensor:
    flat = F.interpolate(video.flatten(0, 1), (side, side), mode="bilinear", antialias=True, align_corners=False)
    return flat.view(*video.shape[:3], side, side)


def _load(kind: str, folder: Path) -> Any:
    # by name: policies of the world model's eyes need neither, and of others the back end's own versions are in the address
    package, known, name = {
        "vjepa2": ("transformers", "model_type", "VJEPA2Model"),
        "cosmos": ("diffusers", "_class_name", "AutoencoderKLCosmos"),
    }[kind]
    said = json.loads((folder / "config.json").read_text()).get(known)
    if said != (name if kind == "cosmos" else kind):
        raise ValueError(f"its `{known}` is {said!r}")
    return getattr(import_module(package), name).from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
