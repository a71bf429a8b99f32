"""The solids and surfaces of a procedural site: a table with clutter at its edges in a small room.

Site frame: the table's top is z = 0, its centre the origin; metres.
"""

from dataclasses import dataclass

import numpy as np

from runtime.sim.parts.solid import Solid
from runtime.sim.pixels.texture import Material, Pattern
from runtime.sim.site.household import household_thing
from runtime.sim.site.rooms import FLOOR_Z_M, furnished

type Rgb = tuple[int, int, int]  # per cent
type Surface = tuple[Rgb, Rgb, Pattern, float]  # colour, other colour, pattern, its scale in metres
CLEAR_RADIUS_M = 0.38  # nothing stands nearer to the table's centre: room for a robot
ROOM_HALF_M = 1.9


@dataclass(frozen=True)
class Style:
    """A family of places: surfaces that table, wall and floor may have, and colours of clutter."""

    table: tuple[Surface, ...]
    wall: tuple[Surface, ...]
    floor: tuple[Surface, ...]
    clutter: tuple[Rgb, ...]


STYLES = {
    "workshop": Style(
        table=(((62, 44, 27), (42, 28, 16), "grain", 0.05), ((55, 42, 30), (34, 24, 16), "grain", 0.07)),
        wall=(((55, 60, 62), (40, 45, 50), "cloth", 0.30), ((62, 56, 48), (45, 38, 32), "tiles", 0.40)),
        floor=(((38, 38, 38), (28, 28, 29), "speckle", 0.12),),
        clutter=((15, 35, 62), (85, 45, 10), (20, 45, 25), (55, 55, 58), (70, 12, 14), (90, 78, 20)),
    ),
    "kitchen": Style(
        table=(((83, 80, 74), (62, 57, 50), "speckle", 0.025), ((78, 74, 68), (60, 52, 45), "tiles", 0.16)),
        wall=(((88, 88, 84), (58, 70, 72), "tiles", 0.22), ((80, 76, 62), (66, 58, 42), "stripes", 0.35)),
        floor=(((60, 46, 33), (46, 33, 22), "grain", 0.10),),
        clutter=((75, 16, 14), (95, 70, 20), (35, 60, 30), (90, 90, 88), (25, 42, 60), (50, 32, 22)),
    ),
    "lab": Style(
        table=(((72, 74, 76), (55, 57, 60), "speckle", 0.03), ((30, 42, 38), (42, 56, 50), "checker", 0.05)),
        wall=(((82, 84, 86), (64, 68, 74), "stripes", 0.50), ((70, 74, 80), (52, 56, 66), "tiles", 0.45)),
        floor=(((50, 53, 56), (40, 42, 45), "tiles", 0.30),),
        clutter=((20, 22, 26), (10, 45, 60), (85, 85, 87), (80, 20, 20), (30, 55, 35), (60, 60, 62)),
    ),
}


def _material(rng: np.random.Generator, choices: tuple[Surface, ...]) -> Material:
    rgb, other, pattern, scale = choices[rng.integers(len(choices))]
    tint = rng.uniform(0.9, 1.1, 3)
    mixed = [tuple(float(x) for x in np.clip(np.array(c) / 100 * tint, 0, 1)) for c in (rgb, other)]
    return Material(mixed[0], mixed[1], pattern, scale * float(rng.uniform(0.85, 1.2)), int(rng.integers(2**31)))


def _clutter_material(rng: np.random.Generator, style: Style) -> Material:
    rgb = np.clip(np.array(style.clutter[rng.integers(len(style.clutter))]) / 100 * rng.uniform(0.8, 1.2, 3), 0.03, 0.97)
    other = np.clip(rgb * rng.uniform(0.35, 0.7) + rng.uniform(0, 0.25), 0, 1)
    pattern: Pattern = ("plain", "speckle", "stripes", "checker", "cloth")[rng.integers(5)]
    return Material(tuple(rgb), tuple(other), pattern, float(rng.uniform(0.02, 0.06)), int(rng.integers(2**31)))


