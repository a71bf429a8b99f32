"""Capture and splat folders of a hidden site, made quickly: every third pixel of a photo becomes one Gaussian."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.bound.source import HiddenSite
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.solid import SITE_GROUP, add_solids
from runtime.sim.pixels.backdrop import site_backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.site.photograph import PHOTO_FOV_Y_DEG, photograph
from runtime.sim.site.place import hidden_place
from runtime.splat.gaussians import Gaussians, rgb_to_sh
from runtime.splat.ply import write_ply


def quick_splat(site: HiddenSite, views: int = 12, width: int = 96, height: int = 72) -> Gaussians:
    """Gaussians on the site's visible surfaces, with the colours that they had in the photographer's light."""
    place = hidden_place(site)
    photos = photograph(site, width, height, views)
    spec = mujoco.MjSpec()
    add_solids(spec, place.solids, SITE_GROUP, 1.0)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    means, colors, scales = [], [], []
    for world in photos.c2w:
        pose = np.linalg.inv(place.world_from_site) @ world
        camera = Camera("view", width, height, PHOTO_FOV_Y_DEG, pose)
        view = site_backdrop(model, data, place.materials, camera, place.photo_lamp, samples=1)
        there = np.isfinite(view.depth_m)
        points = pose[:3, 3] + camera.rays()[there] * view.depth_m[there][:, None]
        means.append(points @ place.world_from_site[:3, :3].T + place.world_from_site[:3, 3])
        colors.append(np.clip(view.rgb[there], 0, 1))
        scales.append(np.repeat(view.depth_m[there][:, None] / camera.focal_px * 0.7, 3, axis=1))
    rgb = np.concatenate(colors)
    n = len(rgb)
    return Gaussians(
        np.concatenate(means), np.tile((1.0, 0, 0, 0), (n, 1)), np.concatenate(scales), np.full(n, 0.95), rgb_to_sh(rgb)[:, None]
    )


def write_folders(site: HiddenSite, root: Path, views: int = 12) -> tuple[Path, Path]:
    """Folders `capture` and `splat` as a twin reads them; the support is the true one, turned by 0.3 rad."""
    place = hidden_place(site)
    photos = photograph(site, 96, 72, 20)
    capture, scene = root / "capture", root / "splat"
    capture.mkdir(parents=True)
    scene.mkdir(parents=True)
    seen = {"obs_frame": photos.obs_frame, "obs_uv": photos.obs_uv, "obs_depth": photos.obs_depth}
    np.savez(capture / "points.npz", **{"xyz": photos.xyz, "rgb": photos.rgb} | seen)  # ty: ignore[invalid-argument-type]
    height, width = photos.photos.shape[1:3]
    lens = dict(zip(("fl_x", "fl_y", "cx", "cy"), photos.K[[0, 1, 0, 1], [0, 1, 2, 2]].tolist(), strict=True))
    frames = [
        {"file": f"images/{i:06d}.png", "camera": 0, "name": f"shot-{i}.jpg", "c2w": pose.tolist(), "held_out": i == 3}
        for i, pose in enumerate(photos.c2w)
    ]
    cameras = {"cameras": [{"width": width, "height": height, **lens}], "frames": frames, "up": photos.up.tolist()}
    (capture / "cameras.json").write_text(json.dumps(cameras | {"metric": True, "scale_m_per_unit": 1.0}))
    (capture / "images").mkdir()
    for i, photo in enumerate(photos.photos):
        Image.fromarray(photo).save(capture / "images" / f"{i:06d}.png")
    write_ply(scene / "splat.ply", quick_splat(site, views))
    turn = np.array(((np.cos(0.3), -np.sin(0.3), 0), (np.sin(0.3), np.cos(0.3), 0), (0, 0, 1)))
    support = {
        "origin": place.world_from_site[:3, 3].tolist(),
        "half_extent_m": [0.5, 0.45],
        "inlier_fraction": 0.9,
        "rotation": (place.world_from_site[:3, :3] @ turn).tolist(),
    }
    (scene / "scene.json").write_text(json.dumps({"up": [0, 0, 1], "scale_m_per_unit": 1.0, "support": support}))
    return capture, scene
