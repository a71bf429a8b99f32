"""The small policy's network: a few convolutions, keypoints by spatial softmax, and a perceptron that plans a chunk.

Plain torch, no LeRobot: `runtime/learn/small/plugin.py` wraps it as a LeRobot policy. Keypoints: Finn et al., "Deep Spatial
Autoencoders for Visuomotor Learning" (2016).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Dims:
    """Sizes of the network; images are `image_hw` pixels, one per camera."""

    cameras: int
    image_hw: tuple[int, int]
    state_dim: int
    action_dim: int
    chunk: int
    width: int = 8
    keypoints: int = 16
    hidden: int = 256
    history: int = 1


class Keypoints(nn.Module):
    """Image [B, 3, H, W] -> expected positions of `keypoints` feature maps, [B, 2 * keypoints], in -1..1."""

    cells: Tensor

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        w = dims.width
        self.conv1 = nn.Conv2d(3, w, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(w, 2 * w, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(2 * w, 2 * w, 3, padding=1)
        self.maps = nn.Conv2d(2 * w, dims.keypoints, 1)
        # A learned sharpness: the softmax starts soft enough for gradients to reach every pixel.
        self.log_sharpness = nn.Parameter(torch.zeros(dims.keypoints, 1))
        h, w = (-(-pixels // 4) for pixels in dims.image_hw)
        cells = torch.stack([torch.linspace(-1, 1, w).repeat(h), torch.linspace(-1, 1, h).repeat_interleave(w)])
        self.register_buffer("cells", cells, persistent=False)  # across and down, [2, h * w]

    def forward(self, image: Tensor) -> Tensor:
        """Normalised image [B, 3, H, W] -> x of each keypoint and y of each, interleaved, [B, 2 * K]."""
        x = image
        for layer in (self.conv1, self.conv2, self.conv3):
            x = F.relu(layer(x), inplace=True)
        x = F.linear(x.flatten(2).transpose(1, 2), self.maps.weight.flatten(1), self.maps.bias)  # [B, h * w, K]
        weight = torch.softmax(x * self.log_sharpness.exp().flatten(), dim=1)
        return (self.cells @ weight).transpose(1, 2).flatten(1)


class SmallNet(nn.Module):
    """Normalised images and state -> normalised actions [B, chunk, A], as an offset from the state where A = D. With a history of
    n observations, oldest first, images and states are [B, n, ...], and every picture is looked at by the same eyes."""

    def __init__(self, dims: Dims) -> None:
        super().__init__()
        self.dims = dims
        self.eyes = nn.ModuleList(Keypoints(dims) for _ in range(dims.cameras))
        inputs = (dims.cameras * 2 * dims.keypoints + dims.state_dim) * dims.history
        self.plan = nn.Sequential(
            nn.Linear(inputs, dims.hidden),
            nn.ReLU(),
            nn.Linear(dims.hidden, dims.hidden),
            nn.ReLU(),
            nn.Linear(dims.hidden, dims.chunk * dims.action_dim),
        )

    def forward(self, images: list[Tensor], state: Tensor) -> Tensor:
        """Images, each [B, (n,) 3, H, W], and state [B, (n,) D] -> [B, chunk, A]."""
        return self.act(self.look(images), state)

    def look(self, images: list[Tensor]) -> list[Tensor]:
        """Images, each [B, (n,) 3, H, W] -> the keypoints of each, [B, (n *) 2 * K]."""
        flat = [image.flatten(0, 1) if image.dim() == 5 else image for image in images]
        return [eye(x).view(len(image), -1) for eye, x, image in zip(self.eyes, flat, images, strict=True)]

    def act(self, seen: list[Tensor], state: Tensor) -> Tensor:
        """Keypoints of each camera and state [B, (n,) D] -> [B, chunk, A]."""
        out = self.plan(torch.cat([*seen, state.flatten(1)], dim=1)).view(-1, self.dims.chunk, self.dims.action_dim)
        now = state[:, -1] if state.dim() == 3 else state
        return out + now[:, None, :] if self.dims.state_dim == self.dims.action_dim else out


def places_loss(seen: Tensor, places: Tensor) -> Tensor:
    """Mean distance along each axis of the first K keypoints, of all [B, (n *) 2 * keypoints], from K places [B, (n,) K, 2], in
    -1..1."""
    keypoints = seen.view(*places.shape[:-2], -1, 2)
    known = min(keypoints.shape[-2], places.shape[-2])
    return (keypoints[..., :known, :] - places[..., :known, :]).abs().mean()


def chunk_loss(predicted: Tensor, action: Tensor, is_pad: Tensor) -> Tensor:
    """Mean absolute error over the steps that are not padding; [B, chunk, A] twice and [B, chunk], normalised."""
    error = (predicted - action).abs().mean(dim=-1)
    real = (~is_pad).to(error.dtype)
    return (error * real).sum() / real.sum().clamp_min(1)
