"""How a trial went, drawn again for people: its states, by the policy's first camera, with more pixels and without noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from runtime.bound.source import HiddenSite
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Eye
from runtime.sim.site.install import install
from runtime.sim.trials.run import SEEN
from runtime.sim.trials.trial import Trial
from runtime.sim.twin.twin import Embedded, Twin, read_surroundings, splat_behind
from runtime.store.manifest import read_manifest

LARGE_PX = 480
"""Width of a picture for people."""


def seen_large(trial: Trial, eye: Eye, every: int) -> np.ndarray:
    """Every so many steps of a trial, and its end, as an eye sees them without noise: u8 [T, H, W, 3]."""
    data, sensor = mujoco.MjData(eye.model), replace(eye.look.sensor, noise_sd=0.0)
    frames = []
    for state in [*trial.states[:-1:every], trial.states[-1]]:
        mujoco.mj_setState(eye.model, data, state, SEEN)
        mujoco.mj_kinematics(eye.model, data)
        frames.append(sensor.expose(eye.light(data), np.random.default_rng(0)))
    return np.stack(frames)


def large_at_site(site: HiddenSite, twin: Twin) -> Eye:
    """The first camera as it is installed at the site."""
    first = replace(twin, cameras=[widened(twin.cameras[0])])
    return install(site, first, samples=1).eyes[first.cameras[0].name]


def large_in_twin(model: Model, twin: Twin, folder: Path, scene: Path) -> Eye | None:
    """The first camera over the twin's splat, which is drawn anew; None where `scene` holds another splat than the twin is of."""
    if f"{scene.parent.name}/{scene.name}" not in read_manifest(folder)["parents"].get("scene", []):
        return None
    camera, behind = widened(twin.cameras[0]), splat_behind(Embedded(), read_surroundings(scene, folder), twin)
    return Eye(model, camera, behind if camera.on else behind(camera), twin.look, twin.samples)


def widened(camera: Camera) -> Camera:
    """The same camera with as many pixels as people need."""
    return camera.resized(LARGE_PX, round(camera.height * LARGE_PX / camera.width))
