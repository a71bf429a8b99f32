"""A linear layer of every member of an ensemble."""

import torch
from torch import Tensor, nn


class Each(nn.Module):
    """A linear layer of every member: [M, B, I] -> [M, B, O]."""

    def __init__(self, members: int, inputs: int, outputs: int, scale: float = 1.0) -> None:
        super().__init__()
        bound = scale / inputs**0.5
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return torch.baddbmm(self.bias, x, self.weight)
