"""Gaussians as a page holds them: positions in float32, all else in float16, column by column, in base64."""

import base64
from dataclasses import dataclass

import numpy as np

from runtime.splat.gaussians import Gaussians
from runtime.splat.model import logit

MOST = 400_000
"""Gaussians that a page holds unless more are asked for: about 66 MB at degree 3."""


@dataclass(frozen=True)
class Packed:
    """A splat for a page."""

    total: int
    shown: int
    columns: list[tuple[str, int]]  # name as in a PLY, and bytes of a value
    base64: str


def pack(gaussians: Gaussians, most: int) -> Packed:
    """The splat, or where it has more Gaussians than `most` those of most opacity times area, in their order."""
    total = len(gaussians)
    if total > most:
        a, b, c = gaussians.scales.T
        weight = gaussians.opacities * np.maximum(np.maximum(a * b, b * c), a * c)
        gaussians = gaussians.select(np.sort(np.argpartition(-weight, most - 1)[:most]))
    quats = gaussians.quats / np.linalg.norm(gaussians.quats, axis=1, keepdims=True)
    log_scales = np.log(np.maximum(gaussians.scales, 1e-12))
    rest = gaussians.sh[:, 1:].transpose(0, 2, 1).reshape(len(gaussians), -1)  # stored channel by channel
    parts: dict[str, np.ndarray] = {"xyz"[i]: gaussians.means[:, i] for i in range(3)}
    parts |= {f"scale_{i}": log_scales[:, i] for i in range(3)} | {f"rot_{i}": quats[:, i] for i in range(4)}
    parts |= {"opacity": logit(gaussians.opacities)} | {f"f_dc_{i}": gaussians.sh[:, 0, i] for i in range(3)}
    parts |= {f"f_rest_{i}": column for i, column in enumerate(rest.T)}
    stored = {name: column.astype("<f4" if name in "xyz" else "<f2") for name, column in parts.items()}
    content = base64.b64encode(b"".join(column.tobytes() for column in stored.values())).decode()
    return Packed(total, len(gaussians), [(name, column.itemsize) for name, column in stored.items()], content)
