"""A set of 3D Gaussians as plain float32 arrays."""

from dataclasses import dataclass, fields

import numpy as np

SH_C0 = 0.28209479177387814
"""The constant basis function of the real spherical harmonics: 1 / (2 sqrt(pi))."""


@dataclass(frozen=True)
class Gaussians:
    """3D Gaussians with activated values (not logarithms or logits), all float32.

    Colour is spherical harmonics: RGB = max(0.5 + sum_k Y_k(direction) sh[:, k], 0), as in the original 3DGS.
    """

    means: np.ndarray  # [N, 3] centres, scene units
    quats: np.ndarray  # [N, 4] wxyz, any length above zero
    scales: np.ndarray  # [N, 3] standard deviations along the rotated axes, scene units
    opacities: np.ndarray  # [N] in 0..1
    sh: np.ndarray  # [N, K, 3], K = (degree + 1) ** 2

    def __post_init__(self) -> None:
        """Bring every array to C order and float32; raises ValueError when shapes disagree."""
        for f in fields(self):
            object.__setattr__(self, f.name, np.require(getattr(self, f.name), np.float32, ["C", "W"]))
        n = len(self.means)
        shapes = [self.means.shape, self.quats.shape, self.scales.shape, self.opacities.shape]
        if shapes != [(n, 3), (n, 4), (n, 3), (n,)] or self.sh.shape[:1] + self.sh.shape[2:] != (n, 3):
            raise ValueError(f"shapes disagree: {shapes} and sh {self.sh.shape}")
        if self.sh.shape[1] not in (1, 4, 9, 16):
            raise ValueError(f"{self.sh.shape[1]} spherical harmonics are of no degree in 0..3")

    def __len__(self) -> int:
        return len(self.means)

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics, 0..3."""
        return round(self.sh.shape[1] ** 0.5) - 1

    def select(self, index: np.ndarray) -> "Gaussians":
        """The Gaussians at `index` (integers or a mask)."""
        return Gaussians(*(getattr(self, f.name)[index] for f in fields(self)))

    @staticmethod
    def concatenate(parts: "list[Gaussians]") -> "Gaussians":
        """All parts as one set; they must have the same degree."""
        return Gaussians(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Gaussians)))


def rgb_to_sh(rgb: np.ndarray) -> np.ndarray:
    """Colours [..., 3] in 0..1 -> degree-0 coefficients [..., 3]."""
    return (np.asarray(rgb, np.float32) - 0.5) / SH_C0
