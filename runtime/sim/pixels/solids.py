"""Rays on solids and meshes, in compiled loops: first hits, and robot and objects over a backdrop.

Each solid is met in its own frame, if a ray passes its bounding sphere; a mesh through the tree of boxes that MuJoCo keeps of its
triangles. `mj_ray` gives the same hits, ray by ray. `mj_multiRay` (MuJoCo 3.12) is not used: it passes a body by, by a sphere
whose centre it forgets to turn with the body, so turned links lost parts. No fast arithmetic here: pictures are the same on every
machine. All functions that these loops call stand in this file, or what numba keeps on disk would go out of date.
"""

from collections.abc import Sequence

import numpy as np

from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.pixels.skin import skin
from runtime.splat.jit import numba

PLANE, SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX, MESH = KINDS = tuple(
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{name}"))
    for name in ("PLANE", "SPHERE", "CAPSULE", "ELLIPSOID", "CYLINDER", "BOX", "MESH")
)
SHADOW_END = 1 - 2e-3  # of the way from the lamp to a point: what is nearer to the point does not shade it
PIXEL_RADIUS = 0.75  # of a pixel's circle, in pixels: it holds the square
LIFT_M = 1e-3  # shadow rays end a little above a surface, or it shades itself
GREY = (0.5, 0.5, 0.5, 1.0)  # MuJoCo's colour of a geom that states none: its material's counts

type Arrays = tuple[np.ndarray, ...]

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


def colors(model: Model) -> np.ndarray:
    """Colour and opacity of every geom [N, 4]: its material's, unless it states its own."""
    rgba = model.geom_rgba.copy()
    plain = (model.geom_matid >= 0) & np.all(rgba == np.array(GREY, np.float32), axis=1)
    rgba[plain] = model.mat_rgba[model.geom_matid[plain]]
    return rgba


class Solids:
    """The geoms of `groups` of `model` that can be seen; `geoms` [G] are their ids.

    Raises:
        InputError: R278 when one is neither a simple solid nor a mesh.
    """

    def __init__(self, model: Model, groups: Sequence[int]) -> None:
        self.geoms = np.flatnonzero(np.isin(model.geom_group, groups) & (colors(model)[:, 3] > 0))
        for geom in self.geoms:
            if model.geom_type[geom] not in KINDS:
                kind = mujoco.mjtGeom(model.geom_type[geom]).name.removeprefix("mjGEOM_").lower()
                message = f"pictures cannot show `{model.geom(geom).name or geom}`, which is a {kind}"
                raise InputError(Problem("R278", message, "use boxes, spheres, capsules, cylinders, ellipsoids or meshes"))
        kinds, mesh = model.geom_type[self.geoms].astype(np.int64), model.geom_dataid[self.geoms]
        starts = np.zeros((len(mesh), 3), np.int64)  # of a mesh: its tree's root, first corner, first triangle
        meshes = kinds == MESH
        for i, first in enumerate((model.mesh_bvhadr, model.mesh_vertadr, model.mesh_faceadr)):
            starts[meshes, i] = first[mesh[meshes]]
        tree = model.bvh_aabb, model.bvh_child, model.bvh_nodeid, model.mesh_vert, model.mesh_face
        self._kinds, self._sizes = kinds, model.geom_size[self.geoms]
        simple = set(kinds.tolist()) <= {SPHERE, CAPSULE, CYLINDER, BOX}
        self._mesh = None if simple else (starts, *tree, np.empty(64, np.int64))
        self._skin = None if simple else skin(model, self.geoms)
        radii = model.geom_rbound[self.geoms]
        self._radii = np.where(kinds == PLANE, np.inf, radii)
        self._model = model  # whose memory the tree is

    def _now(self, data: Data) -> tuple[np.ndarray | Arrays | None, ...]:
        return self._kinds, self._sizes, self._mesh, self._radii, data.geom_xpos[self.geoms], data.geom_xmat[self.geoms]

    def first(self, data: Data, origin: np.ndarray, rays: np.ndarray, spacing: float = 0.0) -> tuple[np.ndarray, ...]:
        """First hits of rays [M, 3] from `origin` [3], neighbours `spacing` radians apart: geom ids [M] int32 (-1 none), ranges
        [M] (inf none), normals [M, 3], and the textures' colours there [M, 3] (nan where there is none)."""
        geom, distance, normal = np.full(len(rays), -1, np.int32), np.full(len(rays), np.inf), np.zeros((len(rays), 3))
        paint = np.full((len(rays), 3), np.nan)
        _first(geom, distance, normal, paint, self._skin, spacing, *self._now(data), origin, rays)
        met = geom >= 0
        geom[met] = self.geoms[geom[met]]
        return geom, distance, normal, paint

    def draw(self, data: Data, albedo: np.ndarray, view: Arrays, lamp: Arrays, backdrop: Arrays) -> np.ndarray:
        """Light [P, 3] float32: the solids in colours `albedo` [G, 3] and their shadows over a backdrop.

        Args:
            data: Current places of the geoms.
            albedo: Float64.
            view: Origin [3]; unit rays [P, 3]; rays of depth 1 [P, S, 3]; the radius of a pixel in radians [1].
            lamp: Position [3], light [3], ambient light [3].
            backdrop: Light [P, 3] and light in shadow [P, 3], float32; z-depth [P] (inf: nothing); points [P, 3].
        """
        image = np.empty_like(backdrop[0])
        _draw(image, albedo, self._skin, *self._now(data), *view, *lamp, *backdrop)
        return image


