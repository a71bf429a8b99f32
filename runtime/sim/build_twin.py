"""Build a twin from a capture and its splat: support, placement of the robot, collision, backdrops, preview."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from runtime.out import Out
from runtime.problem import InputError, Problem
from runtime.sim.bench import Bench
from runtime.sim.camera import Camera, look_at
from runtime.sim.collision import columns, support_box
from runtime.sim.eye import Eye, Look
from runtime.sim.physics import Physics
from runtime.sim.placement import in_footprint, place_robot
from runtime.sim.raycast import Lamp
from runtime.sim.robot import Servo
from runtime.sim.scene import build_scene
from runtime.sim.sensor import Sensor
from runtime.sim.solid import COLLISION_GROUP
from runtime.sim.tasks import kind_of
from runtime.sim.twin import Snap, Twin, snap_to_support, splat_backdrop
from runtime.splat.ply import read_ply

if TYPE_CHECKING:
    from runtime.stages.twin import TwinParams

PREVIEW_SCALE = 6
OPAQUE = 0.5  # Gaussians above this opacity are surfaces, when a capture has no points of its own
FEWEST_POINTS = 50


def support_from_world(scene: dict[str, Any]) -> np.ndarray:
    """The similarity [4, 4] from scene units to metres in the support's frame."""
    support = scene["support"]
    rotation, scale = np.array(support["rotation"], float), float(scene["scale_m_per_unit"])
    matrix = np.eye(4)
    matrix[:3, :3] = scale * rotation.T
    matrix[:3, 3] = -scale * rotation.T @ np.array(support["origin"], float)
    return matrix


def captured_points(capture: Path, gaussians: Any) -> np.ndarray:
    """Points [N, 3] of what is there, scene units: sparse points of the capture, or the splat's opaque Gaussians."""
    path = capture / "points.npz"
    if path.exists():
        with np.load(path) as stored:
            if len(stored["xyz"]) >= FEWEST_POINTS:
                return stored["xyz"].astype(float)
    return gaussians.means[gaussians.opacities > OPAQUE].astype(float)


def camera_picture(renderer: Any, gaussians: Any, twin: Twin, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The splat from a camera of the base frame: rgb [H, W, 3] in 0..1 and z-depth [H, W] in metres."""
    rgb, depth, _ = renderer.render(
        gaussians, twin.splat_camera(camera), camera.K, camera.width, camera.height, background=(0.5, 0.5, 0.5)
    )
    return np.asarray(rgb), np.asarray(depth) * twin.scale


def build_twin(
    p: "TwinParams", capture: Path, scene: Path, out: Out, renderer: Any, camera_name: str
) -> dict[str, Any]:
    """Write all files of the twin artifact; return its metrics."""
    facts = json.loads((scene / "scene.json").read_text())
    if not facts.get("support"):
        raise InputError(
            Problem(
                "R251", "the scene has no support that the robot could stand on",
                "capture a table or a floor from above", "source",
            )
        )  # fmt: skip
    gaussians = read_ply(scene / "splat.ply")
    to_support = support_from_world(facts)
    points = captured_points(capture, gaussians) @ to_support[:3, :3].T + to_support[:3, 3]
    base = place_robot(points, np.array(facts["support"]["half_extent_m"], float), p.task.area)
    to_base = np.linalg.inv(base) @ to_support
    points = (points - base[:3, 3]) @ base[:3, :3]

    up = np.array((0.0, 0.0, 1.0))
    c2w = look_at(np.array(p.camera_position_m), np.array(p.camera_target_m), up)
    camera = Camera(camera_name, p.width_px, p.height_px, p.fov_y_deg, c2w)
    physics = Physics(servo=Servo(kp_nm_per_rad=p.servo_kp_nm_per_rad, time_constant_s=p.servo_time_constant_s),
                      friction=p.friction)  # fmt: skip
    lamp = Lamp(p.lamp_position_m, (p.lamp_strength,) * 3, (p.ambient,) * 3)
    twin = Twin(
        p.task, float(p.control_hz), [camera], to_base, physics, Look(lamp, Sensor(noise_sd=p.noise_sd)), p.shadow,
        p.samples, Snap(p.snap_m, p.free_snap_m),
    )  # fmt: skip

    solids = [support_box(points, p.task.area), *columns(points, p.task.area)]
    spec = build_scene(p.task, physics, solids, COLLISION_GROUP)
    model = spec.compile()
    out.path("scene").write_text(spec.to_xml())
    out.path("twin").write_text(json.dumps(twin.to_json(), indent=1) + "\n")
    rgb, depth = camera_picture(renderer, gaussians, twin, camera)
    snapped = snap_to_support(depth, camera, twin.snap, p.task.area)
    np.savez_compressed(
        out.path("background") / f"{camera_name}.npz", rgb=np.clip(rgb * 255 + 0.5, 0, 255).astype(np.uint8),
        depth_m=snapped,
    )  # fmt: skip

    big = Camera(camera_name, p.width_px * PREVIEW_SCALE, p.height_px * PREVIEW_SCALE, p.fov_y_deg, c2w)
    rgb, far = camera_picture(renderer, gaussians, twin, big)
    start = kind_of(p.task).draw_start(p.task, 0, "demo")
    bench = Bench(model, physics, p.task, p.control_hz, [start])
    eye = Eye(model, big, splat_backdrop(rgb, snap_to_support(far, big, twin.snap, p.task.area), p.shadow), twin.look)
    Image.fromarray(eye.see(bench.datas[0], np.random.default_rng(0))).save(out.path("preview"))

    rays = camera.rays()
    height = camera.position[2] + rays[..., 2] * depth
    on_support = np.isfinite(depth) & (np.abs(height) < p.snap_m)
    return {
        "scale_m_per_unit": float(facts["scale_m_per_unit"]),
        "collision_boxes": len(solids),
        "points_in_the_way": int(np.count_nonzero(in_footprint(points, p.task.area))),
        "view_on_support": round(float(on_support.mean()), 3),
        "view_empty": round(float(1 - np.isfinite(depth).mean()), 3),
        "support_noise_m": round(float(np.std(height[on_support])) if on_support.any() else 0.0, 4),
    }
