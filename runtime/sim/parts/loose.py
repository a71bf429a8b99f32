"""Loose things in MuJoCo: bodies on free joints whose contacts bear being squeezed."""

from runtime.bound.thing import Thing
from runtime.sim.parts.mj import Body, Spec, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import FOREGROUND_GROUP, LOOSE_BITS, WORLD_BITS, Vector

RGB = {
    "red": (0.85, 0.08, 0.08),
    "orange": (0.93, 0.45, 0.05),
    "yellow": (0.90, 0.80, 0.10),
    "green": (0.10, 0.60, 0.20),
    "blue": (0.10, 0.25, 0.80),
    "purple": (0.50, 0.15, 0.60),
    "white": (0.92, 0.92, 0.90),
}
FIRM = {"solref": (0.008, 1.0), "solimp": (0.95, 0.99, 0.001, 0.5, 2.0), "condim": 4, "priority": 1}
"""Contacts of light things: MuJoCo's softness follows the lighter mass, and by its defaults a hand sinks into a 30 g block. They
have priority, so that neither the robot's nor the support's contacts change."""


def precise_contacts(spec: Spec) -> None:
    """Elliptic friction cones, and friction ten times as hard as the normal force, so that what is held does not creep."""
    spec.option.cone, spec.option.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 10.0


def touch(physics: Physics, friction: float = 1.0) -> dict[str, object]:
    """Contacts of a thing whose friction is `friction` times that of the place."""
    return {**FIRM, "friction": (physics.friction * friction, 0.005, 0.0001)}


def add_thing(spec: Spec, name: str, thing: Thing, physics: Physics, pos: Vector) -> Body:
    """Add a thing as body `name` on the free joint `NAME/free`, its middle at `pos` (metres)."""
    body = spec.worldbody.add_body(name=name, pos=pos)
    body.add_freejoint(name=f"{name}/free")
    half, tall = thing.width_m / 2, thing.height_m / 2
    box = thing.shape == "box"
    body.add_geom(
        name=f"{name}/{thing.shape}",
        type=mujoco.mjtGeom.mjGEOM_BOX if box else mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=(half, half, tall) if box else (half, tall, 0),
        mass=thing.mass_kg * physics.mass_scale,
        rgba=(*RGB[thing.color], 1),
        group=FOREGROUND_GROUP,
        **touch(physics, thing.friction),
        **LOOSE_BITS,
    )
    return body


def add_disc(spec: Spec, name: str, radius_m: float, height_m: float, rgb: Vector, friction: float | None = None) -> None:
    """Add a flat disc that stands still, as mocap body `name` whose place is the middle of its underside. Without `friction` it
    is painted: nothing collides with it."""
    solid = {"contype": 0, "conaffinity": 0} if friction is None else {"friction": (friction, 0.005, 0.0001), **WORLD_BITS}
    body = spec.worldbody.add_body(name=name, mocap=True)
    body.add_geom(
        name=f"{name}/disc",
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=(radius_m, height_m / 2, 0),
        pos=(0, 0, height_m / 2),
        rgba=(*rgb, 1),
        group=FOREGROUND_GROUP,
        **solid,
    )
