"""The Prophet: from latents of what was seen to latents of what will be. It is shown no actions, so none can change it."""

import torch
from torch import Tensor, nn


class Prophet(nn.Module):
    """Normalised latents of the past [B, T, Z], oldest first -> of the future [B, K, Z].

    A small transformer over T tokens of the past and K questions. What it says is a change of the last latent, none before it is
    trained.
    """

    def __init__(self, latent: int, context: int, offset: int, width: int = 64, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.context, self.offset = context, offset
        self.enter = nn.Linear(latent, width)
        self.where = nn.Parameter(torch.randn(context + offset, width) * 0.02)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.leave = nn.Linear(width, latent)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, past: Tensor) -> Tensor:
        """See the class."""
        x = nn.functional.pad(self.enter(past), (0, 0, 0, self.offset)) + self.where
        for block in self.blocks:
            x = block(x)
        return past[:, -1:] + self.leave(x[:, self.context :])


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.answer = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        # [B, N, W]
        q, k, v = self.ask(self.before(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.answer(nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.think(self.between(x))
