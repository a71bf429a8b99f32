"""All that a policy gains by the world as a modality, small or SmolVLA: Prophet, fusion, auxiliary head, and what is logged."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from runtime.learn.modality.fusion import GatedCrossAttention
from runtime.learn.modality.prophet import Prophet

Mode = Literal["none", "zero", "pred", "oracle", "shuffle", "random", "random_scaled", "signflip"]
"""What a policy is given to remember: nothing (not even the way in), zeros, what the Prophet says, what truly came (in training
alone), what it says of another window, noise, noise as long as what it says, or the opposite of it."""
MODES: tuple[Mode, ...] = get_args(Mode)
ROLLOUT_MODES = tuple(mode for mode in MODES if mode != "oracle")
LOGGED = """world_gate world_loss world_cos world_valid_frac world_mem_norm world_z_hist_norm world_z_future_norm loss_total
world_attn_entropy world_attn_pmax world_ctx_norm world_act_norm grad_world_inject grad_prophet""".split()
"""What is logged of every training; of one without a memory, what there is of it."""
_STREAM = 0x3A1D


@dataclass(frozen=True)
class Sizes:
    """Latents of `latent` numbers: `context` are known, `offset` foretold; `hidden` is the action path's width."""

    latent: int
    context: int
    offset: int
    hidden: int
    width: int = 64
    heads: int = 4
    layers: int = 2


@dataclass(frozen=True)
class Window:
    """Latents around observations, as the encoder gives them: past [B, T, Z], oldest first, and in training the future
    [B, K, Z] with what of it lies within the episode [B, K]."""

    past: Tensor
    future: Tensor | None = None
    within: Tensor | None = None


class Modality(nn.Module):
    """Memory of the world for an action path. Weights and noise are drawn beside torch's global generator, so that an arm
    with it begins as the one without."""

    mean: Tensor
    std: Tensor
    memory: Tensor | None
    valid: Tensor | None

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            self.prophet = Prophet(sizes.latent, sizes.context, sizes.offset, sizes.width, sizes.heads, sizes.layers)
            self.inject = GatedCrossAttention(sizes.hidden, sizes.latent, sizes.offset, sizes.heads)
            self.foresee = nn.Linear(sizes.hidden, sizes.offset * sizes.latent)
        self.sizes = sizes
        self.register_buffer("mean", torch.zeros(sizes.latent))
        self.register_buffer("std", torch.ones(sizes.latent))
        self._noise = torch.Generator().manual_seed(_STREAM)
        self._squares = {"world_inject": 0.0, "prophet": 0.0}
        for name, part in (("world_inject", self.inject), ("prophet", self.prophet)):
            for weight in part.parameters():
                weight.register_hook(lambda grad, name=name: self._add(name, grad))
        self.forget()

    def forget(self) -> None:
        """Have no memory: the action path is as if nothing were beside it."""
        self.memory = self.valid = None

    def fuse(self, h: Tensor) -> Tensor:
        """Hidden states of actions [B, C, H], with what is remembered."""
        return self.inject(h, self.memory, self.valid)

    def remember(self, window: Window, mode: Mode, noise: Tensor | None = None) -> dict[str, Tensor]:
        """Set the memory of a batch, and give the Prophet's loss and what is logged of it. Noise [B, K, Z] is drawn here where
        none is given.

        Nothing of the action's loss reaches the Prophet: what it says stays a prediction of the world.

        Raises:
            ValueError: the mode is unknown, or `oracle` without a future.
        """
        past, sound = self._sound(window.past)
        said = self.prophet(past)
        future = None if window.future is None else self._normal(window.future)
        within = window.within
        memory = said.detach().masked_fill(~sound[:, None, None], torch.nan)
        self.valid = None
        match mode:
            case "none":
                self.memory = None
            case "zero":
                self.memory = torch.zeros_like(memory)
            case "pred":
                self.memory = memory
            case "signflip":
                self.memory = -memory
            case "shuffle":
                self.memory = memory.roll(1, 0) if len(memory) > 1 else memory.roll(1, 1)
            case "random" | "random_scaled":
                noise = torch.randn(memory.shape, generator=self._noise).to(memory) if noise is None else noise
                length = memory.norm(dim=-1, keepdim=True) / noise.norm(dim=-1, keepdim=True).clamp_min(1e-6)
                self.memory = noise * length if mode == "random_scaled" else noise
            case "oracle":
                if future is None:
                    raise ValueError("the memory `oracle` is what truly comes, which is known in training alone")
                self.memory, self.valid = future, within
            case _:
                raise ValueError(f"unknown memory `{mode}`: known are {', '.join(MODES)}")
        norms = {"world_z_hist_norm": past, "world_mem_norm": self.memory, "world_z_future_norm": future}
        found = {name: _length(x) for name, x in norms.items() if x is not None}
        if future is not None:
            known = sound[:, None] & (torch.ones_like(future[..., 0], dtype=torch.bool) if within is None else within)
            found |= dict(zip(("world_loss", "world_cos"), foretelling(said, future, known), strict=True))
        return found

    def auxiliary(self, h: Tensor, window: Window) -> tuple[Tensor, Tensor]:
        """(loss, cosine) of foretelling the same futures from a policy's own features [B, H]: what the world alone teaches."""
        assert window.future is not None
        past, sound = self._sound(window.past)
        said = past[:, -1:] + self.foresee(h).unflatten(-1, (self.sizes.offset, self.sizes.latent))
        within = sound[:, None].expand(said.shape[:2]) if window.within is None else sound[:, None] & window.within
        return foretelling(said, self._normal(window.future), within)

    def logged(self, found: dict[str, Tensor], total: Tensor) -> dict[str, float]:
        """All that is logged of a step, by `LOGGED`; lengths of gradients are those of the step before."""
        known = {name: float(value.detach()) for name, value in found.items()} | self.inject.seen
        known |= {"world_gate": float(self.inject.opening.detach()), "loss_total": float(total.detach())}
        known |= {f"grad_{name}": square**0.5 for name, square in self._squares.items()}
        self._squares = dict.fromkeys(self._squares, 0.0)
        return {name: known.get(name, 0.0) for name in LOGGED}

    def _normal(self, latents: Tensor) -> Tensor:
        return (latents - self.mean) / self.std

    def _sound(self, past: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised pasts, zeros for those that are not finite, and which are [B]: gradients of NaN times 0 are NaN."""
        sound = torch.isfinite(past).all(-1).all(-1)
        return self._normal(torch.where(sound[:, None, None], past, self.mean)), sound

    def _add(self, name: str, grad: Tensor) -> None:
        self._squares[name] += float(grad.detach().square().sum())


def foretelling(said: Tensor, future: Tensor, within: Tensor) -> tuple[Tensor, Tensor]:
    """(mean squared error, mean cosine) of latents [B, K, Z] over what lies within episodes [B, K] and is finite."""
    known = (torch.isfinite(future).all(-1) & within).to(said.dtype)
    truth = torch.where(known[..., None] > 0, future, 0)
    count = known.sum().clamp_min(1)
    error = (((said - truth) ** 2).mean(-1) * known).sum() / count
    return error, (F.cosine_similarity(said, truth, dim=-1) * known).sum() / count


def _length(x: Tensor) -> Tensor:
    return x.detach().norm(dim=-1).nan_to_num().mean()
