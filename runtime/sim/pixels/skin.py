"""Textures of meshes as compiled loops read them: smaller and smaller pictures of each, so that small cameras do not flicker.

L. Williams, "Pyramidal Parametrics" (SIGGRAPH 1983): the picture whose texels are as far apart as the rays is the one to read.
"""

import numpy as np
from PIL import Image

from runtime.sim.parts.mj import Model, mujoco

MOST_LEVELS = 12

type Skin = tuple[tuple[np.ndarray, ...], ...]


def skin(model: Model, geoms: np.ndarray) -> Skin | None:
    """What is needed to colour `geoms` [G] that are meshes with textures; None when none is.

    Returns:
        Of each geom its texture (-1 none), its first texture coordinate, the length of a texel in metres, all [G]; pixels [P, 3]
        in 0..1 and, for each texture and level, its first pixel, width and height [T, L, 3]; texture coordinates [U, 2], v from
        the picture's top, and which of them the corners of each face have [F, 3].
    """
    mesh, material = model.geom_dataid[geoms], model.geom_matid[geoms]
    made = (model.geom_type[geoms] == mujoco.mjtGeom.mjGEOM_MESH) & (material >= 0)
    of = (
        np.where(made, model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB], -1)
        if model.nmat
        else np.full(len(geoms), -1)
    )
    of = np.where((of >= 0) & (model.mesh_texcoordadr[mesh] >= 0), of, -1)
    if not (of >= 0).any():
        return None
    used, texture = np.unique(of[of >= 0]), np.full(len(geoms), -1)
    pixels, levels = list[np.ndarray](), np.zeros((len(used), MOST_LEVELS, 3), np.int64)
    start = 0
    for i, number in enumerate(used):
        texture[of == number] = i
        for level, picture in enumerate(_smaller(_picture(model, number))):
            levels[i, level:] = start, picture.shape[1], picture.shape[0]  # what is beyond the last is the last
            pixels.append(picture.reshape(-1, 3) / 255)
            start += len(pixels[-1])
    first_uv, texel_m = np.zeros(len(geoms), np.int64), np.ones(len(geoms))
    for g in np.flatnonzero(texture >= 0):
        first_uv[g] = model.mesh_texcoordadr[mesh[g]]
        texel_m[g] = _texel_m(model, int(mesh[g]), levels[texture[g], 0, 1:])
    uvs = model.mesh_texcoord.astype(np.float64).reshape(-1, 2)
    return (texture, first_uv, texel_m), (np.concatenate(pixels), levels), (uvs, model.mesh_facetexcoord.astype(np.int64))


def _picture(model: Model, texture: int) -> np.ndarray:
    """Pixels u8 [H, W, 3] of a texture."""
    high, wide, channels = (int(of[texture]) for of in (model.tex_height, model.tex_width, model.tex_nchannel))
    start = int(model.tex_adr[texture])
    shown = model.tex_data[start : start + high * wide * channels].reshape(high, wide, channels)
    return np.repeat(shown, 3, axis=2) if channels < 3 else shown[..., :3]


def _smaller(picture: np.ndarray) -> list[np.ndarray]:
    """The picture, and means over 2 by 2 of the one before, down to one pixel."""
    made = [picture]
    while max(made[-1].shape[:2]) > 1 and len(made) < MOST_LEVELS:
        high, wide = (max(1, s // 2) for s in made[-1].shape[:2])
        made.append(np.asarray(Image.fromarray(made[-1]).resize((wide, high), Image.Resampling.BOX)))
    return made


def _texel_m(model: Model, mesh: int, size: np.ndarray) -> float:
    """Edge of a texel on the mesh, metres, as the mean over its surface; `size` is the texture's width and height."""
    first, faces = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    corners = model.mesh_vert[model.mesh_vertadr[mesh] + model.mesh_face[first : first + faces]].astype(float)
    uvs = model.mesh_texcoord.reshape(-1, 2)[model.mesh_texcoordadr[mesh] + model.mesh_facetexcoord[first : first + faces]]
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    s, t = (uvs[:, 1] - uvs[:, 0]) * size, (uvs[:, 2] - uvs[:, 0]) * size
    on_mesh = np.linalg.norm(np.cross(a, b), axis=1).sum()
    in_picture = np.abs(s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()
    return float(np.sqrt(on_mesh / in_picture)) if in_picture > 0 else 1.0
