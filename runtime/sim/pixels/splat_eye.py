"""Robot and objects as Gaussians that move with them, over a place's splat by depth and alpha.

SplatSim (Qureshi et al., "SplatSim: Zero-Shot Sim2Real Transfer of RGB Manipulation Policies Using Gaussian Splatting", ICRA
2025) cuts a scan of the robot into links by hand. Here a link's Gaussians lie on the surface that MuJoCo compiled, one on each
triangle, with the triangle's own covariance. As in a scan, the light of one pose is baked into their colours, and they cast no
shadow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import trimesh

from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import GROUPS, Behind, Eye, Look, where_now
from runtime.sim.pixels.raycast import cast, lambert
from runtime.sim.pixels.solids import BOX, CAPSULE, CYLINDER, ELLIPSOID, LIFT_M, MESH, SHADOW_END, SPHERE, Solids, colors
from runtime.splat.gaussians import Gaussians, rgb_to_sh
from runtime.splat.renderer import Renderer

SPREAD = 2.5
"""Of a triangle's covariance: so that neighbours leave no holes, and outlines hardly grow."""
THICKNESS = 0.1
"""Of a Gaussian across its surface, as a share of its shorter axis there."""
OPACITY = 0.99
SLACK_M = 0.01
"""Farther behind what the place shows than that, robot and objects are hidden by it."""


