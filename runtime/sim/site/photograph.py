"""Photographs of a hidden site: all that a capture may know of it."""

from dataclasses import dataclass

import numpy as np

from runtime.bound.source import HiddenSite
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.pixels.backdrop import site_backdrop
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.site.place import hidden_place

PHOTO_FOV_Y_DEG = 52.0
PHOTO_WIDTH_PX = 320  # of the photographer's camera
PHOTO_NOISE_SD = 1.5  # 8-bit levels
POINT_NOISE_M = 0.002
POINTS_PER_PHOTO = 200
FINE_WIDTH_PX = 256  # wider photos are reduced by whoever uses them, and need no smoothing of their own
_PHOTO_STREAM = 11


@dataclass(frozen=True)
class Photos:
    """What a photographer brings home: metric, gravity-aligned, in world coordinates of no particular origin."""

    photos: np.ndarray  # [F, H, W, 3] u8
    c2w: np.ndarray  # [F, 4, 4] OpenCV camera-to-world
    K: np.ndarray  # [3, 3]
    xyz: np.ndarray  # [N, 3] f32 sparse points with noise
    rgb: np.ndarray  # [N, 3] u8
    obs_frame: np.ndarray  # [N] i32 photo that each point was seen in
    obs_uv: np.ndarray  # [N, 2] f32 pixels
    obs_depth: np.ndarray  # [N] f32 z-depth
    up: np.ndarray  # [3]


def _orbit(rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Camera poses [4, 4] in the site frame: walks round the table at several heights, looking at it."""
    poses = []
    for i in range(count):
        azimuth = 2 * np.pi * (i * 0.381966 + 0.02 * rng.standard_normal())  # golden angle: even at any count
        level = i % 4  # three orbits and one close look from above
        away = (1.05, 0.85, 0.65, 0.45)[level] * rng.uniform(0.92, 1.08)
        height = (0.42, 0.62, 0.80, 0.62)[level] * rng.uniform(0.9, 1.1)
        target = np.array((*rng.uniform(-0.12, 0.12, 2), rng.uniform(-0.02, 0.08)))
        eye = np.array((away * np.cos(azimuth), away * np.sin(azimuth), height))
        poses.append(look_at(eye, target, np.array((0.0, 0.0, 1.0))))
    return poses


def photograph(site: HiddenSite, width: int, height: int, count: int) -> Photos:
    """Take `count` photos of the site, without robot or task objects, and triangulate sparse points.

    Points lie on surfaces that photos show, evenly over their pixels (a feature detector would prefer texture), with
    isotropic noise of 2 mm.
    """
    place = hidden_place(site)
    rng = np.random.default_rng([site.seed, _PHOTO_STREAM])
    spec = mujoco.MjSpec()
    add_solids(spec, place.solids, SITE_GROUP, friction=1.0)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    sensor = Sensor(noise_sd=PHOTO_NOISE_SD)
    photos, poses, seen = [], [], []
    camera = Camera("photo", width, height, PHOTO_FOV_Y_DEG, np.eye(4))
    samples = 1 if width >= FINE_WIDTH_PX else 2
    for i, pose in enumerate(_orbit(rng, count)):
        camera = Camera("photo", width, height, PHOTO_FOV_Y_DEG, pose)
        view = site_backdrop(model, data, place.materials, camera, place.photo_lamp, samples)
        photo = sensor.expose(view.rgb, rng)
        v, u = rng.integers(height, size=POINTS_PER_PHOTO), rng.integers(width, size=POINTS_PER_PHOTO)
        there = np.isfinite(view.depth_m[v, u])
        v, u = v[there], u[there]
        # the place in the pixel at which depth was taken
        middle = (np.stack((u, v), -1) + (0.5 if samples == 1 else 0.75)).astype(np.float32)
        depth = view.depth_m[v, u]
        rays = np.concatenate((middle, np.ones((len(u), 1))), 1) @ np.linalg.inv(camera.K).T
        points = pose[:3, 3] + (rays * depth[:, None]) @ pose[:3, :3].T
        seen.append((points, photo[v, u], np.full(len(u), i, np.int32), middle, depth))
        photos.append(photo)
        poses.append(place.world_from_site @ pose)
    points, rgb, frames, uv, depth = (np.concatenate(column) for column in zip(*seen, strict=True))
    xyz = points @ place.world_from_site[:3, :3].T + place.world_from_site[:3, 3]
    xyz += rng.standard_normal(xyz.shape) * POINT_NOISE_M
    up, depth = place.world_from_site[:3, 2].copy(), depth.astype(np.float32)
    return Photos(np.stack(photos), np.stack(poses), camera.K, xyz.astype(np.float32), rgb, frames, uv, depth, up)