@_compiled
def _slab(size, o, d):
    """Where a ray enters and leaves -size <= x <= size."""
    if d == 0:
        return (-np.inf, np.inf) if abs(o) <= size else (np.inf, -np.inf)
    a, b = (-size - o) / d, (size - o) / d
    return (a, b) if a <= b else (b, a)


@_compiled
def _meet(kind, size, ox, oy, oz, dx, dy, dz):
    """First hit of a ray in a solid's own frame: range (inf: none, in lengths of the ray) and the axis of the face, if flat."""
    if kind == BOX:
        near, far, first, last = -np.inf, np.inf, 0, 0
        a, b = _slab(size[0], ox, dx)
        near, far = a, b
        a, b = _slab(size[1], oy, dy)
        if a > near:
            near, first = a, 1
        if b < far:
            far, last = b, 1
        a, b = _slab(size[2], oz, dz)
        if a > near:
            near, first = a, 2
        if b < far:
            far, last = b, 2
        if near > far or far < 0:
            return np.inf, -1
        return (near, first) if near >= 0 else (far, last)
    best, face, r, h = np.inf, -1, size[0], size[1]
    if kind != SPHERE:  # the side
        a, b, c = dx * dx + dy * dy, ox * dx + oy * dy, ox * ox + oy * oy - r * r
        square = b * b - a * c
        if square < 0 or (a == 0 and c > 0):
            return np.inf, -1
        if a > 0:
            root = np.sqrt(square)
            for t in ((-b - root) / a, (-b + root) / a):
                if 0 <= t < best and abs(oz + t * dz) <= h:
                    best = t
    if kind == CYLINDER:
        if dz != 0:
            for end in (-h, h):
                t = (end - oz) / dz
                x, y = ox + t * dx, oy + t * dy
                if 0 <= t < best and x * x + y * y <= r * r:
                    best, face = t, 2
        return best, face
    ends = 1 if kind == SPHERE else 2
    a = dx * dx + dy * dy + dz * dz
    for end in range(ends):
        z = 0.0 if kind == SPHERE else (h if end else -h)
        b, c = ox * dx + oy * dy + (oz - z) * dz, ox * ox + oy * oy + (oz - z) * (oz - z) - r * r
        square = b * b - a * c
        if square >= 0:
            root = np.sqrt(square)
            for t in ((-b - root) / a, (-b + root) / a):
                if 0 <= t < best and (kind == SPHERE or (oz + t * dz) * z >= h * h):
                    best = t
    return best, face


