"""What the robot's camera sees: the foreground by ray casting over a backdrop by depth, and the shadow it casts."""

from dataclasses import dataclass, field

import numpy as np

from runtime.sim.parts.mj import Data, Model
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.pixels.solids import Solids, colors

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
        pixels = camera.height * camera.width
        fine = camera.rays(samples).reshape(camera.height, samples, camera.width, samples, 3)
        fine = fine.transpose(0, 2, 1, 3, 4).reshape(pixels, samples * samples, 3)
        coarse = camera.rays().reshape(pixels, 3)
        units = coarse / np.linalg.norm(coarse, axis=1, keepdims=True)
        self._solids = Solids(model, GROUPS)
        self._albedo = np.clip(colors(model)[self._solids.geoms, :3] * np.array(look.color_gain), 0, 1).astype(np.float64)
        self._view = np.array(camera.position), units, fine, np.array([0.75 / camera.focal_px])
        self._lamp = tuple(np.array(light, np.float64) for light in (look.lamp.position_m, look.lamp.rgb, look.lamp.ambient))
        depth = backdrop.depth_m.reshape(pixels)
        ground = camera.position + coarse * np.where(np.isfinite(depth), depth, 0.0)[:, None]
        lit, shaded = (np.ascontiguousarray(light.reshape(pixels, 3)) for light in (backdrop.rgb, backdrop.shaded))
        self._behind = lit, shaded, depth, ground

    def light(self, data: Data) -> np.ndarray:
        """Light [H, W, 3] float32 that arrives at the camera; needs current geom places in `data`."""
        image = self._solids.draw(data, self._albedo, self._view, self._lamp, self._behind)
        return image.reshape(self.camera.height, self.camera.width, 3)

    def see(self, data: Data, rng: np.random.Generator) -> np.ndarray:
        """The camera's picture u8 [H, W, 3]."""
        return self.look.sensor.expose(self.light(data), rng)
