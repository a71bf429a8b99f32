"""Rooms of several kinds round the table of a procedural site: their size, windows and furniture, by seed.

Everything is a static solid in the site frame. What stands here is out of the robot's reach and touches nothing.
"""

from dataclasses import dataclass, field

import numpy as np

from runtime.sim.parts.solid import Solid
from runtime.sim.pixels.texture import Material, Pattern

type Rgb = tuple[float, ...]
FLOOR_Z_M = -0.75
NEAREST_M = 1.36
"""Furniture stands no nearer to the table's middle: photographers walk there."""
GLASS, DARK, STEEL, WOOD = (0.90, 0.95, 0.98), (0.08, 0.08, 0.09), (0.62, 0.63, 0.65), (0.50, 0.34, 0.20)


@dataclass
class Room:
    """A room while it is furnished: one generator, solids and their materials."""

    rng: np.random.Generator
    half_m: tuple[float, float] = (2.0, 2.0)
    high_m: float = 2.4
    solids: list[Solid] = field(default_factory=list)
    materials: dict[str, Material] = field(default_factory=dict)

    def draw(self, low: float, high: float) -> float:
        """A number between two."""
        return float(self.rng.uniform(low, high))

    def any_rgb(self) -> Rgb:
        """A colour of no particular kind."""
        return self.draw(0.06, 0.9), self.draw(0.06, 0.9), self.draw(0.06, 0.9)

    def tinted(self, rgb: Rgb, other: Rgb | None = None, pattern: Pattern = "plain", scale_m: float = 0.1) -> Material:
        """A surface of about this colour."""
        tint = self.rng.uniform(0.95, 1.05, 3) * self.draw(0.85, 1.1)
        one, two = (np.clip(np.array(c) * tint, 0.02, 0.98) for c in (rgb, other or tuple(0.7 * c for c in rgb)))
        seed, scale = int(self.rng.integers(2**31)), scale_m * self.draw(0.8, 1.25)
        return Material(tuple(map(float, one)), tuple(map(float, two)), pattern, scale, seed)

    def add(self, shape: str, center: tuple[float, ...], size: tuple[float, ...], material: Material, yaw: float = 0.0) -> None:
        """One solid; of a box half its edges."""
        name = f"site/room/{len(self.solids)}"
        x, y, z = map(float, center)
        self.solids.append(Solid(name, shape, (x, y, z), tuple(map(float, size)), float(yaw), collides=False))  # ty: ignore[invalid-argument-type]
        self.materials[name] = material

    def at_wall(
        self, wall: int, along: float, out: float, up: float, size: tuple[float, float, float], material: Material
    ) -> None:
        """A box by wall 0 to 3: its middle `along` the wall from its middle, its back `out` from it, its foot `up` from the
        floor; `size` is its width, depth and height."""
        wide, deep, high = (s / 2 for s in size)
        away = self.half_m[0 if wall < 2 else 1] - out - deep
        sign = 1 if wall % 2 == 0 else -1
        z = FLOOR_Z_M + up + high
        if wall < 2:
            self.add("box", (sign * away, along, z), (deep, wide, high), material)
        else:
            self.add("box", (along, sign * away, z), (wide, deep, high), material)

    def reach(self, wall: int) -> float:
        """Half the length of a wall."""
        return self.half_m[1 if wall < 2 else 0]

    def window(self, wall: int, along: float, wide: float, high: float, up: float) -> None:
        """A window of bright panes in a frame, on a wall."""
        frame = self.tinted((0.85, 0.84, 0.80))
        self.at_wall(wall, along, 0.0, up, (wide + 0.12, 0.03, high + 0.12), frame)
        panes = int(self.rng.integers(2, 5))
        for i in range(panes):
            left = along + (i + 0.5 - panes / 2) * wide / panes
            self.at_wall(
                wall,
                left,
                0.03,
                up + 0.06,
                (wide / panes - 0.04, 0.005, high),
                self.tinted(GLASS, (0.75, 0.86, 0.95), "cloth", 0.5),
            )

    def rack(self, wall: int, along: float, wide: float, high: float, levels: int, deep: float, thing: float) -> None:
        """Shelves full of things of about a size."""
        wood = self.tinted(WOOD, (0.36, 0.23, 0.13), "grain", 0.06)
        for side in (-1, 1):
            self.at_wall(wall, along + side * wide / 2, 0.0, 0.0, (0.03, deep, high), wood)
        for level in range(levels):
            up = (level + 0.3) * high / levels
            self.at_wall(wall, along, 0.0, up, (wide, deep, 0.025), wood)
            left = -wide / 2 + 0.04
            while left < wide / 2 - 0.08:
                broad = thing * self.draw(0.5, 1.5)
                tall = min(high / levels - 0.08, thing * self.draw(1.2, 3.5))
                colour = self.any_rgb()
                if self.rng.random() < 0.85:
                    look = self.tinted(colour, None, ("plain", "stripes", "checker")[int(self.rng.integers(3))], 0.04)
                    self.at_wall(wall, along + left + broad / 2, 0.02, up + 0.025, (broad * 0.94, deep * 0.7, tall), look)
                left += broad


