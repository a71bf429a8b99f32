"""Things in a twin that people brought: drawn in the foreground, collided with by convex parts, static or loose."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual import TextureVisuals

from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import Model, Spec, mujoco
from runtime.sim.parts.places import BROUGHT
from runtime.sim.parts.robot import FOREGROUND_GROUP, LOOSE_BITS, WORLD_BITS, Robot
from runtime.sim.parts.solid import COLLISION_GROUP

HARD_S = 0.02  # MuJoCo's own time constant of contact
SETTLE_S = 2.0
STILL_M_PER_S, MOST_MOVED_M = 0.005, 0.1


type Rgb = tuple[float, ...]
WHITE: Rgb = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Shown:
    """A mesh as it looks: its colour, or `texture` by the mesh's own coordinates (u, v), v from the picture's foot."""

    mesh: trimesh.Trimesh
    rgb: Rgb
    texture: Image.Image | None = None


@dataclass(frozen=True)
class Prop:
    """One thing. Meshes are in its own frame, metres; `pose` [4, 4] is in the robot's base frame if `in_base`, else in that of
    the support. `mass_kg` is None for one that stands still, `friction` where the twin's holds."""

    name: str
    drawn: list[Shown]
    solid: list[trimesh.Trimesh]
    pose: np.ndarray
    in_base: bool
    mass_kg: float | None
    friction: float | None
    softness_s: float
    licence: str

    def corners(self) -> np.ndarray:
        """Points [N, 3] of its surface, in the frame of its pose: what a robot has to keep clear of."""
        points = np.concatenate([mesh.sample(200, seed=0) for mesh in self.solid])
        return points @ self.pose[:3, :3].T + self.pose[:3, 3]

    def seen_from(self, base: np.ndarray) -> "Prop":
        """The same in the robot's base frame, which is `base` [4, 4] in that of the support."""
        return self if self.in_base else replace(self, pose=np.linalg.inv(base) @ self.pose, in_base=True)


def add_props(spec: Spec, props: Sequence[Prop], folder: Path, below: Path, friction: float) -> None:
    """Add props, whose poses are in the base frame, to a scene; meshes go to `folder` as STL, named relative to `below`."""
    for prop in props:
        quat = np.zeros(4)
        mujoco.mju_mat2Quat(quat, prop.pose[:3, :3].ravel())
        body = spec.worldbody.add_body(name=f"{BROUGHT}{prop.name}", pos=prop.pose[:3, 3], quat=quat)
        loose = prop.mass_kg is not None
        if loose:
            body.add_freejoint(name=f"{BROUGHT}{prop.name}/free")
        touch = {
            "friction": (prop.friction or friction, 0.005, 0.0001),
            "solref": (prop.softness_s, 1.0),
            "priority": int(prop.friction is not None or prop.softness_s != HARD_S),  # else the other surface would count
            **(LOOSE_BITS if loose else WORLD_BITS),
        }
        volumes = np.array([mesh.volume for mesh in prop.solid])
        masses = volumes / volumes.sum() * (prop.mass_kg or 1.0)
        mesh_geom = {"type": mujoco.mjtGeom.mjGEOM_MESH}
        for i, (mesh, mass) in enumerate(zip(prop.solid, masses, strict=True)):
            name = _mesh(spec, mesh, f"{prop.name}-solid-{i}", folder, below, mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
            body.add_geom(name=f"{BROUGHT}{name}", meshname=name, group=COLLISION_GROUP, mass=mass, **mesh_geom, **touch)
        for i, shown in enumerate(prop.drawn):
            name = f"{prop.name}-drawn-{i}"
            _mesh(spec, shown.mesh, name, folder, below, mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL, shown.texture)
            seen = {"group": FOREGROUND_GROUP, "rgba": (*shown.rgb, 1), "contype": 0, "conaffinity": 0, "mass": 0}
            if shown.texture is not None:
                seen["material"] = name
            body.add_geom(name=f"{BROUGHT}{name}", meshname=name, **mesh_geom, **seen)


def _mesh(
    spec: Spec, mesh: trimesh.Trimesh, name: str, folder: Path, below: Path, inertia: int, texture: Image.Image | None = None
) -> str:
    """Write a mesh and its texture to files, and name them in the scene; a material of the mesh's name has the texture."""

    def known(suffix: str, content: bytes) -> str:
        file = folder / f"{name}{suffix}"
        file.write_bytes(content)
        relative = file.relative_to(below).as_posix()
        spec.assets[relative] = content
        return relative

    if texture is None:
        stl = mesh.export(file_type="stl")
        assert isinstance(stl, bytes)
        spec.add_mesh(name=name, file=known(".stl", stl), inertia=inertia)
        return name
    visual = mesh.visual
    assert isinstance(visual, TextureVisuals)
    rows = [*(f"v {x!r} {y!r} {z!r}" for x, y, z in mesh.vertices.tolist()), *(f"vt {u!r} {v!r}" for u, v in visual.uv.tolist())]
    rows += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in (mesh.faces + 1).tolist()]
    spec.add_mesh(name=name, file=known(".obj", "\n".join([*rows, ""]).encode()), inertia=inertia)
    picture = io.BytesIO()
    texture.save(picture, "png")
    spec.add_texture(name=name, file=known(".png", picture.getvalue()), type=mujoco.mjtTexture.mjTEXTURE_2D)
    material = spec.add_material(name=name)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    return name


def settle(spec: Spec, model: Model, props: Sequence[Prop], robot: Robot) -> bool:
    """Let loose props come to rest with the robot at home, and write where they do into the scene; whether there are any.

    Raises:
        InputError: R259 one does not stay where it was put.
    """
    loose = [prop for prop in props if prop.mass_kg is not None]
    if not loose:
        return False
    data = mujoco.MjData(model)
    for joint in robot.joints:
        servo = model.actuator(joint.name).id
        data.qpos[model.joint(joint.name).qposadr[0]] = data.ctrl[servo] = joint.home_rad
        data.act[model.actuator_actadr[servo]] = joint.home_rad  # its lag starts settled
    mujoco.mj_step(model, data, round(SETTLE_S / model.opt.timestep))
    mujoco.mj_forward(model, data)
    for prop in loose:
        body = model.body(f"{BROUGHT}{prop.name}")
        place, speed = data.xpos[body.id], float(np.linalg.norm(data.cvel[body.id]))
        far = float(np.linalg.norm(place - prop.pose[:3, 3]))
        if not (far <= MOST_MOVED_M and speed <= STILL_M_PER_S):
            how = f"it moved {far:.2f} m in {SETTLE_S:g} s" if far > MOST_MOVED_M else "it still moves"
            help = "put it on the support (z = 0) or on what stands there, clear of other things and of the robot"
            message = f"the loose asset `{prop.name}` does not stay where it is put: {how}"
            raise InputError(Problem("R259", message, help, f"assets.{prop.name}.at_m"))
        own = spec.body(f"{BROUGHT}{prop.name}")
        own.pos, own.quat = place, data.xquat[body.id]
    return True
