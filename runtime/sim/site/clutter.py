"""Things that were put down round the work area since the photos were taken: no splat shows them, and a policy must not mind."""

import numpy as np

from runtime.bound.source import HiddenSite
from runtime.bound.task import Task
from runtime.sim.parts.mj import Spec
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.parts.solid import Solid
from runtime.sim.pixels.texture import Material

_STREAM = 17
NEAREST_M, FARTHEST_M = 0.02, 0.12
"""Between the edge of the task's area and the edge of a thing."""
BASE_M = 0.13
"""Nothing stands nearer to the robot's axis."""


def trial_clutter(site: HiddenSite, task: Task, count: int, scene: Spec) -> tuple[list[Solid], dict[str, Material]]:
    """`count` small things in the base frame, beside the task's area and apart from each other, and the material of each.

    Every second one is a distractor: it has the colour of a geom of the task's objects in `scene`.
    """
    rng = np.random.default_rng([site.seed, _STREAM])
    colors = [geom.rgba[:3] for geom in scene.geoms if geom.group == FOREGROUND_GROUP and not geom.name.startswith("robot/")]
    area, solids, materials = task.area, list[Solid](), dict[str, Material]()
    for _ in range(60 * count):
        if len(solids) == count:
            break
        size = tuple(float(x) for x in rng.uniform(0.010, 0.024, 3))
        reach = float(np.hypot(size[0], size[1]))
        beyond = NEAREST_M + reach, FARTHEST_M + reach
        x = area.center_x_m + float(rng.uniform(-1, 1)) * (area.half_x_m + beyond[1])
        y = float(rng.uniform(-1, 1)) * (area.half_y_m + beyond[1])
        inside = abs(x - area.center_x_m) < area.half_x_m + beyond[0] and abs(y) < area.half_y_m + beyond[0]
        near = any(np.hypot(x - s.center_m[0], y - s.center_m[1]) < reach + 0.035 for s in solids)
        if inside or near or np.hypot(x, y) < BASE_M + reach:
            continue
        number = len(solids)
        boxy, name, yaw = number // 2 % 2 == 0, f"site/since/{number}", float(rng.uniform(-3, 3))
        extent = size if boxy else (size[0], size[2])
        solids.append(Solid(name, "box" if boxy else "cylinder", (x, y, size[2]), extent, yaw))
        own = rng.uniform(0.05, 0.9, 3)
        chosen = colors[rng.integers(len(colors))] if number % 2 and colors else own
        rgb = tuple(float(c) for c in chosen)
        materials[name] = Material(rgb, rgb)
    return solids, materials
