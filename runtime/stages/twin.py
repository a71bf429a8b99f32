"""The location as a simulation: the splat for looks, MJCF for physics, robot, task objects and cameras."""

import math
from pathlib import Path
from typing import Any, Self

from pydantic import Field, JsonValue, model_validator

from runtime.bound.asset import Asset
from runtime.bound.base import Place, later
from runtime.bound.known_camera import KnownCamera
from runtime.bound.known_scene import KnownScene
from runtime.bound.region import Region
from runtime.bound.twin_camera import DEFAULT_CAMERA, FOV_Y_DEG, POSITION_M, TARGET_M, CameraName, TwinCamera
from runtime.contract import Contract, sized
from runtime.libraries import minor
from runtime.out import Out
from runtime.sim.parts.so101 import SO101
from runtime.sim.tasks import AnyTask
from runtime.sim.twin.makes import MAKES
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, bound, by_unit, one, said, stage

INSTEAD: dict[str, JsonValue] = {"instead": "cameras"}
"""A mark of parameters of the camera that twins have by default: of no account where `cameras` are named (X472)."""


class TwinParams(Params):
    """What the twin assumes: everything that photos do not tell."""

    task: AnyTask = bound("task")
    """The task that the robot stands there for."""
    control_hz: int = Field(10, ge=2, le=50, json_schema_extra={"fact": "fps"})
    """Actions per second, the `fps` of every demo."""
    width_px: int = Field(64, ge=16, le=640, json_schema_extra=INSTEAD)
    """Width of the camera `front`, pixels."""
    height_px: int = Field(48, ge=16, le=480, json_schema_extra=INSTEAD)
    """Height of the camera `front`, pixels."""
    fov_y_deg: float = Field(FOV_Y_DEG, ge=10, le=120, json_schema_extra=INSTEAD)
    """Vertical field of view of the camera."""
    camera_position_m: Place = Field(POSITION_M, json_schema_extra=INSTEAD)
    """Where the camera hangs, in the robot's base frame (x ahead, y to the left, z up)."""
    camera_target_m: Place = Field(TARGET_M, json_schema_extra=INSTEAD)
    """The point that the camera looks at, in the base frame."""
    samples: int = Field(2, ge=1, le=4)
    """Rays per pixel along each axis for robot and objects."""
    lamp_position_m: Place = (0.4, 0.5, 1.8)
    """Where the twin assumes the lamp, in the base frame."""
    lamp_strength: float = Field(0.75, ge=0, le=4)
    """Light of the lamp on a white surface that faces it; 1 is white in the picture."""
    ambient: float = Field(0.35, ge=0, le=4)
    """Light from everywhere else."""
    shadow: float = Field(0.45, ge=0, le=1)
    """Share of its light that the splat loses in the shadow of robot and objects."""
    noise_sd: float = Field(2.0, ge=0, le=64)
    """Standard deviation of the camera's noise, in 8-bit levels."""
    snap_m: float = Field(0.03, ge=0, le=0.2)
    """Splat depth nearer than this to the support plane is put on it."""
    free_snap_m: float = Field(0.12, ge=0, le=0.5)
    """The same where robot and task stand, which was found free: a bare table's depth is poor."""
    servo_kp_nm_per_rad: float = Field(90.0, gt=0, le=1000)
    """Gain that the twin assumes of the joints' servos."""
    servo_time_constant_s: float = Field(0.04, gt=0, le=1)
    """Lag that the twin assumes of the servos."""
    friction: float = Field(0.8, gt=0, le=3)
    """Sliding friction that the twin assumes of every surface."""
    least_on_support: float = Field(0.05, ge=0, le=1)
    """A support that holds a smaller share of the captured points is refused (R252). A table under a statue holds a tenth."""
    voxel_m: float = Field(0.01, ge=0.004, le=0.05)
    """Size of a voxel of the field that collision meshes are cut from."""
    views: int = Field(20, ge=4, le=400)
    """Most photos from whose places depth is fused."""
    camera_photo: str | None = Field(None, min_length=1, json_schema_extra=INSTEAD)
    """A photo of the capture whose lens and pose the camera `front` takes, in place of position, target and field of view."""
    camera: KnownCamera | None = later(born=None, since=8, json_schema_extra=INSTEAD)
    """Lens and pose of the camera `front` as they were calibrated, in place of position, target and field of view."""
    cameras: dict[CameraName, TwinCamera] = bound("cameras", since=8, default={}, json_schema_extra={"fact": "camera_keys"})
    """Cameras by name, in place of `front`."""
    scene: KnownScene | None = bound("location.scene", since=8, default=None)
    """What is known of the place."""
    assets: dict[str, Asset] = bound("location.assets", since=8, default={})
    """Models that stand in the twin."""
    remove: tuple[Region, ...] = later(born=(), since=5, max_length=50)
    """Things of the place that the twin shall not have, as boxes in the support's frame: not to be seen, touched or avoided."""
    keep_only: Region | None = later(born=None, since=5)
    """A box outside of which nothing is kept."""

    @model_validator(mode="after")
    def _looks_somewhere(self) -> Self:
        if math.dist(self.camera_position_m, self.camera_target_m) < 1e-3:
            raise ValueError("`camera_position_m` and `camera_target_m` are the same place: the camera looks nowhere")
        if self.camera is not None and self.camera_photo is not None:
            raise ValueError("`camera` and `camera_photo` both say where the camera is: leave one out")
        return self

    @property
    def seen_by(self) -> dict[str, TwinCamera]:
        """Its cameras by name."""
        if self.cameras:
            return self.cameras
        size = self.width_px, self.height_px
        if self.camera is not None or self.camera_photo is not None:
            return {DEFAULT_CAMERA: TwinCamera(size=size, calibrated=self.camera, photo=self.camera_photo)}
        position, target = self.camera_position_m, self.camera_target_m
        return {DEFAULT_CAMERA: TwinCamera(size=size, fov_y_deg=self.fov_y_deg, position_m=position, target_m=target)}


