"""Sight and touch in one state: frozen encoders, and cross-attention between their tokens (Vaswani et al. 2017)."""

import torch
from torch import Tensor, nn

from runtime.developmental.vision import Eye

TOKENS = 8


class Proprio(nn.Module):
    """What the hand feels [n, features] -> [n, 256]: random features, which are never trained."""

    def __init__(self, features: int, dims: int = 256) -> None:
        super().__init__()
        self.project = nn.Linear(features, dims)

    def forward(self, felt: Tensor) -> Tensor:
        """Embeddings, [n, dims]."""
        return torch.tanh(self.project(felt))


class Fusion(nn.Module):
    """Vision 256 and proprioception 256 -> a unified state of 512.

    Each embedding is cut into 8 tokens of 32; tokens of sight ask those of touch and the other way round; both answers
    are the state. The encoders' parameters take no gradients: attention alone is trained.
    """

    def __init__(self, eye: Eye, proprio: Proprio, dims: int = 256) -> None:
        super().__init__()
        self.encoders = nn.ModuleList([eye, proprio])
        for p in self.encoders.parameters():
            p.requires_grad_(False)
        width = dims // TOKENS
        self.by_sight, self.by_touch = (nn.MultiheadAttention(width, 4, batch_first=True) for _ in range(2))

    def forward(self, pictures: Tensor, felt: Tensor) -> Tensor:
        """The unified state, [n, 512]."""
        self.encoders.eval()  # running means of a frozen encoder stand still as well
        with torch.no_grad():
            sight, touch = (
                encoder(x).unflatten(1, (TOKENS, -1)) for encoder, x in zip(self.encoders, (pictures, felt), strict=True)
            )
        seen = sight + self.by_sight(sight, touch, touch, need_weights=False)[0]
        touched = touch + self.by_touch(touch, sight, sight, need_weights=False)[0]
        return torch.cat([seen, touched], 1).flatten(1)
