"""Gated cross-attention from the action path into a memory of the world, which can do no harm: gates as in Alayrac et al.,
"Flamingo" (2022). Shut it changes no bit, and what is not finite in the memory is not attended to."""

from math import sqrt

import torch
from torch import Tensor, nn

SHUT = 1e-6
"""A gate of less than this is shut: while acting, nothing is computed of the memory then. In training it is, for a gate that is
shut has a gradient too."""


class GatedCrossAttention(nn.Module):
    """Hidden states of actions [B, C, H] and memory [B, K, Z] -> hidden states [B, C, H].

    `h + tanh(gate) * attention(h, memory)`, the gate 0 at first. Slots of the memory have learned places, so a memory of zeros
    has as much capacity as any other.
    """

    def __init__(self, hidden: int, latent: int, slots: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.gate = nn.Parameter(torch.zeros(()))
        self.before = nn.LayerNorm(hidden)
        self.enter, self.where = nn.Linear(latent, hidden), nn.Parameter(torch.randn(slots, hidden) * 0.02)
        self.ask, self.tell, self.answer = nn.Linear(hidden, hidden), nn.Linear(hidden, 2 * hidden), nn.Linear(hidden, hidden)
        self.seen: dict[str, float] = {}
        """What was measured of the last call that looked at the memory."""

    @property
    def opening(self) -> Tensor:
        """How far the gate is open, -1..1."""
        return torch.tanh(self.gate)

    def forward(self, h: Tensor, memory: Tensor | None, valid: Tensor | None = None) -> Tensor:
        """See the class; `valid` [B, K] says which slots hold something, all by default."""
        if memory is None or (not torch.is_grad_enabled() and abs(float(self.opening)) < SHUT):
            return h
        finite = torch.isfinite(memory).all(-1)  # 0 * NaN would be NaN
        known = finite if valid is None else finite & valid
        there = known.any(1)[:, None, None]
        slots = self.enter(torch.where(known[..., None], memory, 0).to(self.enter.weight.dtype)) + self.where
        q = self.ask(self.before(h.to(slots.dtype))).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = self.tell(slots).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-1, -2) / sqrt(q.shape[-1])).masked_fill(~(known | ~there[:, 0])[:, None, None], -torch.inf)
        weight = torch.softmax(scores, -1)  # [B, heads, C, K]
        context = self.answer((weight @ v).transpose(1, 2).flatten(2))
        self._note(weight, context, h, known)
        return torch.where(there, h + (self.opening * context).to(h.dtype), h)

    @torch.no_grad()
    def _note(self, weight: Tensor, context: Tensor, h: Tensor, known: Tensor) -> None:
        self.seen = {
            "world_valid_frac": float(known.float().mean()),
            "world_attn_entropy": float(-(weight * weight.clamp_min(1e-12).log()).sum(-1).mean()),
            "world_attn_pmax": float(weight.amax(-1).mean()),
            "world_ctx_norm": float(context.norm(dim=-1).mean()),
            "world_act_norm": float(h.norm(dim=-1).mean()),
        }
