"""A small flow-matching policy that trains on a CPU: keypoints and state, a chunk of noisy actions, and a few mixers over it.

Flow matching as in Lipman et al. (2023), with SmolVLA's signs: `x = t noise + (1 - t) action`, and the network tells
`noise - action`. The memory of the world enters hidden states of actions, where it enters SmolVLA's.
"""

import torch
from torch import Tensor, nn

from runtime.learn.modality.modality import Modality, Sizes
from runtime.learn.small.network import Dims, Keypoints


class FlowNet(nn.Module):
    """Normalised images, state and noisy actions -> velocity [B, chunk, A]. Actions are offsets from the state where A = D."""

    def __init__(self, dims: Dims, sizes: Sizes | None, mixers: int = 2) -> None:
        super().__init__()
        self.dims = dims
        h = dims.hidden
        self.eyes = nn.ModuleList(Keypoints(dims) for _ in range(dims.cameras))
        inputs = dims.cameras * 2 * dims.keypoints + dims.state_dim
        self.context = nn.Sequential(nn.Linear(inputs, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU())
        self.enter, self.when = nn.Linear(dims.action_dim, h), nn.Linear(2, h)
        self.where = nn.Parameter(torch.randn(dims.chunk, h) * 0.02)
        self.mixers = nn.ModuleList(_Mixer(dims.chunk, h) for _ in range(mixers))
        self.leave = nn.Sequential(nn.LayerNorm(h), nn.Linear(h, dims.action_dim))
        self.world = None if sizes is None else Modality(sizes)

    def look(self, images: list[Tensor], state: Tensor) -> tuple[list[Tensor], Tensor]:
        """Images, each [B, 3, H, W], and state [B, D] -> keypoints of each, and features [B, H]: all that it knows of the scene
        beside its memory."""
        seen = [eye(image) for eye, image in zip(self.eyes, images, strict=True)]
        return seen, self.context(torch.cat([*seen, state], 1))

    def velocity(self, features: Tensor, noisy: Tensor, time: Tensor) -> Tensor:
        """Features [B, H], noisy actions [B, chunk, A] and times [B] in 0..1 -> [B, chunk, A]."""
        angle = time * torch.pi / 2
        h = self.enter(noisy) + self.when(torch.stack([angle.sin(), angle.cos()], 1))[:, None] + features[:, None] + self.where
        if self.world is not None:
            h = self.world.fuse(h)
        for mixer in self.mixers:
            h = mixer(h)
        return self.leave(h)

    def sample(self, features: Tensor, noise: Tensor, steps: int) -> Tensor:
        """Noise [B, chunk, A] -> actions, by so many steps of Euler's."""
        x = noise
        for i in range(steps):
            x = x - self.velocity(features, x, torch.full((len(x),), 1 - i / steps)) / steps
        return x


class _Mixer(nn.Module):
    """Steps of a chunk mixed, then the numbers of each (Tolstikhin et al., "MLP-Mixer", 2021)."""

    def __init__(self, chunk: int, hidden: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.steps = nn.Linear(chunk, chunk)
        self.numbers = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, hidden))

    def forward(self, x: Tensor) -> Tensor:
        # [B, chunk, H]
        x = x + self.steps(self.before(x).transpose(1, 2)).transpose(1, 2)
        return x + self.numbers(self.between(x))