def _offers(p: TwinParams, inputs: dict[str, Contract]) -> Contract:
    joints = inputs.get("robot", Contract(joints=SO101.names)).joints
    return Contract(
        action_dim=None if joints is None else len(joints),
        fps=p.control_hz,
        camera_keys=tuple(p.seen_by),
        instruction_key="task",
        joints=joints,
        units="radians",
        action="absolute",
        camera_sizes=tuple(sized(name, *camera.size) for name, camera in p.seen_by.items()),
    )


@stage(
    version=9,
    metrics=by_unit(
        m="scale_m_per_unit support_noise_m",
        count="collision_things collision_parts haze points_in_the_way cleared_gaussians",
        text="collision_watertight",
        share="on_support area_seen view_on_support view_empty cleared_holes",
        px="overlay.*",
    ),
    libraries=minor("mujoco", "numba", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "trimesh", "coacd"),
    per=("location", "task"),
    needs={"capture": one("capture"), "scene": one("splat"), "robot": said("robot")},
    makes=MAKES,
    backends=("renderer",),
    offers=_offers,
    cost=lambda p: Resources(minutes=0.16),
)
def twin(p: TwinParams, capture: Path, scene: Path, robot: Path | None, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Find the support, stand the robot on free room of it, and build scene, cameras and backdrops.

    Raises:
        InputError: R251 when the scene has no support that the robot could stand on, R252 when hardly anything lies on it,
            R253 when no photo is called like `camera_photo`, R254 when a box of `remove` or `keep_only` holds nothing, R258 when
            an asset has no shape that can stand there, R259 when one does not stay where it is put, R276 when the robot has no
            body that a camera is on, R277 when a camera sees nothing of the work area.
    """
    from dataclasses import replace

    import numpy as np

    from runtime.assets.shapes import read_prop
    from runtime.robots.reachable import stand
    from runtime.sim.parts.physics import Physics
    from runtime.sim.parts.robot import Servo
    from runtime.sim.pixels.eye import Look
    from runtime.sim.pixels.raycast import Lamp
    from runtime.sim.pixels.sensor import Sensor
    from runtime.sim.twin.build import Wanted, build_twin
    from runtime.sim.twin.cameras import first_cameras
    from runtime.sim.twin.clearing import Clearing
    from runtime.sim.twin.twin import Snap, Twin, contract_of

    known, files = p.scene or KnownScene(), out.source_dir
    servo = Servo(kp_nm_per_rad=p.servo_kp_nm_per_rad, time_constant_s=p.servo_time_constant_s)
    lamp = Lamp(p.lamp_position_m, known.lamp_rgb or (p.lamp_strength,) * 3, known.ambient_rgb or (p.ambient,) * 3)
    physics, look = Physics(servo=servo, friction=known.friction or p.friction), Look(lamp, Sensor(noise_sd=p.noise_sd))
    optics = (p.shadow, p.samples, Snap(p.snap_m, p.free_snap_m))
    assumed = Twin(p.task, float(p.control_hz), [], np.eye(4), physics, look, *optics)
    if robot is not None:
        assumed = replace(assumed, robot=stand(robot, p.task, out.root))
    assumed = replace(assumed, cameras=first_cameras(p.seen_by, assumed.robot))
    clearing = Clearing(p.remove, p.keep_only)
    props = [read_prop(name, asset, files / name) for name, asset in sorted(p.assets.items())] if files else []
    wanted = Wanted(assumed, p.least_on_support, p.voxel_m, p.views, p.seen_by, bool(p.cameras), clearing, known, props)
    metrics = build_twin(wanted, capture, scene, out, renderer)
    out.contract(**vars(contract_of(assumed)))
    return metrics
