"""Pixels without GL: rays on solids, Lambert light from a lamp, shadows by rays from the lamp.

One call casts all rays from one point, so both a camera and a lamp (a point light) cost one call each.
"""

from dataclasses import dataclass, replace

import numpy as np

from runtime.sim.parts.mj import Data, Model
from runtime.sim.pixels.solids import SHADOW_END, Solids


@dataclass(frozen=True)
class Lamp:
    """A point light: `position_m` [3]; `rgb` its colour and strength; `ambient` light that comes from everywhere."""

    position_m: tuple[float, ...] = (0.3, 0.4, 1.8)
    rgb: tuple[float, ...] = (0.75, 0.75, 0.75)
    ambient: tuple[float, ...] = (0.38, 0.38, 0.38)

    def scaled(self, rgb: np.ndarray) -> "Lamp":
        """The same lamp with all its light multiplied by `rgb` [3]."""
        lamp, everywhere = ((np.array(light) * rgb).tolist() for light in (self.rgb, self.ambient))
        return replace(self, rgb=tuple(lamp), ambient=tuple(everywhere))


@dataclass(frozen=True)
class Hits:
    """What M rays met: geom ids (-1 none), range in units of the ray's own length (inf none), unit normals, colours."""

    geom: np.ndarray  # [M] int32
    range: np.ndarray  # [M] float64
    normal: np.ndarray  # [M, 3] float64
    paint: np.ndarray  # [M, 3] float64, colours of textures; nan where there is none


def cast(model: Model, data: Data, origin: np.ndarray, rays: np.ndarray, groups: tuple[int, ...], spacing: float = 0.0) -> Hits:
    """First hits of rays [M, 3] from `origin` [3] among the geoms of `groups`. Needs current geom places in `data`. `spacing` is
    the angle between neighbouring rays, for textures."""
    origin, rays = np.array(origin, np.float64), np.ascontiguousarray(rays, np.float64)
    return Hits(*Solids(model, groups).first(data, origin, rays, spacing))


def lit(model: Model, data: Data, lamp: Lamp, points: np.ndarray, groups: tuple[int, ...]) -> np.ndarray:
    """Whether the lamp sees each of `points` [M, 3] past the geoms of `groups`: bool [M]."""
    if len(points) == 0:
        return np.zeros(0, bool)
    origin = np.array(lamp.position_m)
    hits = cast(model, data, origin, points - origin, groups)
    return hits.range > SHADOW_END  # the point itself is at range 1


def lambert(lamp: Lamp, points: np.ndarray, normals: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Light [M, 3] that surfaces at `points` [M, 3] return per albedo: ambient, plus the lamp's share where `seen`."""
    toward = np.array(lamp.position_m) - points
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    slope = np.abs(np.einsum("mi,mi->m", toward, normals))  # both sides of a surface are alike
    return np.array(lamp.ambient) + np.array(lamp.rgb) * (slope * seen)[:, None]
