"""A twin on disk and in memory: `scene.xml`, `twin.json` and one backdrop per camera."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from runtime.bound.task import Area, Task
from runtime.contract import Contract, sized
from runtime.coverage.lens import Lens
from runtime.problem import InputError, Problem
from runtime.scene_index.context import Lacking, refined
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.robot_file import FACTS, read_robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Behind, Eye, Look
from runtime.sim.pixels.raycast import Lamp
from runtime.sim.pixels.sensor import Sensor
from runtime.sim.tasks import AnyTask, kind_of
from runtime.sim.twin.placement import footprint
from runtime.splat.gaussians import Gaussians
from runtime.splat.ply import read_ply
from runtime.splat.renderer import Renderer

SPLAT = "splat.ply"
"""In a twin with mounted cameras: the splat without haze."""


@dataclass(frozen=True)
class Snap:
    """How far from the support's plane a splat's depth may be and still be put on it, metres of height."""

    near_m: float
    free_m: float  # within the robot's footprint, which placement found free


@dataclass(frozen=True)
class Twin:
    """What is assumed about a location. Everything in the robot's base frame, metres."""

    task: Task
    control_hz: float
    cameras: list[Camera]
    splat_to_twin: np.ndarray  # [4, 4] similarity
    physics: Physics
    look: Look
    shadow: float  # share of light that the foreground's shadow takes from the splat, 0..1
    samples: int
    snap: Snap
    robot: Robot = SO101

    @property
    def scale(self) -> float:
        """Metres per scene unit of the splat."""
        return float(np.linalg.norm(self.splat_to_twin[:3, 0]))

    def splat_camera(self, camera: Camera) -> np.ndarray:
        """Camera-to-world [4, 4] of a camera of the base frame, in the splat's own coordinates (rigid)."""
        inverse = np.linalg.inv(self.splat_to_twin)
        c2w = np.eye(4)
        c2w[:3, :3] = inverse[:3, :3] @ camera.c2w[:3, :3] * self.scale
        c2w[:3, 3] = inverse[:3, :3] @ camera.c2w[:3, 3] + inverse[:3, 3]
        return c2w

    def from_splat(self, c2w: np.ndarray) -> np.ndarray:
        """The inverse of `splat_camera`: a pose [4, 4] of the splat's coordinates in the base frame, metres."""
        pose = self.splat_to_twin @ c2w
        pose[:3, :3] /= self.scale
        return pose

    def to_json(self) -> dict[str, Any]:
        """JSON values; the inverse of `from_json`."""
        return {
            "task": self.task.model_dump(mode="json"),
            "control_hz": self.control_hz,
            "cameras": [c.to_json() for c in self.cameras],
            "splat_to_twin": self.splat_to_twin.tolist(),
            "physics": asdict(self.physics),
            "lamp": asdict(self.look.lamp),
            "noise_sd": self.look.sensor.noise_sd,
            **({} if self.look.sensor.gain == Sensor().gain else {"gain": list(self.look.sensor.gain)}),
            "shadow": self.shadow,
            "samples": self.samples,
            "snap": asdict(self.snap),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Twin":
        """The inverse of `to_json`."""
        sensor = Sensor(tuple(value.get("gain", Sensor().gain)), noise_sd=value["noise_sd"])
        look = Look(Lamp(**{k: tuple(v) for k, v in value["lamp"].items()}), sensor)
        return cls(
            TypeAdapter[Task](AnyTask).validate_python(value["task"]),
            float(value["control_hz"]),
            [Camera.from_json(c) for c in value["cameras"]],
            np.array(value["splat_to_twin"]),
            Physics.from_json(value["physics"]),
            look,
            float(value["shadow"]),
            int(value["samples"]),
            Snap(**value["snap"]),
        )


def contract_of(twin: Twin) -> Contract:
    """What a policy has to fit."""
    return Contract(
        action_dim=twin.robot.action_dim,
        fps=twin.control_hz,
        camera_keys=tuple(c.name for c in twin.cameras),
        instruction_key="task",
        joints=twin.robot.names,
        units="radians",
        action="absolute",
        camera_sizes=tuple(sized(c.name, c.width, c.height) for c in twin.cameras),
    )


def read_twin(folder: Path) -> Twin:
    """The facts of a published twin."""
    twin = Twin.from_json(json.loads((folder / "twin.json").read_text()))
    return replace(twin, robot=read_robot(folder)) if (folder / FACTS).exists() else twin


def read_learnable(folder: Path) -> Twin:
    """The facts of a published twin that may be learned from.

    Raises:
        InputError: R262 when its task is held out.
    """
    twin = read_twin(folder)
    if twin.task.held_out:
        raise InputError(Problem("R262", "the task is held out and may not be trained on", "evaluate it only", "task"))
    return twin


def read_surroundings(scene: Path, folder: Path) -> Gaussians:
    """The Gaussians of a published splat without those that are haze to a twin of it."""
    gaussians = read_ply(scene / "splat.ply")
    return gaussians.select(np.delete(np.arange(len(gaussians)), np.load(folder / "haze.npy")))


def read_model(folder: Path, twin: Twin | None = None, task: Task | None = None) -> Model:
    """The compiled scene of a published twin; with the objects of another `task` of its kind, where that is given."""
    path = str(folder / "scene.xml")
    if twin is None or task is None or task.under({"instruction": twin.task.instruction}) == twin.task:
        return mujoco.MjModel.from_xml_path(path)
    spec, kind = mujoco.MjSpec.from_file(path), kind_of(task)
    for name in kind.OBJECTS:
        spec.delete(spec.body(name))
    kind.add_objects(spec, task, twin.physics)
    return spec.compile()


def read_backdrops(folder: Path, twin: Twin) -> dict[str, Backdrop]:
    """The backdrop of each camera that stands still, by its name."""
    found = {}
    for camera in (one for one in twin.cameras if one.on is None):
        with np.load(folder / "background" / f"{camera.name}.npz") as stored:
            found[camera.name] = splat_backdrop(stored["rgb"].astype(np.float32) / 255, stored["depth_m"], twin.shadow)
    return found


def save_backdrops(folder: Path, twin: Twin, renderer: Renderer, gaussians: Gaussians) -> None:
    """Write what the splat shows each camera that stands still, as `read_backdrops` reads it."""
    for camera in (one for one in twin.cameras if one.on is None):
        rgb, depth = camera_picture(renderer, gaussians, twin, camera)
        snapped = snap_to_support(depth, camera, twin.snap, twin.task.area)
        bytes_ = np.clip(rgb * 255 + 0.5, 0, 255).astype(np.uint8)
        np.savez_compressed(folder / f"{camera.name}.npz", rgb=bytes_, depth_m=snapped)


def pictures_behind(folder: Path, twin: Twin) -> dict[str, np.ndarray]:
    """The empty picture u8 [1, H, W, 3] of each camera that stands still, by its name."""
    gain = np.array(twin.look.sensor.gain, np.float32)
    return {
        name: (255 * np.clip(of.rgb * gain, 0, 1)).astype(np.uint8)[None] for name, of in read_backdrops(folder, twin).items()
    }


def read_behind(folder: Path, twin: Twin) -> Mapping[str, Behind]:
    """What is behind for each camera, by its name."""
    mounted = [one.name for one in twin.cameras if one.on]
    if not mounted:
        return read_backdrops(folder, twin)
    moving = splat_behind(Embedded(), read_ply(folder / SPLAT), twin)
    return read_backdrops(folder, twin) | dict.fromkeys(mounted, moving)


type Refine = Callable[[Camera, np.ndarray, np.ndarray], np.ndarray]
"""A camera of the base frame, what the splat shows it [H, W, 3] and its depth [H, W] in metres -> a better picture."""


def refining(twin: Twin, context: Mapping[str, Sequence[Lacking]]) -> Refine:
    """What photos that were found for the twin's cameras know beside the splat (`runtime.scene_index.context`)."""

    def refine(camera: Camera, rgb: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
        lens = Lens(camera.width, camera.height, camera.K)
        return refined(rgb, depth_m / twin.scale, twin.splat_camera(camera), lens, context.get(camera.name, ()))

    return refine


def splat_behind(
    renderer: Renderer, gaussians: Gaussians, twin: Twin, shadow: float | None = None, refine: Refine | None = None
) -> Callable[[Camera], Backdrop]:
    """The splat from wherever a camera is. What is as good as on the support is put there, so its parallax is right."""

    def behind(camera: Camera) -> Backdrop:
        rgb, depth = camera_picture(renderer, gaussians, twin, camera)
        if refine is not None:
            rgb = refine(camera, rgb, depth)
        depth = snap_to_support(depth, camera, twin.snap, twin.task.area)
        return splat_backdrop(rgb, depth, twin.shadow if shadow is None else shadow)

    return behind


class Embedded(Renderer):
    """Our own renderer, which draws what mounted cameras see in every trial; the back end of a study draws what stands still."""

    def rasterization(self, *args: Any, **kwargs: Any) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """See `Renderer.rasterization`."""
        from runtime.splat.rasterize import rasterization

        return rasterization(*args, **kwargs)


def splat_backdrop(rgb: np.ndarray, depth_m: np.ndarray, shadow: float) -> Backdrop:
    """A backdrop from a picture of the splat [H, W, 3] in 0..1: its light is baked in, so a shadow dims it."""
    return Backdrop(rgb.astype(np.float32), (rgb * (1 - shadow)).astype(np.float32), depth_m.astype(np.float32))


def camera_picture(renderer: Renderer, gaussians: Gaussians, twin: Twin, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The splat from a camera of the base frame: rgb [H, W, 3] in 0..1 and z-depth [H, W] in metres."""
    pose, grey = twin.splat_camera(camera), (0.5, 0.5, 0.5)
    rgb, depth, _ = renderer.render(gaussians, pose, camera.K, camera.width, camera.height, grey)
    return rgb, depth * twin.scale


def eyes_of(model: Model, twin: Twin, backdrops: Mapping[str, Behind]) -> dict[str, Eye]:
    """One eye per camera of the twin."""
    return {c.name: Eye(model, c, backdrops[c.name], twin.look, twin.samples) for c in twin.cameras}


def over_support(depth_m: np.ndarray, camera: Camera, area: Area) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A depth picture [H, W] against the support's plane z = 0: the z-depth at which each pixel's ray meets it (inf where
    it never does), the height over it of what is seen (the camera's own where nothing is), and whether the ray meets it
    where robot and task need room. All [H, W].
    """
    rays, eye = camera.rays(), camera.position
    falls = rays[..., 2] < -1e-6
    plane = np.where(falls, -eye[2] / np.minimum(rays[..., 2], -1e-6), np.inf)
    height = eye[2] + rays[..., 2] * np.where(np.isfinite(depth_m), depth_m, 0.0)
    below = eye[:2] + rays[..., :2] * np.where(falls, plane, 0.0)[..., None]
    low, high = footprint(area)
    return plane, height, falls & np.all((below > low) & (below < high), axis=-1)


def snap_to_support(depth_m: np.ndarray, camera: Camera, snap: Snap, area: Area) -> np.ndarray:
    """Put depths that are near the plane z = 0 on it: a splat's depth is noisy, most of all on a bare table, and a
    centimetre decides whether a button stands on the table or in it. [H, W] to [H, W], float32.
    """
    plane, height, free = over_support(depth_m, camera, area)
    near = np.abs(height) < np.where(free, max(snap.free_m, snap.near_m), snap.near_m)
    return np.where(near & np.isfinite(depth_m) & np.isfinite(plane), plane, depth_m).astype(np.float32)
