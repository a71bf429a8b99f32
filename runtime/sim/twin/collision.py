"""Collision geometry of what stands on the support: convex parts of the mesh that fused depth gives.

MuJoCo collides convex shapes, so each thing is cut into few of them by CoACD (Wei et al., "Approximate convex decomposition
for 3D meshes with collision-aware concavity and tree search", SIGGRAPH 2022). The support itself is a box, exact at z = 0: a
splat's depth is poorest on a bare table, and there robot and task stand.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from scipy import ndimage
from scipy.spatial import ConvexHull

from runtime.bound.task import Area
from runtime.sim.parts.mj import Spec, mujoco
from runtime.sim.parts.robot import WORLD_BITS
from runtime.sim.parts.solid import COLLISION_GROUP, Solid
from runtime.sim.twin.placement import footprint
from runtime.sim.twin.surface import Box, mesh_of

REACH_M = 0.75  # farther from the base than this nothing can be touched
LOW_M = 0.02  # lower things are noise of the support
HIGH_M = 0.45
FAR_M = 0.06  # surfaces farther than this from every captured point are haze, as for `runtime.sim.twin.haze`
SMALL_L = 0.03  # a thing of fewer litres is noise
MOST_THINGS, MOST_PARTS = 24, 4  # of a place, and of a thing: the largest are kept
CONVEX = 1.4  # a thing whose hull is larger by no more than this is its hull: cuts would follow the noise of its surface
CONCAVITY = 0.1  # of a part, as CoACD measures it
RIM_M, TOP_M, ROUND_M = 0.008, 0.06, 0.025  # a top without its rim, how far below the highest it may be, how round it gets
FEWEST_OVER, LEVEL_M = 3, 0.006  # points over a part, and their spread, that say its top is level
SLIVER_M = 0.004  # a part that is thinner is left out
MANY_FACES = 1200  # of a thing that is cut at half the resolution, to bound the time


def support_box() -> Solid:
    """The support's top as a thick slab at z = 0 that holds robot, work area and everything within reach."""
    return Solid("twin/support", "box", (0.2, 0.0, -0.05), (REACH_M + 0.3, REACH_M + 0.3, 0.05))


def reach_box(voxel_m: float) -> Box:
    """Where things can be touched, in the base frame; it begins a layer below the support."""
    low = np.array((-REACH_M, -REACH_M, -2 * voxel_m))
    return Box(low, np.array((REACH_M, REACH_M, HIGH_M)))


def solid_field(distance: np.ndarray, seen: np.ndarray, box: Box, voxel_m: float, area: Area, points: np.ndarray) -> np.ndarray:
    """A signed distance field [X, Y, Z] of what stands on the support: down to z = 0, out of the robot's way, near captured
    points, and with what is enclosed by surfaces but seen by no view counted as inside.

    Args:
        distance, seen: as `fuse` gives them. [X, Y, Z]
        points: what was captured, [M, 3] in the base frame.
    """
    x, y, z = (box.low[i] + (np.arange(n) + 0.5) * voxel_m for i, n in enumerate(distance.shape))
    unknown = seen < 2
    labels, _ = ndimage.label(unknown[:, :, z > LOW_M])
    sides = (labels[[0, -1]], labels[:, [0, -1]], labels[:, :, -1])
    open_ = np.unique(np.concatenate([side.ravel() for side in sides]))
    field = np.where(unknown, 1.0, distance)
    field[:, :, z > LOW_M] = np.where((labels > 0) & ~np.isin(labels, open_), -1.0, field[:, :, z > LOW_M])
    cells = np.floor((points[points[:, 2] > LOW_M] - box.low) / voxel_m).astype(int)
    cells = cells[np.all((cells >= 0) & (cells < field.shape), axis=1)]
    empty = np.ones(field.shape, bool)
    empty[tuple(cells.T)] = False
    field[ndimage.distance_transform_edt(empty, voxel_m) > FAR_M if len(cells) else empty] = 1.0
    foot = int(np.argmax(z > LOW_M))
    field[:, :, z <= LOW_M] = field[:, :, foot, None]
    field[:, :, z < 0] = 1.0
    low, high = footprint(area)
    free = ((x > low[0]) & (x < high[0]))[:, None] & ((y > low[1]) & (y < high[1]))[None]
    field[free | (np.hypot(x[:, None], y[None]) > REACH_M)] = 1.0
    return field


