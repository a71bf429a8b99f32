"""Backdrops: what a camera sees of everything that never moves, computed once and reused for every frame."""

from dataclasses import dataclass, replace

import numpy as np

from runtime.sim.parts.mj import Data, Model
from runtime.sim.parts.solid import SITE_GROUP
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.raycast import Lamp, cast, lambert, lit
from runtime.sim.pixels.texture import Material, albedo


@dataclass(frozen=True)
class Backdrop:
    """Light (1 is white) with the lamp and in the foreground's shadow, and z-depth in metres (inf: nothing there)."""

    rgb: np.ndarray  # [H, W, 3] float32
    shaded: np.ndarray  # [H, W, 3] float32
    depth_m: np.ndarray  # [H, W] float32

    def scaled(self, gain: np.ndarray) -> "Backdrop":
        """The same backdrop with its light multiplied by `gain`, [3] or [H, W, 3]."""
        gain = np.asarray(gain, np.float32)
        return replace(self, rgb=self.rgb * gain, shaded=self.shaded * gain)


def _pool(image: np.ndarray, samples: int) -> np.ndarray:
    """Mean over s by s blocks: [H*s, W*s, C] to [H, W, C]."""
    h, w, c = image.shape
    return image.reshape(h // samples, samples, w // samples, samples, c).mean(axis=(1, 3))


def site_backdrop(
    model: Model,
    data: Data,
    materials: dict[str, Material],
    camera: Camera,
    lamp: Lamp,
    samples: int = 2,
    to_site: np.ndarray | None = None,
    sky: tuple[float, float, float] = (0.75, 0.78, 0.8),
) -> Backdrop:
    """Cast the site's statics. `to_site` [4, 4] maps the model's frame to the site's, in which textures are laid."""
    rays = camera.rays(samples).reshape(-1, 3)
    hits = cast(model, data, camera.position, rays, (SITE_GROUP,), 1 / camera.focal_px / samples)
    met = hits.geom >= 0
    points = camera.position + rays[met] * hits.range[met, None]
    normals = hits.normal[met]
    turn = np.eye(4) if to_site is None else to_site
    local, local_normals = points @ turn[:3, :3].T + turn[:3, 3], normals @ turn[:3, :3].T
    colors = hits.paint[met]
    for geom in np.unique(hits.geom[met][np.isnan(colors[:, 0])]):
        here = hits.geom[met] == geom
        colors[here] = albedo(materials[model.geom(int(geom)).name], local[here], local_normals[here])
    seen = lit(model, data, lamp, points, (SITE_GROUP,))
    rgb, shaded = (np.tile(np.array(sky) * lamp.ambient, (len(rays), 1)) for _ in range(2))
    rgb[met] = colors * lambert(lamp, points, normals, seen)
    shaded[met] = colors * np.array(lamp.ambient)
    size = (camera.height * samples, camera.width * samples, 3)
    depth = np.where(met, hits.range, np.inf).reshape(size[:2])
    middle = samples // 2  # depth does not average: take one sample
    return Backdrop(
        _pool(rgb.reshape(size), samples).astype(np.float32),
        _pool(shaded.reshape(size), samples).astype(np.float32),
        depth[middle::samples, middle::samples].astype(np.float32),
    )