def _shell(room: Room, floor: Material, wall: Material) -> None:
    """Floor, ceiling and four walls."""
    x, y, high = *room.half_m, room.high_m
    room.solids.append(Solid("site/floor", "box", (0, 0, FLOOR_Z_M - 0.05), (x, y, 0.05)))
    room.materials["site/floor"] = floor
    room.add("box", (0, 0, FLOOR_Z_M + high + 0.05), (x, y, 0.05), room.tinted((0.9, 0.9, 0.88)))
    for i in range(4):
        size = (0.05, y, high / 2) if i < 2 else (x, 0.05, high / 2)
        place = (1 if i % 2 == 0 else -1) * ((x if i < 2 else y) + 0.05)
        room.add("box", (place, 0, FLOOR_Z_M + high / 2) if i < 2 else (0, place, FLOOR_Z_M + high / 2), size, wall)
        room.at_wall(i, 0.0, 0.0, 0.0, (2 * room.reach(i), 0.012, 0.09), room.tinted(wall.other))


def _kitchen(room: Room, walls: list[int]) -> None:
    rng = room.rng
    front, top = (room.tinted(room.any_rgb()), room.tinted((0.7, 0.68, 0.64), (0.45, 0.43, 0.4), "speckle", 0.02))
    for wall in walls[: int(rng.integers(1, 3))]:
        reach, splash = room.reach(wall), room.tinted((0.86, 0.88, 0.86), (0.55, 0.66, 0.7), "tiles", 0.12)
        room.at_wall(wall, 0.0, 0.0, 0.9, (2 * reach, 0.01, 0.55), splash)
        room.at_wall(wall, 0.0, 0.0, 0.86, (2 * reach, 0.60, 0.04), top)
        count = int(rng.integers(4, 8))
        step = 2 * reach / count
        for i in range(count):
            along = -reach + (i + 0.5) * step
            room.at_wall(wall, along, 0.0, 0.08, (step - 0.015, 0.57, 0.77), front)
            room.at_wall(wall, along + 0.3 * step, 0.57, 0.55, (0.02, 0.02, 0.16), room.tinted(STEEL))
            if rng.random() < 0.75:
                room.at_wall(wall, along, 0.0, 1.45, (step - 0.012, 0.34, 0.7), front)
            if rng.random() < 0.6:
                size = rng.uniform(0.08, 0.3), rng.uniform(0.1, 0.25), rng.uniform(0.1, 0.4)
                look = room.tinted(room.any_rgb(), None, "stripes", 0.06)
                room.at_wall(wall, along, 0.15, 0.9, tuple(map(float, size)), look)  # ty: ignore[invalid-argument-type]
    room.at_wall(
        walls[2], room.draw(-0.6, 0.6) * room.reach(walls[2]), 0.0, 0.0, (0.7, 0.62, 1.9), room.tinted((0.8, 0.82, 0.84))
    )
    room.window(walls[3], room.draw(-0.4, 0.4), room.draw(0.9, 1.6), room.draw(0.7, 1.1), 0.95)


def _workshop(room: Room, walls: list[int]) -> None:
    rng = room.rng
    for wall in walls[: int(rng.integers(1, 3))]:
        room.rack(wall, room.draw(-0.5, 0.5), room.draw(1.6, 2.6), room.draw(1.7, 2.2), int(rng.integers(3, 6)), 0.42, 0.16)
    wall = walls[2]
    board, wide = room.tinted((0.72, 0.6, 0.42), (0.5, 0.4, 0.26), "checker", 0.03), room.draw(1.4, 2.4)
    room.at_wall(wall, 0.0, 0.0, 1.1, (wide, 0.02, 0.95), board)
    for _ in range(int(rng.integers(10, 22))):  # tools on the board
        size = (room.draw(0.02, 0.06), 0.03, room.draw(0.12, 0.4))
        colour = (STEEL, DARK, (0.75, 0.1, 0.08), (0.1, 0.25, 0.6), (0.85, 0.6, 0.1))[int(rng.integers(5))]
        room.at_wall(wall, room.draw(-0.47, 0.47) * wide, 0.02, room.draw(1.15, 1.6), size, room.tinted(colour))
    for _ in range(int(rng.integers(3, 7))):  # crates on the floor
        turn, size = room.draw(-np.pi, np.pi), rng.uniform(0.12, 0.24, 3)
        away = room.draw(NEAREST_M + float(np.hypot(*size[:2])), min(room.half_m))
        place = (away * np.cos(turn), away * np.sin(turn), FLOOR_Z_M + size[2])
        look = room.tinted(WOOD, (0.3, 0.2, 0.1), "stripes", 0.07)
        room.add("box", place, tuple(size), look, room.draw(-1, 1))
    for k in range(int(rng.integers(2, 5))):  # pipes below the ceiling
        y = room.draw(-0.8, 0.8) * room.half_m[1]
        size = (room.half_m[0], room.draw(0.02, 0.05), room.draw(0.02, 0.05))
        room.add("box", (0, y, FLOOR_Z_M + room.high_m - 0.1 - 0.05 * k), size, room.tinted(STEEL))
    if rng.random() < 0.6:
        room.window(walls[3], room.draw(-0.5, 0.5), room.draw(1.2, 2.2), 0.55, 1.6)


