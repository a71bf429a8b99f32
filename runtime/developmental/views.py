"""Two views of one picture, by lot: what SimCLR (Chen et al. 2020) trains on, for pictures of 32 pixels."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from runtime.sim.lab.film import SIDE

STRENGTH = 0.4
"""Of brightness, contrast and saturation: SimCLR's 0.8 halved, as it does for small pictures."""


class Footage:
    """Frames that the stage `footage` made, of which batches are drawn; u8 [videos, frames, side, side, 3]."""

    def __init__(self, made: Path) -> None:
        self._frames = np.load(made / "frames.npy", mmap_mode="r")

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Two views of frames and one of the frame after each, cut and coloured as the first: [count, 3, 32, 32] in [0, 1]."""
        videos, frames = self._frames.shape[:2]
        i, k = torch.randint(videos, (count,)).numpy(), torch.randint(frames - 1, (count,)).numpy()
        now, then = (torch.from_numpy(self._frames[i, at]).permute(0, 3, 1, 2).float() / 255 for at in (k, k + 1))
        first, second = lots(count), lots(count)
        return view(now, *first), view(now, *second), view(then, *first)


def lots(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """What is drawn for a view: cut [n, 2, 3] (an affine map of the plane), colour [n, 3], whether it is grey [n]."""
    area, aspect = torch.empty(count).uniform_(0.2, 1), torch.empty(count).uniform_(np.log(3 / 4), np.log(4 / 3)).exp()
    wide, high = (area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)
    cut = torch.zeros(count, 2, 3)
    cut[:, 0, 0], cut[:, 1, 1] = wide * (1 - 2.0 * torch.randint(2, (count,))), high
    cut[:, 0, 2], cut[:, 1, 2] = (1 - wide) * (2 * torch.rand(count) - 1), (1 - high) * (2 * torch.rand(count) - 1)
    changed = (torch.rand(count, 1) < 0.8) * STRENGTH
    return cut, 1 + changed * (2 * torch.rand(count, 3) - 1), torch.rand(count) < 0.2


def view(pictures: Tensor, cut: Tensor, colour: Tensor, grey: Tensor) -> Tensor:
    """A random resized crop of pictures [n, 3, h, w] in [0, 1], half of them mirrored, with brightness, contrast and saturation
    changed in four of five, and colour taken from one of five.

    SimCLR's change of hue is left out, as opponent colours are there to see it, and its blur, as SimCLR does for small pictures.
    """
    grid = functional.affine_grid(cut, [len(pictures), 3, SIDE, SIDE], align_corners=False)
    x = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    brightness, contrast, saturation = (part[:, None, None, None] for part in colour.unbind(1))
    x = x * brightness
    x = (x - (mean := x.mean((1, 2, 3), keepdim=True))) * contrast + mean
    x = (x - (light := x.mean(1, keepdim=True))) * saturation + light
    return torch.where(grey[:, None, None, None], x.mean(1, keepdim=True), x).clamp(0, 1)
