"""Procedural surfaces: colour as a function of the place on a solid, for sites that must look like somewhere."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Pattern = Literal["plain", "grain", "tiles", "speckle", "checker", "stripes", "cloth"]


@dataclass(frozen=True)
class Material:
    """Two colours and how they mix. `scale_m` is the size of the pattern's feature."""

    rgb: tuple[float, ...]
    other: tuple[float, ...]
    pattern: Pattern = "plain"
    scale_m: float = 0.05
    seed: int = 0


def _hash01(ix: np.ndarray, iy: np.ndarray, seed: int) -> np.ndarray:
    """A fixed pseudo-random value in 0..1 for each lattice point (integer mixing, no state)."""
    h = ix.astype(np.uint32) * np.uint32(0x9E3779B1) ^ iy.astype(np.uint32) * np.uint32(0x85EBCA77)
    h ^= np.uint32((seed * 0xC2B2AE3D) & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0x297A2D39)
    return ((h ^ (h >> np.uint32(16))) >> np.uint32(8)).astype(np.float64) / 2**24


def value_noise(u: np.ndarray, v: np.ndarray, seed: int) -> np.ndarray:
    """Smooth noise in 0..1 with features of size one."""
    iu, iv = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    fu, fv = u - iu, v - iv
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    corner = [[_hash01(iu + i, iv + j, seed) for j in (0, 1)] for i in (0, 1)]
    low = corner[0][0] * (1 - fv) + corner[0][1] * fv
    high = corner[1][0] * (1 - fv) + corner[1][1] * fv
    return low * (1 - fu) + high * fu


def pattern_share(material: Material, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Share of the other colour at (u, v) metres, 0..1."""
    a, b, seed = u / material.scale_m, v / material.scale_m, material.seed
    match material.pattern:
        case "plain":
            return 0.15 * value_noise(a, b, seed)
        case "grain":  # long fibres along u, boards across v
            board = _hash01(np.floor(b / 3).astype(np.int64), np.zeros(len(b), np.int64), seed)
            fibre = value_noise(a * 0.25 + 7 * board, b * 4, seed + 1)
            return np.clip(0.55 * fibre + 0.45 * board - 0.25 * (np.abs(b / 3 % 1 - 0.5) > 0.47), 0, 1)
        case "tiles":
            joint = (np.abs(a % 1 - 0.5) > 0.46) | (np.abs(b % 1 - 0.5) > 0.46)
            shade = 0.5 * _hash01(np.floor(a).astype(np.int64), np.floor(b).astype(np.int64), seed)
            return np.where(joint, 1.0, shade)
        case "speckle":
            return 0.6 * (value_noise(a, b, seed) > 0.62) + 0.4 * value_noise(2.3 * a, 2.3 * b, seed + 1)
        case "checker":
            return ((np.floor(a) + np.floor(b)) % 2) * 0.9 + 0.1 * value_noise(a, b, seed)
        case "stripes":
            return (np.sin(2 * np.pi * a) > 0) * 0.85 + 0.15 * value_noise(a, b, seed)
        case "cloth":
            return 0.5 * value_noise(a, b, seed) + 0.5 * value_noise(3 * a, 3 * b, seed + 1)


def albedo(material: Material, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Colour [M, 3] in 0..1 at `points` [M, 3] (metres), on the plane that each normal [M, 3] is most square to."""
    axis = np.argmax(np.abs(normals), axis=1)
    u = np.where(axis == 0, points[:, 1], points[:, 0])
    v = np.where(axis == 2, points[:, 1], points[:, 2])
    share = pattern_share(material, u, v)[:, None]
    return np.array(material.rgb) * (1 - share) + np.array(material.other) * share