def _office(room: Room, walls: list[int]) -> None:
    rng = room.rng
    room.rack(walls[0], room.draw(-0.4, 0.4), room.draw(1.4, 2.2), room.draw(1.6, 2.1), int(rng.integers(4, 7)), 0.32, 0.06)
    room.window(walls[1], room.draw(-0.3, 0.3), room.draw(1.8, 2.8), room.draw(1.0, 1.4), 0.85)
    wall, desks = walls[2], int(rng.integers(1, 3))
    for i in range(desks):
        along = (i - (desks - 1) / 2) * 1.7 + room.draw(-0.1, 0.1)
        top = room.tinted((0.82, 0.8, 0.76), (0.7, 0.66, 0.6), "grain", 0.06)
        room.at_wall(wall, along, 0.05, 0.70, (1.4, 0.62, 0.03), top)
        for side in (-0.66, 0.66):
            room.at_wall(wall, along + side, 0.05, 0.0, (0.04, 0.58, 0.70), room.tinted(STEEL))
        for k in range(int(rng.integers(1, 3))):  # screens
            x = along + (k - 0.5) * 0.6
            room.at_wall(wall, x, 0.2, 0.73, (0.2, 0.16, 0.015), room.tinted(DARK))
            room.at_wall(wall, x, 0.27, 0.75, (0.03, 0.03, 0.2), room.tinted(DARK))
            room.at_wall(wall, x, 0.30, 0.85, (0.55, 0.02, 0.33), room.tinted(DARK))
            room.at_wall(
                wall, x, 0.32, 0.865, (0.52, 0.004, 0.30), room.tinted((0.3, 0.5, 0.75), (0.85, 0.85, 0.9), "stripes", 0.09)
            )
    room.at_wall(
        walls[3],
        room.draw(-0.5, 0.2),
        0.0,
        0.85,
        (1.4, 0.02, 0.9),
        room.tinted((0.95, 0.95, 0.95), (0.4, 0.4, 0.6), "cloth", 0.4),
    )
    room.at_wall(
        walls[3],
        0.85 * room.reach(walls[3]) - 0.4,
        0.0,
        0.0,
        (0.85, 0.05, 2.0),
        room.tinted(WOOD, (0.36, 0.23, 0.13), "grain", 0.1),
    )
    x, y = ((h - 0.3) * s for h, s in zip(room.half_m, rng.choice((-1, 1), 2), strict=True))  # a plant in a corner
    room.add("cylinder", (x, y, FLOOR_Z_M + 0.16), (0.15, 0.16), room.tinted((0.6, 0.3, 0.2)))
    for _ in range(int(rng.integers(6, 12))):
        dx, dy, dz, size = *rng.normal(0, 0.08, 2), rng.uniform(0.4, 1.0), rng.uniform(0.06, 0.13)
        room.add("sphere", (x + dx, y + dy, FLOOR_Z_M + dz), (size,), room.tinted((0.12, 0.38, 0.14)))


KINDS = {
    "kitchen": (_kitchen, ("tiles", (0.72, 0.68, 0.6), (0.5, 0.45, 0.38), 0.3), ((0.88, 0.85, 0.76), (0.8, 0.76, 0.66))),
    "workshop": (_workshop, ("speckle", (0.42, 0.42, 0.42), (0.3, 0.3, 0.3), 0.1), ((0.62, 0.6, 0.56), (0.48, 0.44, 0.4))),
    "office": (_office, ("cloth", (0.34, 0.38, 0.46), (0.24, 0.27, 0.34), 0.2), ((0.9, 0.9, 0.9), (0.78, 0.82, 0.86))),
}
"""How a kind is furnished, its floor, and colours of its walls."""


def furnished(rng: np.random.Generator, kind: str) -> tuple[list[Solid], dict[str, Material]]:
    """Solids of a room and the material of each, by name."""
    fill, (pattern, rgb, other, scale), walls = KINDS[kind]
    room = Room(rng, (float(rng.uniform(2.05, 2.7)), float(rng.uniform(2.05, 2.7))), float(rng.uniform(2.9, 3.3)))
    floor = room.tinted(rgb, other, pattern, scale)  # ty: ignore[invalid-argument-type]
    _shell(room, floor, room.tinted(*walls, ("plain", "cloth", "stripes")[int(rng.integers(3))], 0.4))
    fill(room, list(map(int, rng.permutation(4))))
    return room.solids, room.materials