@_compiled
def _meet_rare(kind, size, ox, oy, oz, dx, dy, dz):
    """As `_meet`, for planes and ellipsoids: apart, since each branch of `_meet` costs all others."""
    if kind == PLANE:
        t = -oz / dz if dz < 0 else -1.0  # it is seen from above
        inside = (size[0] <= 0 or abs(ox + t * dx) <= size[0]) and (size[1] <= 0 or abs(oy + t * dy) <= size[1])
        return (t, 2) if t >= 0 and inside else (np.inf, -1)
    a, b, c = 0.0, 0.0, -1.0  # a sphere of radius 1, stretched
    for s, o, d in ((size[0], ox, dx), (size[1], oy, dy), (size[2], oz, dz)):
        a, b, c = a + d * d / (s * s), b + o * d / (s * s), c + o * o / (s * s)
    square = b * b - a * c
    if square < 0:
        return np.inf, -1
    near, far = (-b - np.sqrt(square)) / a, (-b + np.sqrt(square)) / a
    return (near, -1) if near >= 0 else (far if far >= 0 else np.inf, -1)


@_compiled
def _meet_mesh(mesh, g, ox, oy, oz, dx, dy, dz):
    """As `_meet`, for a mesh: range and triangle. Both sides count. Triangles: Moeller, Trumbore, "Fast, Minimum Storage
    Ray/Triangle Intersection" (1997)."""
    starts, boxes, children, leaves, corners, triangles, stack = mesh
    root, first_corner, first = starts[g]
    ix, iy, iz = _inverse(dx), _inverse(dy), _inverse(dz)
    best, face, top = np.inf, -1, 1
    stack[0] = root
    while top:
        top -= 1
        node = stack[top]
        box = boxes[node]
        x, y, z = (box[0] - ox) * ix, (box[1] - oy) * iy, (box[2] - oz) * iz
        wide, deep, high = box[3] * abs(ix), box[4] * abs(iy), box[5] * abs(iz)
        near, far = max(x - wide, y - deep, z - high), min(x + wide, y + deep, z + high)
        slack = 1e-9 * (1 + abs(far))
        if near > far + slack or far < -slack or near > best:
            continue
        if leaves[node] < 0:
            for side in range(2):
                stack[top] = root + children[node, side]
                top += 1
            one, two = boxes[stack[top - 1]], boxes[stack[top - 2]]
            if (one[0] - two[0]) * dx + (one[1] - two[1]) * dy + (one[2] - two[2]) * dz > 0:  # the nearer one first
                stack[top - 1], stack[top - 2] = stack[top - 2], stack[top - 1]
            continue
        corner = triangles[first + leaves[node]]
        a, b, c = corners[first_corner + corner[0]], corners[first_corner + corner[1]], corners[first_corner + corner[2]]
        ax, ay, az = np.float64(a[0]), np.float64(a[1]), np.float64(a[2])
        ux, uy, uz, vx, vy, vz = b[0] - ax, b[1] - ay, b[2] - az, c[0] - ax, c[1] - ay, c[2] - az
        px, py, pz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
        det = ux * px + uy * py + uz * pz
        if det == 0:
            continue
        sx, sy, sz = ox - ax, oy - ay, oz - az
        u = (sx * px + sy * py + sz * pz) / det
        qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
        v = (dx * qx + dy * qy + dz * qz) / det
        t = (vx * qx + vy * qy + vz * qz) / det
        if u >= 0 and v >= 0 and u + v <= 1 and 0 <= t < best:
            best, face = t, leaves[node]
    return best, face


@_compiled
def _inverse(d):
    return 1 / d if abs(d) > 1e-150 else 1e150


@_compiled
def _hit(kinds, sizes, mesh, g, starts, x, y, z):
    """First hit of the ray along (x, y, z) of a solid's own frame, from `starts[g]` in it: range and face."""
    if mesh is None:  # which numba knows from the type: the loops without meshes hand nothing on for them
        return _meet(kinds[g], sizes[g], starts[g, 0], starts[g, 1], starts[g, 2], x, y, z)
    if kinds[g] == MESH:
        return _meet_mesh(mesh, g, starts[g, 0], starts[g, 1], starts[g, 2], x, y, z)
    if kinds[g] == PLANE or kinds[g] == ELLIPSOID:
        return _meet_rare(kinds[g], sizes[g], starts[g, 0], starts[g, 1], starts[g, 2], x, y, z)
    return _meet(kinds[g], sizes[g], starts[g, 0], starts[g, 1], starts[g, 2], x, y, z)


