"""Files of an asset -> what is drawn of it and what collides, as a prop of a twin."""

import io
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from scipy.cluster.vq import kmeans2
from trimesh.resolvers import ZipResolver

from runtime.assets import mjcf
from runtime.assets.files import used_files
from runtime.bound.asset import Asset
from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import mujoco
from runtime.sim.twin.collision import convex_parts
from runtime.sim.twin.props import WHITE, Prop, Rgb, Shown

GREY = (0.6, 0.6, 0.6)
COLOURS = 8
"""Most colours of a mesh without a texture: each is a geom."""
TEXTURE_PX = 1024
"""Textures are made no larger."""
SPECK_M2 = 1e-9
"""A piece of one colour that is no larger is not drawn: MuJoCo takes none without a surface."""
LEAST_KG, MOST_KG = 1e-6, 1e3
LEAST_M, MOST_M = 1e-3, 5.0
MESH_FACES = 20_000
"""Faces above which a mesh collides as its hull: cutting it would take minutes."""


def read_prop(name: str, asset: Asset, folder: Path) -> Prop:
    """The prop that the files of an asset below `folder` make.

    Raises:
        InputError: R258 it has no shape, or none of a size that can stand in a twin.
    """
    main = folder.joinpath(*PurePosixPath(asset.path).parts)
    try:
        read = _mjcf if main.suffix.lower() == ".xml" else _mesh
        drawn, solid, mass = read(asset, main, folder)
    except InputError:
        raise
    except Exception as error:  # parsers of strangers' files raise anything
        raise _refused(name, asset, f"cannot be read: {str(error).partition(chr(10))[0][:200]}") from error
    drawn, solid = ([(m, c) for m, c in drawn if len(m.faces)], [m for m in solid if m.volume > 1e-12])
    if not drawn or not solid:
        raise _refused(name, asset, "has no volume that could be touched")
    for mesh in [m for m, _ in drawn] + solid:
        mesh.apply_scale(asset.scale)
    low, high = (np.array([end(m.bounds, axis=0) for m, _ in drawn]) for end in (np.min, np.max))
    size = high.max(0) - low.min(0)
    if not (np.isfinite(size).all() and LEAST_M <= size.max() <= MOST_M):
        raise _refused(name, asset, f"is {size.max():.4g} m large: `scale` says how many metres a unit of the file is")
    mass_kg = (asset.mass_kg or mass) if asset.loose else None
    if mass_kg is not None and not LEAST_KG <= mass_kg <= MOST_KG:
        raise _refused(name, asset, f"weighs {mass_kg:.4g} kg: `mass_kg` says what it does")
    return Prop(
        name=name,
        drawn=[_shown(m, asset.rgb or c) for m, c in drawn if m.area > SPECK_M2],
        solid=solid,
        pose=posed(asset),
        in_base=asset.frame == "base",
        mass_kg=mass_kg,
        friction=asset.friction,
        softness_s=asset.softness_s,
        licence=asset.licence,
    )


def _shown(mesh: trimesh.Trimesh, look: Rgb | Image.Image) -> Shown:
    """The same surface with at least four corners, without which MuJoCo takes no mesh."""
    while len(mesh.vertices) < 4:
        mesh = mesh.subdivide()  # its texture coordinates, too
    return Shown(mesh, *((look, None) if isinstance(look, tuple) else (WHITE, look)))


def posed(asset: Asset) -> np.ndarray:
    """Its pose [4, 4] in its frame, metres: turned about the frame's x, then y, then z."""
    pose = trimesh.transformations.euler_matrix(*np.radians(asset.turn_deg), axes="sxyz")
    pose[:3, 3] = asset.at_m
    return pose


def _refused(name: str, asset: Asset, why: str) -> InputError:
    return InputError(Problem("R258", f"asset `{name}` (`{asset.path}`) {why}", "look at it in a viewer", f"assets.{name}.path"))


def _mesh(asset: Asset, main: Path, folder: Path) -> tuple[list, list, float | None]:
    """Of an OBJ or STL: meshes with their colours, and convex parts."""
    suffix, own = main.suffix.lower()[1:], PurePosixPath(asset.path).parent
    files = {
        PurePosixPath(name).relative_to(own).as_posix() if own.parts else name: path
        for name, path in used_files(asset, folder).items()
    }
    resolver = ZipResolver({name: io.BytesIO(path.read_bytes()) for name, path in files.items()})
    found: Any = trimesh.load(io.BytesIO(main.read_bytes()), file_type=suffix, resolver=resolver, force="scene", process=False)
    whole = found.to_mesh()
    drawn = [part for mesh in found.dump() for part in _coloured(mesh)]
    bare = trimesh.Trimesh(whole.vertices, whole.faces, process=True)
    if len(bare.faces) <= MESH_FACES and not bare.is_volume:
        bare.fix_normals()  # many exports are inside out, and CoACD has no end with these
    cut = len(bare.faces) <= MESH_FACES and bare.is_volume
    return drawn, convex_parts(bare, bare) if cut else [bare.convex_hull], None


