"""What the robot's camera sees: the foreground by ray casting over a backdrop by depth, and the shadow it casts."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from runtime.sim.parts.mj import Data, Model
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.pixels.solids import PIXEL_RADIUS, Arrays, Solids, colors

GROUPS = (FOREGROUND_GROUP,)

type Behind = Backdrop | Callable[[Camera], Backdrop]
"""What a camera sees of all that never moves: of one that is mounted, from wherever it is."""


@dataclass(frozen=True)
class Look:
    """How a scene looks at one time: its lamp, its sensor, and the colour of robot and objects over the nominal one."""

    lamp: Lamp = field(default_factory=Lamp)
    sensor: Sensor = field(default_factory=Sensor)
    color_gain: tuple[float, ...] = (1.0, 1.0, 1.0)


def where_now(camera: Camera, model: Model, data: Data) -> Camera:
    """The camera in the frame of the scene: one that is mounted moves with its body."""
    if camera.on is None:
        return camera
    body, pose = model.body(camera.on).id, np.eye(4)
    pose[:3, :3], pose[:3, 3] = data.xmat[body].reshape(3, 3), data.xpos[body]
    return replace(camera, on=None, c2w=pose @ camera.c2w)


class Eye:
    """One camera of one scene. `samples` by `samples` rays per pixel smooth the foreground's edges."""

    def __init__(self, model: Model, camera: Camera, behind: Behind, look: Look, samples: int = 2) -> None:
        self.model, self.camera, self.behind, self.look, self.samples = model, camera, behind, look, samples
        self._solids = Solids(model, GROUPS)
        self._light_up(look)
        self._aimed = self._aim(camera, behind) if isinstance(behind, Backdrop) else None

    def _light_up(self, look: Look) -> None:
        self._albedo = np.clip(colors(self.model)[self._solids.geoms, :3] * np.array(look.color_gain), 0, 1).astype(np.float64)
        self._lamp = tuple(np.array(light, np.float64) for light in (look.lamp.position_m, look.lamp.rgb, look.lamp.ambient))

    def under(self, look: Look, gain: np.ndarray) -> "Eye":
        """The same camera at the same place under another look; `gain` [3] multiplies the light of what is behind. What hangs on
        the place alone is shared."""
        eye = copy(self)
        eye.look, behind = look, self.behind
        eye.behind = behind.scaled(gain) if isinstance(behind, Backdrop) else lambda camera: behind(camera).scaled(gain)
        eye._light_up(look)
        if self._aimed is not None:
            view, (lit, shaded, *there) = self._aimed
            by = np.asarray(gain, np.float32)
            eye._aimed = view, (lit * by, shaded * by, *there)
        return eye

    def _aim(self, camera: Camera, backdrop: Backdrop) -> tuple[Arrays, Arrays]:
        """The rays of a camera, and what is behind."""
        pixels, samples = camera.height * camera.width, self.samples
        fine = camera.rays(samples).reshape(camera.height, samples, camera.width, samples, 3)
        fine = fine.transpose(0, 2, 1, 3, 4).reshape(pixels, samples * samples, 3)
        coarse = camera.rays().reshape(pixels, 3)
        units = coarse / np.linalg.norm(coarse, axis=1, keepdims=True)
        depth = backdrop.depth_m.reshape(pixels)
        ground = camera.position + coarse * np.where(np.isfinite(depth), depth, 0.0)[:, None]
        lit, shaded = (np.ascontiguousarray(light.reshape(pixels, 3)) for light in (backdrop.rgb, backdrop.shaded))
        return (np.array(camera.position), units, fine, np.array([PIXEL_RADIUS / camera.focal_px])), (lit, shaded, depth, ground)

    def light(self, data: Data) -> np.ndarray:
        """Light [H, W, 3] float32 that arrives at the camera; needs current geom places in `data`."""
        if self._aimed is None:
            assert not isinstance(self.behind, Backdrop)
            camera = where_now(self.camera, self.model, data)
            view, behind = self._aim(camera, self.behind(camera))
        else:
            view, behind = self._aimed
        image = self._solids.draw(data, self._albedo, view, self._lamp, behind)
        return image.reshape(self.camera.height, self.camera.width, 3)

    def see(self, data: Data, rng: np.random.Generator) -> np.ndarray:
        """The camera's picture u8 [H, W, 3]."""
        return self.look.sensor.expose(self.light(data), rng)