@_compiled
def _mesh_normal(mesh, g, face, dx, dy, dz):
    """Normal of a triangle, not of unit length, toward where a ray along d comes from."""
    _, first_corner, first = mesh[0][g]
    corner, corners = mesh[5][first + face], mesh[4]
    a, b, c = corners[first_corner + corner[0]], corners[first_corner + corner[1]], corners[first_corner + corner[2]]
    ax, ay, az = np.float64(a[0]), np.float64(a[1]), np.float64(a[2])
    ux, uy, uz, vx, vy, vz = b[0] - ax, b[1] - ay, b[2] - az, c[0] - ax, c[1] - ay, c[2] - az
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return (-x, -y, -z) if x * dx + y * dy + z * dz > 0 else (x, y, z)


@_compiled
def _normal(kind, size, face, x, y, z):
    """Outward normal, not of unit length, at a point of the surface, in the solid's own frame."""
    if kind == PLANE:
        return 0.0, 0.0, 1.0
    if kind == ELLIPSOID:
        return x / (size[0] * size[0]), y / (size[1] * size[1]), z / (size[2] * size[2])
    if face == 0:
        return np.copysign(1.0, x), 0.0, 0.0
    if face == 1:
        return 0.0, np.copysign(1.0, y), 0.0
    if face == 2:
        return 0.0, 0.0, np.copysign(1.0, z)
    if kind == CYLINDER:
        z = 0.0
    elif kind == CAPSULE:
        z -= min(max(z, -size[1]), size[1])
    return x, y, z


@_compiled
def _dot(a, x, y, z):
    return a[0] * x + a[1] * y + a[2] * z


@_compiled
def _local(turn, x, y, z):
    """A world vector in a solid's own frame: `turn` [9] has its axes in columns."""
    return (
        turn[0] * x + turn[3] * y + turn[6] * z,
        turn[1] * x + turn[4] * y + turn[7] * z,
        turn[2] * x + turn[5] * y + turn[8] * z,
    )


@_compiled
def _passes(toward, radius, dx, dy, dz):
    """Whether the line from the lamp along d passes a sphere, `toward` its centre, which is not behind the lamp."""
    along, square = _dot(toward, dx, dy, dz), _dot(toward, toward[0], toward[1], toward[2]) - radius * radius
    return square <= 0 or (along > 0 and along * along >= square * (dx * dx + dy * dy + dz * dz))


@_compiled
def _shaded(kinds, sizes, mesh, radii, turns, toward, starts, dx, dy, dz):
    """Whether a solid stands between the lamp and the point at d from it. The last of `radii` and `toward` is all of them."""
    count = len(turns)
    if not _passes(toward[count], radii[count], dx, dy, dz):
        return False
    for g in range(count):
        if _passes(toward[g], radii[g], dx, dy, dz):
            x, y, z = _local(turns[g], dx, dy, dz)
            if _hit(kinds, sizes, mesh, g, starts, x, y, z)[0] <= SHADOW_END:
                return True
    return False


@_compiled
def _from(origin, centers, places, turns):
    """From `origin`: vectors to the spheres' centres [G + 1, 3], and the origin in each solid's own frame [G, 3]."""
    toward, starts = centers - origin, np.empty_like(places)
    for g in range(len(places)):
        starts[g] = _local(turns[g], -toward[g, 0], -toward[g, 1], -toward[g, 2])
    return toward, starts


