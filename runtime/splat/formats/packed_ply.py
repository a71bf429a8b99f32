"""PlayCanvas's compressed PLY: four words a Gaussian, told by the bounds of its chunk of 256.

Precision: of a chunk's bounds 1/2047 (x, z) and 1/1023 (y) in position and log scale, 1/255 in colour and opacity, 1/64 in
`f_rest`, 0.0014 in a component of the quaternion.
Source: github.com/playcanvas/splat-transform, src/lib/readers/decompress-ply.ts.
"""

import numpy as np

from runtime.splat.formats.raw import Raw
from runtime.splat.gaussians import SH_C0
from runtime.splat.ply_header import CHUNK_ROWS

Columns = dict[str, np.ndarray]


def unpack(vertex: Columns, chunk: Columns, rest: np.ndarray) -> Raw:
    """Gaussians of packed words (columns [N] uint32), their chunks' bounds (columns [ceil(N / 256)] float32) and the bytes of
    their `f_rest` [N, R, 3]."""
    of = np.arange(len(vertex["packed_position"])) // CHUNK_ROWS

    def between(values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        low, high = (np.stack([chunk[f"{end}_{name}"] for name in names], axis=1)[of] for end in ("min", "max"))
        with np.errstate(over="ignore", invalid="ignore"):  # bounds need not be finite
            return low * (1 - values) + high * values

    color = np.stack([_unit(vertex["packed_color"], shift, 8) for shift in (24, 16, 8)], axis=1)
    if "min_r" in chunk:
        color = between(color, ("r", "g", "b"))
    opacity = _unit(vertex["packed_color"], 0, 8)
    byte = rest.astype(np.float32)
    shading = (np.where(rest == 0, 0, np.where(rest == 255, 1, (byte + 0.5) / 256)) - 0.5) * 8
    with np.errstate(divide="ignore"):
        logits = np.log(opacity) - np.log1p(-opacity)
    return Raw(
        means=between(_three(vertex["packed_position"]), ("x", "y", "z")),
        quats=smallest_three(*_rotation(vertex["packed_rotation"])),
        log_scales=between(_three(vertex["packed_scale"]), ("scale_x", "scale_y", "scale_z")),
        logits=logits,
        sh=np.concatenate([((color - 0.5) / SH_C0)[:, None], shading], axis=1),
    )


def smallest_three(largest: np.ndarray, three: np.ndarray) -> np.ndarray:
    """Unit quaternions [N, 4] whose component `largest` [N] is left out and not negative; the others are `three` [N, 3]."""
    quats = np.empty((len(three), 4), np.float32)
    missing = np.sqrt(np.maximum(0, 1 - (three**2).sum(1)))
    for place in range(4):
        rows = largest == place
        quats[rows] = np.insert(three[rows], place, missing[rows], axis=1)
    return quats


def _rotation(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    three = np.stack([(_unit(words, shift, 10) - 0.5) * np.float32(2**0.5) for shift in (20, 10, 0)], axis=1)
    return words >> 30, three


def _three(words: np.ndarray) -> np.ndarray:
    return np.stack([_unit(words, 21, 11), _unit(words, 11, 10), _unit(words, 0, 11)], axis=1)


def _unit(words: np.ndarray, shift: int, bits: int) -> np.ndarray:
    """Bits of words as numbers in 0..1."""
    most = (1 << bits) - 1
    return ((words >> shift) & most).astype(np.float32) / np.float32(most)
