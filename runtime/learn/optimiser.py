"""AdamW through torch's functional form.

Constructing `torch.optim.AdamW` imports torch's compiler (`torch._dynamo`, sympy): 4 s of CPU in torch 2.11, as much as
150 training steps of the small policy. The update itself is torch's own.
"""

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor
from torch.optim.adamw import adamw

_adamw = partial(adamw, foreach=False, fused=True, amsgrad=False, beta1=0.9, beta2=0.999, eps=1e-8, maximize=False)


class AdamW:
    """Decoupled weight decay (Loshchilov and Hutter, 2019) with gradients clipped to a global norm."""

    def __init__(self, parameters: Iterable[Tensor], weight_decay: float = 1e-4, clip_norm: float = 10.0) -> None:
        self.parameters = [p for p in parameters if p.requires_grad]
        self._decay, self._clip = weight_decay, clip_norm
        self._mean = [torch.zeros_like(p) for p in self.parameters]
        self._square = [torch.zeros_like(p) for p in self.parameters]
        self._steps = [torch.zeros(()) for _ in self.parameters]

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update at learning rate `rate`; parameters without a gradient stay."""
        live = [i for i, p in enumerate(self.parameters) if p.grad is not None]
        kept = (self.parameters, self._mean, self._square, self._steps)
        params, mean, square, steps = ([values[i] for i in live] for values in kept)
        grads = [p.grad for p in params if p.grad is not None]
        norm = float(torch.stack([grad.norm() for grad in grads]).norm())
        if norm > self._clip:
            torch._foreach_mul_(grads, self._clip / norm)
        _adamw(params, grads, mean, square, [], steps, lr=rate, weight_decay=self._decay)