@dataclass(frozen=True)
class Shell:
    """Gaussians on all surfaces of robot and objects, each in the frame of its geom, metres."""

    geom: np.ndarray  # [N] ids
    means: np.ndarray  # [N, 3]
    quats: np.ndarray  # [N, 4] wxyz; the last axis is across the surface
    scales: np.ndarray  # [N, 3] standard deviations
    normals: np.ndarray  # [N, 3]
    albedo: np.ndarray  # [N, 3] in 0..1

    def __len__(self) -> int:
        return len(self.geom)

    def placed(self, data: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Means [N, 3], quaternions [N, 4] and normals [N, 3] where the geoms of `data` are now."""
        turns = data.geom_xmat.reshape(-1, 3, 3)[self.geom]
        means = np.einsum("nij,nj->ni", turns, self.means) + data.geom_xpos[self.geom]
        quats = np.empty((len(data.geom_xmat), 4))
        for geom in np.unique(self.geom):
            mujoco.mju_mat2Quat(quats[geom], data.geom_xmat[geom])
        return means, _product(quats[self.geom], self.quats), np.einsum("nij,nj->ni", turns, self.normals)


def shell_of(model: Model, spacing_m: float) -> Shell:
    """The shell of all that is drawn in front: triangles no longer than `spacing_m` have a Gaussian each.

    Raises:
        InputError: R278 when something drawn has no surface that ends.
    """
    found, paints, data = [], colors(model)[:, :3], mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    for geom in Solids(model, GROUPS).geoms:
        mesh = _surface(model, int(geom), spacing_m)
        corners, faces = trimesh.remesh.subdivide_to_size(mesh.vertices, mesh.faces, spacing_m, max_iter=20)
        triangles = corners[faces]  # [F, 3, 3]
        across = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        area = np.linalg.norm(across, axis=1)
        triangles, across = triangles[area > 1e-14], across[area > 1e-14] / area[area > 1e-14, None]
        means = triangles.mean(1)
        off = triangles - means[:, None]
        sizes, axes = np.linalg.eigh(SPREAD * np.einsum("fki,fkj->fij", off, off) / 12)  # ascending: the first is across
        long, short = axes[:, :, 2], axes[:, :, 1]
        turns = np.stack([long, short, np.cross(long, short)], -1)
        flat = np.sqrt(np.maximum(sizes[:, :0:-1], 1e-12))
        scales = np.concatenate([flat, THICKNESS * flat[:, 1:]], 1)
        quats = np.empty((len(turns), 4))
        for quat, turn in zip(quats, turns, strict=True):
            mujoco.mju_mat2Quat(quat, turn.ravel())
        albedo = np.tile(paints[geom], (len(means), 1))
        if model.geom_matid[geom] >= 0:
            albedo = _textured(model, data, int(geom), means, across, albedo, spacing_m)
        found.append((np.full(len(means), geom), means, quats, scales, across, albedo))
    return Shell(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _surface(model: Model, geom: int, spacing_m: float) -> trimesh.Trimesh:
    """The closed surface of a geom, in its own frame; round ones have about so long edges."""
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    around = max(8, int(np.ceil(2 * np.pi * size[0] / spacing_m)))
    if kind == MESH:
        mesh = model.geom_dataid[geom]
        first, corner = model.mesh_faceadr[mesh], model.mesh_vertadr[mesh]
        faces = model.mesh_face[first : first + model.mesh_facenum[mesh]]
        return trimesh.Trimesh(model.mesh_vert[corner : corner + model.mesh_vertnum[mesh]], faces, process=False)
    if kind == BOX:
        return trimesh.creation.box(2 * size)
    if kind in (SPHERE, ELLIPSOID):
        ball = trimesh.creation.icosphere(2)
        return ball.apply_scale(size if kind == ELLIPSOID else size[0])
    if kind == CYLINDER:
        return trimesh.creation.cylinder(size[0], 2 * size[1], sections=around)
    if kind == CAPSULE:
        rod = trimesh.creation.capsule(2 * size[1], size[0], count=[around, around])
        return rod.apply_translation(-rod.bounds.mean(0))
    message = f"Gaussians cannot cover `{model.geom(geom).name or geom}`, which does not end"
    raise InputError(Problem("R278", message, "use boxes, spheres, capsules, cylinders, ellipsoids or meshes"))


def _textured(
    model: Model, data: Data, geom: int, means: np.ndarray, normals: np.ndarray, plain: np.ndarray, spacing_m: float
) -> np.ndarray:
    """Colours [F, 3] of a textured geom, read a little outside of each triangle, or the `plain` ones."""
    turn, found = data.geom_xmat[geom].reshape(3, 3), plain.copy()
    starts, rays = (means + LIFT_M * normals) @ turn.T + data.geom_xpos[geom], -2 * LIFT_M * normals @ turn.T
    for i, (start, ray) in enumerate(zip(starts, rays, strict=True)):
        hit = cast(model, data, start, ray[None], GROUPS, spacing_m / LIFT_M)
        if hit.geom[0] == geom and np.isfinite(hit.paint[0, 0]):
            found[i] = hit.paint[0]
    return found


class SplatEye(Eye):
    """One camera of one scene, which sees robot and objects as Gaussians, lit as in `scanned`, one state of the scene."""

    def __init__(
        self,
        model: Model,
        camera: Camera,
        behind: Behind,
        look: Look,
        samples: int = 2,
        *,
        shell: Shell,
        scanned: Data,
        renderer: Renderer,
    ) -> None:
        self.shell, self.scanned, self._renderer = shell, scanned, renderer
        super().__init__(model, camera, behind, look, samples)

    def _light_up(self, look: Look) -> None:
        super()._light_up(look)
        points, _, normals = self.shell.placed(self.scanned)
        lamp, root = np.array(look.lamp.position_m), self.model.body_rootid[self.model.geom_bodyid]
        met = cast(self.model, self.scanned, lamp, points + LIFT_M * normals - lamp, GROUPS)
        own = root[met.geom] == root[self.shell.geom]  # things are scanned one by one: none lies in the shadow of another
        seen = (met.range > SHADOW_END) | ~own
        albedo = np.clip(self.shell.albedo * np.array(look.color_gain), 0, 1)
        self._sh = rgb_to_sh(albedo * lambert(look.lamp, points, normals, seen))[:, None]

    def light(self, data: Data) -> np.ndarray:
        """Light [H, W, 3] float32 that arrives at the camera; needs current geom places in `data`."""
        camera = where_now(self.camera, self.model, data)
        behind = self.behind if isinstance(self.behind, Backdrop) else self.behind(camera)
        s = self.samples
        rgb, depth, alpha = self.layer(data, s)
        place, far = (of.repeat(s, 0).repeat(s, 1) for of in (behind.rgb, behind.depth_m + SLACK_M))
        front = (depth < far)[..., None]
        fine = np.where(front, rgb + (1 - alpha[..., None]) * place, place)
        return fine.reshape(camera.height, s, camera.width, s, 3).mean(axis=(1, 3), dtype=np.float32)

    def layer(self, data: Data, samples: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Robot and objects alone, in `samples` by `samples` as many pixels: light times alpha [h, w, 3], expected z-depth [h, w]
        in metres, alpha [h, w]."""
        drawn, alpha = self._drawn(data, samples, self._sh, {"sh_degree": 0, "render_mode": "RGB+ED"})
        return np.maximum(drawn[..., :3], 0), drawn[..., 3], alpha

    def share_of(self, geoms: Sequence[int], data: Data, samples: int = 1) -> np.ndarray:
        """How much of each of so many pixels [h, w] shows the Gaussians of some geoms, behind what stands before them."""
        return self._drawn(data, samples, np.isin(self.shell.geom, geoms)[:, None].astype(np.float32), {})[0][..., 0]

    def _drawn(self, data: Data, samples: int, values: np.ndarray, way: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        camera = where_now(self.camera, self.model, data)
        camera = camera.resized(camera.width * samples, camera.height * samples)
        means, quats, _ = self.shell.placed(data)
        gaussians = Gaussians(means, quats, self.shell.scales, np.full(len(means), OPACITY), np.zeros((len(means), 1, 3)))
        view = np.linalg.inv(camera.c2w)[None], camera.K[None]
        scene = (*self._renderer.arrays(gaussians)[:4], values)
        # pictures are small: without that each Gaussian grows by half a pixel
        way = way | {"rasterize_mode": "antialiased"}
        drawn, alpha, _ = self._renderer.rasterization(*scene, *view, camera.width, camera.height, **way)
        return drawn[0], alpha[0, ..., 0]


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton products of quaternions wxyz, [N, 4]."""
    (w, x, y, z), (s, u, v, t) = a.T, b.T
    return np.stack(
        [
            w * s - x * u - y * v - z * t,
            w * u + x * s + y * t - z * v,
            w * v - x * t + y * s + z * u,
            w * t + x * v - y * u + z * s,
        ],
        -1,
    )