def _clutter(
    rng: np.random.Generator, half: tuple[float, float], count: int, style: Style, household: bool
) -> list[tuple[Solid, Material]]:
    """Things that stand near the table's edges without touching each other, and the material of each."""
    solids: list[Solid] = []
    painted: list[Material] = []
    taken: list[tuple[float, float, float]] = []  # x, y, radius
    for _ in range(40 * count):
        if len(solids) == count:
            break
        x, y = (float(rng.uniform(-h + 0.06, h - 0.06)) for h in half)
        reach = float(rng.uniform(0.03, 0.075))
        if np.hypot(x, y) < CLEAR_RADIUS_M + reach or any(np.hypot(x - a, y - b) < reach + r for a, b, r in taken):
            continue
        taken.append((x, y, reach * 1.1))
        tall = float(rng.uniform(0.02, 0.10))  # half height
        name, yaw = f"site/clutter/{len(solids)}", float(rng.uniform(-np.pi, np.pi))
        if household:
            thing, material = household_thing(rng, name, (x, y), 0.75 * reach)
            solids.append(thing)
            painted.append(material)
            continue
        match rng.integers(4):
            case 0 | 1:
                size = (reach * 0.75, reach * float(rng.uniform(0.4, 0.66)), tall)
                solids.append(Solid(name, "box", (x, y, tall), size, yaw))
            case 2:
                solids.append(Solid(name, "cylinder", (x, y, tall), (reach * 0.8, tall)))
            case _:
                solids.append(Solid(name, "sphere", (x, y, reach * 0.8), (reach * 0.8,)))
    painted = painted or [_clutter_material(rng, style) for _ in solids]
    return list(zip(solids, painted, strict=True))


def _box(rng: np.random.Generator, style: Style, solids: list[Solid], materials: dict[str, Material]) -> None:
    """The bare room: four walls, a floor and posters."""
    room, wall = ROOM_HALF_M, _material(rng, style.wall)
    solids.append(Solid("site/floor", "box", (0, 0, FLOOR_Z_M - 0.05), (room, room, 0.05)))
    materials["site/floor"] = _material(rng, style.floor)
    for i, (nx, ny) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        size = (0.05, room, 1.6) if nx else (room, 0.05, 1.6)
        solids.append(Solid(f"site/wall/{i}", "box", (nx * room, ny * room, FLOOR_Z_M + 1.6), size))
        materials[f"site/wall/{i}"] = wall
    for i in range(int(rng.integers(2, 5))):  # posters, for something to see on the walls
        side, along, height = int(rng.integers(4)), float(rng.uniform(-1.2, 1.2)), float(rng.uniform(0.1, 0.9))
        size = (float(rng.uniform(0.15, 0.4)), float(rng.uniform(0.15, 0.4)))
        depth = room - 0.055
        place = ((depth, along, height), (-depth, along, height), (along, depth, height), (along, -depth, height))[side]
        extent = (0.008, *size) if side < 2 else (size[0], 0.008, size[1])
        solids.append(Solid(f"site/poster/{i}", "box", place, extent, collides=False))
        materials[f"site/poster/{i}"] = _clutter_material(rng, style)


def site_solids(
    rng: np.random.Generator, style_name: str, room_kind: str = "box", household: bool = False
) -> tuple[list[Solid], dict[str, Material]]:
    """Solids of one site and the material of each, by name."""
    style = STYLES[style_name]
    half = (float(rng.uniform(0.56, 0.68)), float(rng.uniform(0.48, 0.58)))
    thick = 0.02
    table = _material(rng, style.table)
    solids = [Solid("site/table", "box", (0, 0, -thick), (*half, thick))]
    materials = {"site/table": table}
    for i, (sx, sy) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
        place = (sx * (half[0] - 0.05), sy * (half[1] - 0.05), (FLOOR_Z_M - 2 * thick) / 2)
        solids.append(Solid(f"site/leg/{i}", "box", place, (0.03, 0.03, -FLOOR_Z_M / 2 - thick)))
        materials[f"site/leg/{i}"] = Material(table.other, table.rgb)
    if room_kind == "box":
        _box(rng, style, solids, materials)
    else:
        more, looks = furnished(rng, room_kind)
        solids, materials = solids + more, materials | looks
    for i in range(int(rng.integers(2, 5))):  # sheets of paper and mats that lie flat on the table
        x, y = (float(rng.uniform(-0.75, 0.75)) * h for h in half)
        size = (float(rng.uniform(0.05, 0.12)), float(rng.uniform(0.05, 0.12)), 0.0006)
        solids.append(
            Solid(f"site/sheet/{i}", "box", (x, y, 0.0006 * (i + 1)), size, float(rng.uniform(-np.pi, np.pi)), collides=False)
        )
        materials[f"site/sheet/{i}"] = _clutter_material(rng, style)
    for solid, material in _clutter(rng, half, int(rng.integers(9, 14)), style, household):
        solids.append(solid)
        materials[solid.name] = material
    return solids, materials