@dataclass(frozen=True)
class Thing:
    """A closed mesh of something that stands apart, metres, and its convex parts."""

    mesh: trimesh.Trimesh
    parts: list[trimesh.Trimesh]


def things(field: np.ndarray, box: Box, voxel_m: float, points: np.ndarray) -> list[Thing]:
    """The separate things in a field [X, Y, Z], the largest first; noise is left out."""
    labels, count = ndimage.label(field < 0)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    fewest = SMALL_L * 1e-3 / voxel_m**3
    found = []
    for index in np.argsort(-sizes, kind="stable")[:MOST_THINGS]:
        if sizes[index] >= fewest:
            own = np.where((labels != index + 1) & (field < 0), 1.0, field)
            mesh = mesh_of(own, box, voxel_m)
            coarse = mesh if len(mesh.faces) < MANY_FACES else mesh_of(own, box, voxel_m, step=2)
            parts = [level_top(part, points) for part in convex_parts(mesh, coarse)]
            with np.errstate(divide="ignore", invalid="ignore"):  # of those without volume
                found.append(Thing(mesh, [part for part in parts if part.volume > SLIVER_M * part.area / 2]))
    return found


def convex_parts(mesh: trimesh.Trimesh, coarse: trimesh.Trimesh) -> list[trimesh.Trimesh]:
    """Convex meshes that cover a closed mesh, at most `MOST_PARTS`, the same each time: its hull, or cuts of `coarse`."""
    hull = mesh.convex_hull
    if hull.volume <= CONVEX * mesh.volume or not coarse.is_watertight:
        return [hull]
    import coacd

    coacd.set_log_level("error")
    given = coacd.Mesh(coarse.vertices, coarse.faces)
    parts = coacd.run_coacd(
        given,
        threshold=CONCAVITY,
        max_convex_hull=MOST_PARTS,
        preprocess_mode="off",  # the mesh is closed as it is
        resolution=500,
        mcts_nodes=8,
        mcts_iterations=20,
        mcts_max_depth=2,
        seed=0,
    )
    return [trimesh.Trimesh(*part).convex_hull for part in parts]


def level_top(part: trimesh.Trimesh, points: np.ndarray) -> trimesh.Trimesh:
    """A convex part with a level top where captured points [M, 3] over it lie level: fused depth rounds edges and tilts tops,
    and things would slide off. Others stay as they are.
    """
    corners = part.vertices[:, :2][ConvexHull(part.vertices[:, :2]).vertices]  # counter-clockwise
    side = np.roll(corners, -1, 0) - corners
    inward = np.stack((-side[:, 1], side[:, 0]), 1) / np.linalg.norm(side, axis=1)[:, None]
    over = points[np.all(points[:, :2] @ inward.T - np.sum(corners * inward, axis=1) > RIM_M, axis=1)]
    highest = part.bounds[1, 2]
    over = over[(over[:, 2] > max(LOW_M, highest - TOP_M)) & (over[:, 2] < highest + ROUND_M)]
    if len(over) < FEWEST_OVER:
        return part
    level = float(np.median(over[:, 2]))
    if np.median(np.abs(over[:, 2] - level)) > LEVEL_M:
        return part
    vertices = part.vertices.copy()
    foot = max(level - ROUND_M, (level + part.bounds[0, 2]) / 2)
    vertices[vertices[:, 2] > foot, 2] = level
    return trimesh.Trimesh(vertices, part.faces).convex_hull


def write_parts(folder: Path, parts: list[trimesh.Trimesh]) -> list[Path]:
    """Write each part as binary STL (metres, base frame); returns the files in order."""
    files = [folder / f"part-{i:03d}.stl" for i in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        part.export(file, file_type="stl")
    return files


def add_parts(spec: Spec, files: list[Path], below: Path, friction: float) -> None:
    """Add mesh geoms to the world; the scene's XML then names the files by their paths relative to `below`."""
    for file in files:
        name, relative = f"twin/{file.stem}", file.relative_to(below).as_posix()
        spec.add_mesh(name=name, file=relative, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
        spec.assets[relative] = file.read_bytes()
        spec.worldbody.add_geom(
            name=name,
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=name,
            group=COLLISION_GROUP,
            friction=(friction, 0.005, 0.0001),
            **WORLD_BITS,
        )
