"""An eye with priors: what it looks for first is fixed, what it makes of it is learned.

Gabor filters of 8 orientations at 4 scales (Daugman 1985), colour opponency (red against green, blue against yellow: Hering),
and two cues of depth that one picture holds: how high in the field something stands, and how strongly texture contrasts there.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

ORIENTATIONS, SCALES = 8, 4
SIDE = 9
CELLS = 4
"""The responses are averaged over 4 x 4 cells of the picture."""


@dataclass(frozen=True)
class Priors:
    """Which of them look; the luminance of each cell is always there."""

    gabor: bool = True
    colour: bool = True
    depth: bool = True

    @property
    def channels(self) -> int:
        """Maps of responses."""
        return 1 + ORIENTATIONS * SCALES * self.gabor + 2 * self.colour + 2 * self.depth


def gabor_bank() -> Tensor:
    """Kernels [32, 1, 9, 9], of zero mean and unit norm: wavelengths 3, 4.2, 6, 8.5 pixels, orientations every 22.5 degrees."""
    y, x = np.mgrid[-(SIDE // 2) : SIDE // 2 + 1, -(SIDE // 2) : SIDE // 2 + 1]
    kernels = []
    for scale in range(SCALES):
        wavelength = 3.0 * 2 ** (scale / 2)
        for k in range(ORIENTATIONS):
            angle = np.pi * k / ORIENTATIONS
            along = x * np.cos(angle) + y * np.sin(angle)
            envelope = np.exp(-(x**2 + y**2) / (2 * (0.5 * wavelength) ** 2))
            kernel = envelope * np.cos(2 * np.pi * along / wavelength)
            kernel -= envelope * kernel.sum() / envelope.sum()
            kernels.append(kernel / np.linalg.norm(kernel))
    return torch.tensor(np.array(kernels), dtype=torch.float32)[:, None]


def looked_at(pictures: Tensor, priors: Priors) -> Tensor:
    """Fixed responses [n, channels * 16] to pictures [n, 3, h, w] in [0, 1]."""
    red, green, blue = pictures.unbind(1)
    light = pictures.mean(1, keepdim=True)
    maps = [light]
    if priors.gabor:
        maps.append(functional.conv2d(light, gabor_bank(), padding=SIDE // 2).abs())
    if priors.colour:
        maps.append(torch.stack([red - green, blue - (red + green) / 2], 1))
    if priors.depth:
        coarse = functional.avg_pool2d(light, 5, 1, 2)
        contrast = functional.avg_pool2d((light - coarse).pow(2), 5, 1, 2).sqrt()
        height = torch.linspace(0, 1, light.shape[2])[:, None] * contrast
        maps.append(torch.cat([contrast, height], 1))
    return functional.adaptive_avg_pool2d(torch.cat(maps, 1), CELLS).flatten(1)


class Eye(nn.Module):
    """Pictures [n, 3, h, w] -> embeddings [n, 256]. The front has no parameters: nothing can train it."""

    def __init__(self, priors: Priors, dims: int = 256) -> None:
        super().__init__()
        self.priors = priors
        self.norm = nn.BatchNorm1d(priors.channels * CELLS**2)
        self.learned = nn.Sequential(nn.Linear(priors.channels * CELLS**2, 128), nn.ReLU(), nn.Linear(128, dims))

    def forward(self, pictures: Tensor) -> Tensor:
        """Embeddings, [n, dims]."""
        return self.learned(self.norm(looked_at(pictures, self.priors)))
