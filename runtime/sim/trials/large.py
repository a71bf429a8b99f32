"""How a trial ended, drawn again for people: by the policy's first camera, with more pixels and without noise."""

from dataclasses import replace

import numpy as np
from PIL import Image

from runtime.bound.source import HiddenSite
from runtime.sim.parts.mj import mujoco
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Eye
from runtime.sim.site.install import install
from runtime.sim.trials.run import SEEN
from runtime.sim.trials.trial import Trial
from runtime.sim.twin.twin import Twin

LARGE_PX = 480
"""Width of a picture for people."""


def seen_large(trial: Trial, eye: Eye) -> np.ndarray:
    """The trial's last state as an eye sees it, without noise: u8 [H, W, 3]."""
    assert trial.last is not None
    data = mujoco.MjData(eye.model)
    mujoco.mj_setState(eye.model, data, trial.last, SEEN)
    mujoco.mj_kinematics(eye.model, data)
    return replace(eye.look.sensor, noise_sd=0.0).expose(eye.light(data), np.random.default_rng(0))


def large_at_site(site: HiddenSite, twin: Twin) -> Eye:
    """The first camera as it is installed at the site."""
    first = replace(twin, cameras=[widened(twin.cameras[0])])
    return install(site, first, samples=1).eyes[first.cameras[0].name]


def widened(camera: Camera) -> Camera:
    """The same camera with as many pixels as people need."""
    return camera.resized(LARGE_PX, round(camera.height * LARGE_PX / camera.width))


def enlarged(eye: Eye) -> Eye:
    """The same eye with as many pixels as people need; what stands still is only as sharp as it was."""
    camera, behind = widened(eye.camera), eye.behind
    if isinstance(behind, Backdrop):
        behind = _resized(behind, camera.width, camera.height)
    return Eye(eye.model, camera, behind, eye.look, eye.samples)


def _resized(behind: Backdrop, width: int, height: int) -> Backdrop:
    """A backdrop in another number of pixels, smoothly; depth keeps its edges where some of it is nowhere."""
    between = Image.Resampling.BILINEAR if np.isfinite(behind.depth_m).all() else Image.Resampling.NEAREST

    def grown(plane: np.ndarray, way: Image.Resampling) -> np.ndarray:
        return np.asarray(Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize((width, height), way))

    def light(lit: np.ndarray) -> np.ndarray:
        return np.stack([grown(lit[..., i], Image.Resampling.BICUBIC) for i in range(3)], axis=-1).clip(0)

    return Backdrop(light(behind.rgb), light(behind.shaded), grown(behind.depth_m, between))
