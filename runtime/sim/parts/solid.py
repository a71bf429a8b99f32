"""Static solids of a scene: support, walls, clutter, as plain values that become MuJoCo geoms."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from runtime.sim.parts.mj import Spec, mujoco
from runtime.sim.parts.robot import WORLD_BITS

SITE_GROUP = 2  # statics of a hidden site: drawn once as its backdrop
COLLISION_GROUP = 3  # statics of a twin: never drawn, the splat shows them


@dataclass(frozen=True)
class Solid:
    """One static body. `size_m` is MuJoCo's: half extents of a box, (radius, half height) of a cylinder or capsule."""

    name: str
    shape: Literal["box", "cylinder", "sphere", "capsule"]
    center_m: tuple[float, float, float]
    size_m: tuple[float, ...]
    yaw_rad: float = 0.0
    rgb: tuple[float, float, float] = (0.5, 0.5, 0.5)
    collides: bool = True


def add_solids(spec: Spec, solids: Iterable[Solid], group: int, friction: float, frame: np.ndarray | None = None) -> None:
    """Add solids to the world, moved by the rigid transform `frame` [4, 4] (rotation about z only) when given."""
    turn = 0.0 if frame is None else float(np.arctan2(frame[1, 0], frame[0, 0]))
    for solid in solids:
        center = np.array(solid.center_m)
        if frame is not None:
            center = frame[:3, :3] @ center + frame[:3, 3]
        half_yaw = (solid.yaw_rad + turn) / 2
        bits = WORLD_BITS if solid.collides else {"contype": 0, "conaffinity": 0}
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
        )
