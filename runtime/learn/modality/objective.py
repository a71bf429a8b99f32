"""What `small_world` learns by: actions by flow matching, the Prophet's latents, and those that its own features foretell."""

from dataclasses import dataclass

import torch
from torch import Tensor

from runtime.learn.modality.modality import Mode, Window
from runtime.learn.modality.network import FlowNet


@dataclass(frozen=True)
class Flow:
    """Of a batch: squared error of each step [B, chunk], 0 where it is padding, and which are `real`; keypoints of each camera;
    features [B, H]; what the memory came to."""

    error: Tensor
    real: Tensor
    keypoints: list[Tensor]
    features: Tensor
    found: dict[str, Tensor]

    @property
    def loss(self) -> Tensor:
        """Mean over steps that are real."""
        return self.error.sum() / self.real.sum().clamp_min(1)

    def with_world(
        self, net: FlowNet, loss: Tensor, window: Window, mode: Mode, weight: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """A loss with the Prophet's and `weight` times the auxiliary one, and what was found of them."""
        assert net.world is not None
        found = self.found
        if mode != "none":
            loss = loss + found["world_loss"]
        if weight:
            auxiliary, cosine = net.world.auxiliary(self.features, window)
            loss = loss + weight * auxiliary
            if mode == "none":  # the Prophet is not trained then: what foretells is the policy itself
                found = found | {"world_loss": auxiliary, "world_cos": cosine}
        return loss, found


def flowed(
    net: FlowNet,
    batch: tuple[list[Tensor], Tensor, Tensor, Tensor],
    window: Window | None,
    mode: Mode,
    luck: torch.Generator | None = None,
) -> Flow:
    """Noisy actions of a batch, and what the policy says of them.

    Args:
        net: the policy.
        batch: normalised images, each [B, 3, H, W], state [B, D], actions [B, chunk, A] and which of them are padding.
        window: latents around each observation; None where the policy has no Prophet.
        mode: what is remembered.
        luck: of noise and times; torch's own by default.
    """
    images, state, action, pad = batch
    if state.shape[-1] == action.shape[-1]:
        action = action - state[:, None]
    noise = torch.randn(action.shape, generator=luck)
    time = torch.rand(len(action), generator=luck) * 0.999 + 0.001
    noisy = time[:, None, None] * noise + (1 - time[:, None, None]) * action
    seen, features = net.look(images, state)
    found = net.world.remember(window, mode) if net.world is not None and window is not None else {}
    error = ((net.velocity(features, noisy, time) - (noise - action)) ** 2).mean(-1)
    if net.world is not None:
        net.world.forget()
    real = (~pad).to(error.dtype)
    return Flow(error * real, real, seen, features, found)