@_compiled
def _world_normal(kinds, sizes, mesh, g, turn, start, face, t, dx, dy, dz):
    """Unit normal where a ray along d, which starts at `start` in the solid's frame, hits at range t: outward; of a mesh, toward
    the ray."""
    x, y, z = _local(turn, dx, dy, dz)
    px, py, pz = start[0] + t * x, start[1] + t * y, start[2] + t * z
    if mesh is None or kinds[g] != MESH:
        x, y, z = _normal(kinds[g], sizes[g], face, px, py, pz)
    else:
        x, y, z = _mesh_normal(mesh, g, face, x, y, z)
    length = np.sqrt(x * x + y * y + z * z)
    return _dot(turn[:3], x, y, z) / length, _dot(turn[3:6], x, y, z) / length, _dot(turn[6:], x, y, z) / length


@_compiled
def _paint(mesh, skin, g, face, x, y, z, size):
    """Colour of a textured triangle at a point in the mesh's own frame; `size` is how far apart the rays are there, in metres."""
    (texture, first_uv, texel), (pixels, levels), (uvs, of_faces) = skin
    _, first_corner, first = mesh[0][g]
    corner, corners = mesh[5][first + face], mesh[4]
    a, b, c = corners[first_corner + corner[0]], corners[first_corner + corner[1]], corners[first_corner + corner[2]]
    ax, ay, az = np.float64(a[0]), np.float64(a[1]), np.float64(a[2])
    bx, by, bz, cx, cy, cz = b[0] - ax, b[1] - ay, b[2] - az, c[0] - ax, c[1] - ay, c[2] - az
    x, y, z = x - ax, y - ay, z - az
    bb, bc, cc = bx * bx + by * by + bz * bz, bx * cx + by * cy + bz * cz, cx * cx + cy * cy + cz * cz
    pb, pc = x * bx + y * by + z * bz, x * cx + y * cy + z * cz
    whole = bb * cc - bc * bc
    second, third = ((cc * pb - bc * pc) / whole, (bb * pc - bc * pb) / whole) if whole > 0 else (0.0, 0.0)
    one, two, three = of_faces[first + face]
    a, b, c = uvs[first_uv[g] + one], uvs[first_uv[g] + two], uvs[first_uv[g] + three]
    u = a[0] + second * (b[0] - a[0]) + third * (c[0] - a[0])
    v = a[1] + second * (b[1] - a[1]) + third * (c[1] - a[1])
    sizes = levels[texture[g]]
    level = min(max(int(np.round(np.log2(max(size / texel[g], 1.0)))), 0), len(sizes) - 1)
    start, wide, high = sizes[level]
    u, v = u * wide - 0.5, v * high - 0.5
    left, top = np.floor(u), np.floor(v)
    u, v = u - left, v - top
    left, top = int(left) % wide, int(top) % high
    right, low = (left + 1) % wide, (top + 1) % high
    a, b = pixels[start + top * wide + left], pixels[start + top * wide + right]
    c, d = pixels[start + low * wide + left], pixels[start + low * wide + right]
    wa, wb, wc, wd = (1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v
    return (
        wa * a[0] + wb * b[0] + wc * c[0] + wd * d[0],
        wa * a[1] + wb * b[1] + wc * c[1] + wd * d[1],
        wa * a[2] + wb * b[2] + wc * c[2] + wd * d[2],
    )


@_compiled
def _first(geom, distance, normal, paint, skin, spacing, kinds, sizes, mesh, radii, places, turns, origin, rays):
    toward, starts = _from(origin, places, places, turns)
    for m in range(len(rays)):
        dx, dy, dz = rays[m]
        best, at, face = np.inf, -1, -1
        for g in range(len(turns)):
            if _passes(toward[g], radii[g], dx, dy, dz):
                x, y, z = _local(turns[g], dx, dy, dz)
                t, side = _hit(kinds, sizes, mesh, g, starts, x, y, z)
                if t < best:
                    best, at, face = t, g, side
        if at >= 0:
            geom[m], distance[m] = at, best
            normal[m] = _world_normal(kinds, sizes, mesh, at, turns[at], starts[at], face, best, dx, dy, dz)
            if skin is not None and skin[0][0][at] >= 0:
                x, y, z = _local(turns[at], dx, dy, dz)
                start, far = starts[at], spacing * best * np.sqrt(dx * dx + dy * dy + dz * dz)
                paint[m] = _paint(mesh, skin, at, face, start[0] + best * x, start[1] + best * y, start[2] + best * z, far)


@_compiled
def _draw(
    image, albedo, skin, kinds, sizes, mesh, bounds, places, turns,
    origin, units, rays, pixel_rad, lamp, rgb, ambient, lit, dark, depths, grounds,
):  # fmt: skip
    count, samples = len(turns), rays.shape[1]
    centers, radii = np.empty((count + 1, 3)), np.empty(count + 1)  # the last one holds all others
    for i in range(3):
        centers[:count, i], centers[count, i] = places[:, i], places[:, i].mean()
    radii[:count], radii[count] = bounds, 0.0
    for g in range(count):
        radii[count] = max(radii[count], np.sqrt(((centers[g] - centers[count]) ** 2).sum()) + bounds[g])
    toward, starts = _from(origin, centers, places, turns)
    lamp_toward, lamp_starts = _from(lamp, centers, places, turns)
    least = np.empty(count + 1)  # a unit ray passes a sphere if its product with `toward` is at least this
    for g in range(count + 1):
        away = np.sqrt(_dot(toward[g], toward[g, 0], toward[g, 1], toward[g, 2]))
        least[g] = np.cos(np.arcsin(radii[g] / away) + pixel_rad[0]) * away if radii[g] < away else -np.inf
    near, spacing = np.empty(count, np.int64), pixel_rad[0] / PIXEL_RADIUS / np.sqrt(samples)
    for p in range(len(units)):
        x, y, z = units[p]
        found = 0
        if _dot(toward[count], x, y, z) >= least[count]:
            for g in range(count):
                if _dot(toward[g], x, y, z) >= least[g]:
                    near[found] = g
                    found += 1
        red, green, blue, missed = 0.0, 0.0, 0.0, samples
        for s in range(samples if found else 0):
            dx, dy, dz = rays[p, s]
            best, at, face = np.inf, 0, -1
            for k in range(found):
                g = near[k]
                x, y, z = _local(turns[g], dx, dy, dz)
                t, side = _hit(kinds, sizes, mesh, g, starts, x, y, z)
                if t < best:
                    best, at, face = t, g, side
            if best >= depths[p]:
                continue
            missed -= 1
            nx, ny, nz = _world_normal(kinds, sizes, mesh, at, turns[at], starts[at], face, best, dx, dy, dz)
            x, y, z = origin[0] + best * dx - lamp[0], origin[1] + best * dy - lamp[1], origin[2] + best * dz - lamp[2]
            slope = abs(nx * x + ny * y + nz * z) / np.sqrt(x * x + y * y + z * z)  # both sides of a surface are alike
            x, y, z = x + LIFT_M * nx, y + LIFT_M * ny, z + LIFT_M * nz
            if _shaded(kinds, sizes, mesh, radii, turns, lamp_toward, lamp_starts, x, y, z):
                slope = 0.0
            r, g, b = albedo[at, 0], albedo[at, 1], albedo[at, 2]
            if skin is not None and skin[0][0][at] >= 0:
                x, y, z = _local(turns[at], dx, dy, dz)
                start, far = starts[at], spacing * best
                tint = _paint(mesh, skin, at, face, start[0] + best * x, start[1] + best * y, start[2] + best * z, far)
                r, g, b = r * tint[0], g * tint[1], b * tint[2]
            red += r * (ambient[0] + rgb[0] * slope)
            green += g * (ambient[1] + rgb[1] * slope)
            blue += b * (ambient[2] + rgb[2] * slope)
        if missed:
            behind = lit[p]
            if depths[p] < np.inf:
                x, y, z = grounds[p, 0] - lamp[0], grounds[p, 1] - lamp[1], grounds[p, 2] - lamp[2]
                if _shaded(kinds, sizes, mesh, radii, turns, lamp_toward, lamp_starts, x, y, z):
                    behind = dark[p]
            red, green, blue = red + missed * behind[0], green + missed * behind[1], blue + missed * behind[2]
        image[p, 0], image[p, 1], image[p, 2] = red / samples, green / samples, blue / samples