def _coloured(mesh: trimesh.Trimesh) -> list[tuple[trimesh.Trimesh, Rgb | Image.Image]]:
    """A mesh with its texture, or in pieces of one colour each, at most `COLOURS`."""
    visual: Any = mesh.visual
    image, uv = getattr(getattr(visual, "material", None), "image", None), getattr(visual, "uv", None)
    if isinstance(image, Image.Image) and uv is not None and len(uv) == len(mesh.vertices):
        image = image.convert("RGB")
        image.thumbnail((TEXTURE_PX, TEXTURE_PX), Image.Resampling.BOX)
        return [(mesh, image)]
    colours = _colours_of(mesh)
    if len(spread := np.unique(np.round(colours, 2), axis=0)) > COLOURS:
        centres, which = kmeans2(colours, COLOURS, seed=0, minit="++")
    else:
        centres, which = spread, np.argmin(((colours[:, None] - spread[None]) ** 2).sum(-1), axis=1)
    pieces = []
    for i, centre in enumerate(centres):
        if (chosen := np.flatnonzero(which == i)).size:
            piece = trimesh.Trimesh(mesh.vertices, mesh.faces[chosen], process=False)
            piece.remove_unreferenced_vertices()
            pieces.append((piece, tuple(np.clip(centre, 0, 1).round(4).tolist())))
    return pieces


def _colours_of(mesh: trimesh.Trimesh) -> np.ndarray:
    """A colour [F, 3] in 0..1 for each face."""
    visual: Any = mesh.visual
    diffuse = getattr(getattr(visual, "material", None), "diffuse", None)
    if visual.kind in ("face", "vertex"):
        return np.asarray(visual.face_colors, float)[:, :3] / 255
    one = np.array(GREY) if diffuse is None else np.asarray(diffuse, float)[:3] / 255
    return np.tile(one, (len(mesh.faces), 1))


def _mjcf(asset: Asset, main: Path, folder: Path) -> tuple[list, list, float | None]:
    """Of an MJCF: its drawn geoms with their colours, those that collide, and its mass."""
    text, names = mjcf.tidy(main.read_bytes())
    own = PurePosixPath(asset.path).parent
    assets = {plain: folder.joinpath(*(own / path).parts).read_bytes() for plain, path in names.items()}
    spec = mujoco.MjSpec.from_string(text, assets=assets)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    drawn, solid = [], []
    for i in range(model.ngeom):
        mesh = _geom(model, i)
        if mesh is None:
            continue
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = data.geom_xmat[i].reshape(3, 3), data.geom_xpos[i]
        mesh.apply_transform(pose)
        if model.geom_contype[i] or model.geom_conaffinity[i]:
            solid.append(mesh.convex_hull)
        if model.geom_group[i] < 3 and model.geom_rgba[i, 3] > 0:
            drawn.append((mesh, tuple(model.geom_rgba[i, :3].astype(float).round(4).tolist())))
    return drawn or [(m.copy(), GREY) for m in solid], solid, float(model.body_mass.sum()) or None


def _geom(model: "mujoco.MjModel", i: int) -> trimesh.Trimesh | None:
    """One geom as a mesh in its own frame; None for a plane, which has no end."""
    kind, size = mujoco.mjtGeom(model.geom_type[i]), model.geom_size[i]
    make = trimesh.creation
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = model.geom_dataid[i]
        at, many = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        first, faces = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
        vertices, faces = model.mesh_vert[at : at + many], model.mesh_face[first : first + faces]
        return trimesh.Trimesh(vertices.astype(float), faces, process=True)
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return make.box(2 * size)
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return make.cylinder(size[0], 2 * size[1], sections=48)
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return make.capsule(2 * size[1], size[0], count=(24, 24)).apply_translation((0, 0, 0))
    if kind in (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_ELLIPSOID):
        ball = make.icosphere(subdivisions=3, radius=1.0)
        return ball.apply_scale(size if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID else size[0])
    return None
