"""What the robot's camera sees: the foreground by ray casting over a backdrop by depth, and the shadow it casts."""

from dataclasses import dataclass, field

import numpy as np

from runtime.sim.parts.mj import Data, Model
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.raycast import Lamp, cast, lambert, lit
from runtime.sim.pixels.sensor import Sensor

GROUPS = (FOREGROUND_GROUP,)


@dataclass(frozen=True)
class Look:
    """How a scene looks at one time: its lamp, its sensor, and the colour of robot and objects over the nominal one."""

    lamp: Lamp = field(default_factory=Lamp)
    sensor: Sensor = field(default_factory=Sensor)
    color_gain: tuple[float, ...] = (1.0, 1.0, 1.0)


class Eye:
    """One camera of one scene. `samples` by `samples` rays per pixel smooth the foreground's edges."""

    def __init__(self, model: Model, camera: Camera, backdrop: Backdrop, look: Look, samples: int = 2) -> None:
        self.model, self.camera, self.backdrop, self.look = model, camera, backdrop, look
        self._samples = samples
        pixels = camera.height * camera.width
        fine = camera.rays(samples).reshape(camera.height, samples, camera.width, samples, 3)
        self._fine = fine.transpose(0, 2, 1, 3, 4).reshape(pixels, samples * samples, 3)  # [P, S, 3]
        coarse = camera.rays().reshape(pixels, 3)
        length = np.linalg.norm(coarse, axis=1, keepdims=True)
        self._unit = coarse / length
        self._half_pixel_rad = 0.75 / camera.focal_px
        self._geoms = np.flatnonzero(model.geom_group == FOREGROUND_GROUP)
        self._radii = model.geom_rbound[self._geoms]
        self._colors = np.clip(model.geom_rgba[:, :3] * np.array(look.color_gain), 0, 1)
        self._depth = backdrop.depth_m.reshape(pixels)
        self._lit, self._shaded = backdrop.rgb.reshape(pixels, 3), backdrop.shaded.reshape(pixels, 3)
        self._there = np.flatnonzero(np.isfinite(self._depth))
        self._ground = camera.position + coarse[self._there] * self._depth[self._there, None]

    def light(self, data: Data) -> np.ndarray:
        """Light [H, W, 3] float32 that arrives at the camera; needs current geom places in `data`."""
        image = self._lit.copy()
        shadow = self._there[~self._sees_lamp(data)]
        image[shadow] = self._shaded[shadow]
        near = self._candidates(data)
        if len(near):
            image[near] = self._foreground(data, near, image[near])
        return image.reshape(self.camera.height, self.camera.width, 3)

    def see(self, data: Data, rng: np.random.Generator) -> np.ndarray:
        """The camera's picture u8 [H, W, 3]."""
        return self.look.sensor.expose(self.light(data), rng)

    def _sees_lamp(self, data: Data) -> np.ndarray:
        """Which of the backdrop's points the foreground leaves lit; only those near its shadow cone are cast."""
        lamp = np.array(self.look.lamp.position_m)
        toward = self._ground - lamp
        seen = np.ones(len(toward), bool)
        centers = data.geom_xpos[self._geoms]
        middle = centers.mean(0)
        radius = float((np.linalg.norm(centers - middle, axis=1) + self._radii).max())
        axis = middle - lamp
        away = float(np.linalg.norm(axis))
        if away > radius:
            cosine = toward @ axis / (np.linalg.norm(toward, axis=1) * away)
            near = np.flatnonzero(cosine > np.sqrt(1 - (radius / away) ** 2))
        else:
            near = np.arange(len(toward))
        seen[near] = lit(self.model, data, self.look.lamp, self._ground[near], GROUPS)
        return seen

    def _candidates(self, data: Data) -> np.ndarray:
        """Pixels whose ray passes the bounding sphere of any foreground geom."""
        toward = data.geom_xpos[self._geoms] - self.camera.position
        away = np.linalg.norm(toward, axis=1)
        angle = np.arcsin(np.clip(self._radii / np.maximum(away, 1e-9), 0, 1)) + self._half_pixel_rad
        inside = self._unit @ (toward / away[:, None]).T > np.cos(angle)
        return np.flatnonzero(inside.any(axis=1))

    def _foreground(self, data: Data, pixels: np.ndarray, behind: np.ndarray) -> np.ndarray:
        """Colours [P, 3] of `pixels` [P] with the foreground in front of `behind` [P, 3]."""
        rays = self._fine[pixels].reshape(-1, 3)
        hits = cast(self.model, data, self.camera.position, rays, GROUPS)
        per_pixel = self._samples**2
        front = np.flatnonzero(hits.range < np.repeat(self._depth[pixels], per_pixel))
        color = np.repeat(behind, per_pixel, axis=0)
        if len(front):
            points = self.camera.position + rays[front] * hits.range[front, None]
            normals = hits.normal[front]
            # start shadow rays a little above the surface, or a surface shades itself
            seen = lit(self.model, data, self.look.lamp, points + normals * 1e-3, GROUPS)
            color[front] = self._colors[hits.geom[front]] * lambert(self.look.lamp, points, normals, seen)
        return color.reshape(len(pixels), per_pixel, 3).mean(axis=1)
