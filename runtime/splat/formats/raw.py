"""Gaussians as a file holds them, before it is known whether its numbers are numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.splat.gaussians import Gaussians
from runtime.splat.ply_header import LARGEST_LOG_SCALE, bad_ply, overflow

_QUAT_LENGTHS = 1e-12, 1e12
"""Lengths whose squares are safe in float32; quaternions of others are brought to length 1."""


@dataclass(frozen=True)
class Raw:
    """Columns of a splat file. Scales are logarithms, opacities logits (both may be infinite), degrees as in `Gaussians`."""

    means: np.ndarray  # [N, 3]
    quats: np.ndarray  # [N, 4] wxyz
    log_scales: np.ndarray  # [N, 3]
    logits: np.ndarray  # [N]
    sh: np.ndarray  # [N, K, 3]

    def sound(self, path: Path) -> tuple[Gaussians, int]:
        """Those Gaussians whose values are all numbers, and how many are left out. A logit may be infinite: +inf is opaque,
        -inf invisible; so may a log scale below: -inf is flat.

        Raises:
            InputError: R215 when no Gaussian is left, or the size of one overflows.
        """
        good = np.isfinite(self.means).all(1) & np.isfinite(self.quats).all(1) & np.isfinite(self.sh).all((1, 2))
        good &= ~np.isnan(self.log_scales).any(1) & ~np.isnan(self.logits)
        left_out = int((~good).sum())
        if left_out == len(good):
            raise bad_ply(path, "holds no Gaussian whose values are all finite", "export the splat again")
        log_scales, quats = self.log_scales[good], self.quats[good]
        if (log_scales > LARGEST_LOG_SCALE).any():
            raise overflow(path)
        length = np.linalg.norm(quats.astype(np.float64), axis=1)
        quats[length == 0] = (1, 0, 0, 0)
        odd = (length > 0) & ((length < _QUAT_LENGTHS[0]) | (length > _QUAT_LENGTHS[1]))
        quats[odd] = quats[odd].astype(np.float64) / length[odd, None]
        with np.errstate(over="ignore"):
            opacities = 1 / (1 + np.exp(-self.logits[good]))
        return Gaussians(self.means[good], quats, np.exp(log_scales), opacities, self.sh[good]), left_out
