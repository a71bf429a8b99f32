"""Static solids of a scene: support, walls, clutter, as plain values that become MuJoCo geoms."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from runtime.sim.parts.mj import Spec, mujoco
from runtime.sim.parts.robot import WORLD_BITS

SITE_GROUP = 2  # statics of a hidden site: drawn once as its backdrop
COLLISION_GROUP = 3  # statics of a twin: never drawn, the splat shows them


@dataclass(frozen=True, eq=False)
class Turned:
    """A solid of revolution, standing on its foot: its outline (radius, height) from foot to top, metres, how many corners it has
    round, and its surface u8 [H, W, 3], unrolled, top upward."""

    outline: tuple[tuple[float, float], ...]
    sides: int
    surface: np.ndarray

    def add(self, spec: Spec, name: str) -> None:
        """Add mesh, texture and material of that name to a scene."""
        rings, around = len(self.outline), self.sides + 1  # the seam has two places in the picture
        angles = np.linspace(0, 2 * np.pi, around)
        radii, heights = np.array(self.outline).T
        way = np.concatenate(([0], np.cumsum(np.hypot(np.diff(radii), np.diff(heights)))))
        ring = np.stack((np.cos(angles), np.sin(angles)), -1)
        xyz = np.concatenate((radii[:, None, None] * ring, np.repeat(heights[:, None, None], around, 1)), -1)
        uv = np.stack(np.broadcast_arrays(angles / (2 * np.pi), 1 - way[:, None] / way[-1]), -1)
        first = (np.arange(rings - 1)[:, None] * around + np.arange(self.sides)).ravel()
        walls = np.concatenate(
            (np.stack((first, first + 1, first + around + 1), -1), np.stack((first, first + around + 1, first + around), -1))
        )
        ends = np.array(((0, 0, heights[0]), (0, 0, heights[-1])))
        last, corner = rings * around, np.arange(self.sides)
        foot = np.stack((corner + 1, corner, np.full_like(corner, last)), -1)
        top = last - around + np.stack((corner, corner + 1, np.full_like(corner, around + 1)), -1)
        points = np.concatenate((xyz.reshape(-1, 3), ends))
        places = np.concatenate((uv.reshape(-1, 2), ((0.5, 1.0), (0.5, 0.0))))
        faces = np.concatenate((walls, foot, top))
        corners = {"uservert": points, "usertexcoord": places, "userface": faces, "userfacetexcoord": faces}
        spec.add_mesh(name=name, **{key: of.ravel().tolist() for key, of in corners.items()})
        high, wide = self.surface.shape[:2]
        picture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=wide, height=high, nchannel=3)
        picture.data = self.surface.tobytes()
        spec.add_material(name=name).textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name


@dataclass(frozen=True)
class Solid:
    """One static body. `size_m` is MuJoCo's: half extents of a box, (radius, half height) of a cylinder or capsule. A mesh stands
    on its centre."""

    name: str
    shape: Literal["box", "cylinder", "sphere", "capsule", "mesh"]
    center_m: tuple[float, float, float]
    size_m: tuple[float, ...]
    yaw_rad: float = 0.0
    rgb: tuple[float, float, float] = (0.5, 0.5, 0.5)
    collides: bool = True
    turned: Turned | None = field(default=None, repr=False)
    """What a mesh is."""


def add_solids(spec: Spec, solids: Iterable[Solid], group: int, friction: float, frame: np.ndarray | None = None) -> None:
    """Add solids to the world, moved by the rigid transform `frame` [4, 4] (rotation about z only) when given."""
    turn = 0.0 if frame is None else float(np.arctan2(frame[1, 0], frame[0, 0]))
    for solid in solids:
        center = np.array(solid.center_m)
        if frame is not None:
            center = frame[:3, :3] @ center + frame[:3, 3]
        half_yaw = (solid.yaw_rad + turn) / 2
        bits = WORLD_BITS if solid.collides else {"contype": 0, "conaffinity": 0}
        named = {}
        if solid.turned is not None:
            solid.turned.add(spec, solid.name)
            named = {"meshname": solid.name, "material": solid.name}
        spec.worldbody.add_geom(
            name=solid.name,
            type=getattr(mujoco.mjtGeom, f"mjGEOM_{solid.shape.upper()}"),
            pos=center,
            size=(*solid.size_m, 0, 0)[:3],
            quat=(np.cos(half_yaw), 0, 0, np.sin(half_yaw)),
            rgba=(*solid.rgb, 1),
            group=group,
            friction=(friction, 0.005, 0.0001),
            **bits,
            **named,
        )
