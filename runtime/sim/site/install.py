"""Install the robot at a hidden site, where its twin said, as well as people manage: only for trials in `irl_proxy`."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.source import HiddenSite
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.pixels.backdrop import Backdrop, site_backdrop
from runtime.sim.pixels.camera import Camera, rotation
from runtime.sim.pixels.eye import Eye, Look
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.scene.scene import build_scene
from runtime.sim.site.clutter import trial_clutter
from runtime.sim.site.place import camera_optics, hidden_place
from runtime.sim.twin.twin import Twin


@dataclass(frozen=True)
class Installed:
    """The real thing: its scene, its physics and what its cameras see; and how wrong the twin was about the support."""

    model: Model
    physics: Physics
    eyes: dict[str, Eye]
    support_height_error_m: float
    support_tilt_deg: float


def base_in_site(twin: Twin, world_from_site: np.ndarray) -> np.ndarray:
    """Where the twin says that the robot's base stands, rigid [4, 4] in the site frame (not yet put on the table)."""
    site_from_base = np.linalg.inv(world_from_site) @ np.linalg.inv(twin.splat_to_twin)
    rigid = site_from_base.copy()
    rigid[:3, :3] /= np.cbrt(np.linalg.det(site_from_base[:3, :3]))
    return rigid


def install(site: HiddenSite, twin: Twin, samples: int = 2) -> Installed:
    """The hidden site with robot and task objects. The robot stands upright on the true table at the twin's place and
    heading; camera, mount and servos are off by what the site's gap says.
    What stands still is drawn with `samples` by `samples` rays a pixel.
    """
    place = hidden_place(site)
    intended = base_in_site(twin, place.world_from_site)
    yaw = float(np.arctan2(intended[1, 0], intended[0, 0]))
    site_from_base = np.eye(4)
    site_from_base[:3, :3] = rotation(np.array((0.0, 0.0, yaw)))
    site_from_base[:2, 3] = intended[:2, 3]
    base_from_site = np.linalg.inv(site_from_base)

    scene = build_scene(twin.task, place.physics, place.solids, SITE_GROUP, base_from_site, twin.robot)
    since, materials = trial_clutter(site, twin.task, place.clutter, scene)
    add_solids(scene, since, SITE_GROUP, place.physics.friction)
    model = scene.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    position = base_from_site[:3, :3] @ np.array(place.trial_lamp.position_m) + base_from_site[:3, 3]
    lamp = Lamp(tuple(position.tolist()), place.trial_lamp.rgb, place.trial_lamp.ambient)
    eyes = {}

    def behind(camera: Camera) -> Backdrop:
        return site_backdrop(model, data, place.materials | materials, camera, lamp, samples, site_from_base)

    for camera in twin.cameras:
        sensor, shift_m, turn_rad = camera_optics(site, camera.name)
        true = camera.moved(shift_m, turn_rad)
        look = Look(lamp, sensor, tuple(place.color_gain.tolist()))
        eyes[camera.name] = Eye(model, true, behind if true.on else behind(true), look, twin.samples)
    tilt = float(np.degrees(np.arccos(np.clip(intended[2, 2], -1, 1))))
    return Installed(model, place.physics, eyes, float(intended[2, 3]), tilt)
