"""`rasterization`: gsplat's forward call (argument names, returns, semantics) on one CPU core, in numpy arrays."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from runtime.splat.blend import CHANNELS, blend
from runtime.splat.project import project, screen_arrays
from runtime.splat.room import arrays
from runtime.splat.sh import sh_colors
from runtime.splat.threads import both, even_cuts, over
from runtime.splat.tiles import COLOR, PACKED, TILE, count_tiles, depth_order, fill_tiles, pack, visible_rows

RenderMode = Literal["RGB", "D", "ED", "RGB+D", "RGB+ED"]


def as_f32(array: ArrayLike) -> np.ndarray:
    """A C-ordered, writable float32 array: one type for the kernels, so that each compiles once."""
    return np.require(array, np.float32, ["C", "W", "A"])


class Scene(NamedTuple):
    """Gaussians and the camera that looks at them, the Gaussians float32 (see `as_f32`)."""

    means: np.ndarray  # [N, 3]
    quats: np.ndarray  # [N, 4] wxyz, of any length
    scales: np.ndarray  # [N, 3]
    opacities: np.ndarray  # [N]
    colors: np.ndarray  # [N, D], or spherical harmonics [N, K, 3]
    viewmat: np.ndarray  # [4, 4] world to camera
    K: np.ndarray  # [3, 3] pixels


@dataclass
class Frame:
    """One camera's intermediate arrays, kept for the backward. N Gaussians, M visible ones in the order of the scene."""

    means2d: np.ndarray  # [N, 2]
    depths: np.ndarray  # [N]
    conics: np.ndarray  # [N, 3]
    radii: np.ndarray  # [N, 2]
    peaks: np.ndarray  # [N] opacities, with `antialiased` less what eps2d widens
    order: np.ndarray  # [M] index of each visible Gaussian, ascending
    packed: np.ndarray  # [M, 16], see `tiles`
    colors: np.ndarray  # [M, D rounded up to a multiple of 4]
    boxes: np.ndarray  # [M, 4] tiles, see `tiles.pack`
    offsets: np.ndarray  # [tiles + 1]
    ranks: np.ndarray  # [offsets[-1]] rows of `packed` in each tile, nearest first
    image: np.ndarray  # [H, W, D]
    alpha: np.ndarray  # [H, W]
    eps2d: float
    antialiased: bool


def camera_centre(viewmat: np.ndarray) -> np.ndarray:
    """Centre [3] of a world-to-camera matrix [4, 4]."""
    view = np.asarray(viewmat, np.float64)
    return -view[:3, :3].T @ view[:3, 3]


def render_frame(
    scene: Scene,
    width: int,
    height: int,
    *,
    near_plane: float = 0.01,
    far_plane: float = 1e10,
    radius_clip: float = 0.0,
    eps2d: float = 0.3,
    sh_degree: int | None = None,
    background: np.ndarray | None = None,
    with_rgb: bool = True,
    with_depth: bool = False,
    antialiased: bool = False,
    extra: np.ndarray | None = None,
) -> Frame:
    """Render one camera. Arguments as in `rasterization`; `background` [colour channels], `extra` [N, E] values that are
    blended like colours, the last channels of the image.

    Gaussians with a value that is not finite are left out; a `RuntimeWarning` tells how many (colours: of those in view).
    """
    means, _, _, _, colors, viewmat, K = scene
    view, K = np.asarray(viewmat, np.float64), np.asarray(K, np.float64)
    n = len(means)
    rgb_channels = 0 if not with_rgb else (3 if sh_degree is not None else colors.shape[-1])
    channels = rgb_channels + with_depth + (0 if extra is None else extra.shape[1])
    blended = -(-channels // CHANNELS) * CHANNELS  # four at a time
    picture = (((height, width, channels), np.float32), ((height, width), np.float32))
    rows_of = (((n,), np.uint32), ((n, PACKED), np.float32), ((n, blended), np.float32), ((n, 4), np.int16))
    *screen, order, packed, seen, boxes, image, alpha = arrays(*screen_arrays(n), *rows_of, *picture)
    means2d, depths, conics, radii, extents, peaks = screen = tuple(screen)
    limits = (float(near_plane), float(far_plane), float(radius_clip), float(eps2d), bool(antialiased))
    cuts = even_cuts(n)
    found = over(cuts, lambda a, b: project(*scene[:4], view, K, width, height, *limits, a, b, screen))
    firsts = np.cumsum([0] + [seen for seen, _ in found])
    visible = int(firsts[-1])
    order, packed, seen, boxes = order[:visible], packed[:visible], seen[:visible], boxes[:visible]
    over(cuts, lambda a, b: visible_rows(radii, order, a, b, firsts[np.searchsorted(cuts, a)]))
    seen[:] = 0
    tile_width, tile_height = -(-width // TILE), -(-height // TILE)
    broken = sum(left_out for _, left_out in found)
    if with_rgb and sh_degree is None:
        seen[:, :rgb_channels] = colors[order]
    if with_depth:
        seen[:, rgb_channels] = depths[order]
    if extra is not None:
        seen[:, channels - extra.shape[1] : channels] = extra[order]
    if sh_degree is None:
        bad = ~np.isfinite(seen).all(axis=1)
        seen[bad], peaks[order[bad]] = 0, 0
        broken += int(bad.sum())

    def rows(start: int, stop: int) -> int:
        black = 0
        if with_rgb and sh_degree is not None:
            black = sh_colors(sh_degree, means, camera_centre(view), colors, order, start, stop, seen, peaks)
        given = (order, means2d, conics, peaks, extents, seen, tile_width, tile_height)
        pack(*given, start, stop, packed, boxes)
        return black

    by_depth, *black = both(lambda: depth_order(depths, order), even_cuts(visible), rows)
    broken += sum(black)
    if broken:
        message = f"{broken} of {n} Gaussians hold values that are not finite: they are left out"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    offsets = np.zeros(tile_width * tile_height + 1, np.int64)
    bands = even_cuts(tile_height, each=1)  # every band reads all boxes
    over(bands, lambda a, b: count_tiles(boxes, tile_width, a, b, offsets))
    np.cumsum(offsets, out=offsets)
    ranks = np.empty(offsets[-1], np.uint32)
    over(bands, lambda a, b: fill_tiles(boxes, by_depth, tile_width, a, b, offsets, ranks))
    back = np.zeros(seen.shape[1], np.float32)
    if background is not None and with_rgb:
        back[:rgb_channels] = background
    tiles = even_cuts(len(offsets) - 1, offsets)
    for k in range(0, channels, CHANNELS):
        if k:
            packed[:, COLOR : COLOR + CHANNELS] = seen[:, k : k + CHANNELS]
        given = (packed, offsets, ranks, back[k : k + CHANNELS], tile_width, k)
        over(tiles, lambda a, b, given=given: blend(*given, a, b, image, alpha))
    screen = (means2d, depths, conics, radii, peaks)
    return Frame(*screen, order, packed, seen, boxes, offsets, ranks, image, alpha, limits[3], limits[4])


def rasterization(
    means: np.ndarray,
    quats: np.ndarray,
    scales: np.ndarray,
    opacities: np.ndarray,
    colors: np.ndarray,
    viewmats: np.ndarray,
    Ks: np.ndarray,
    width: int,
    height: int,
    near_plane: float = 0.01,
    far_plane: float = 1e10,
    radius_clip: float = 0.0,
    eps2d: float = 0.3,
    sh_degree: int | None = None,
    tile_size: int = TILE,
    backgrounds: np.ndarray | None = None,
    render_mode: RenderMode = "RGB",
    rasterize_mode: Literal["classic", "antialiased"] = "classic",
    return_normals: bool = False,
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Rasterise N Gaussians into C images.

    Args:
        means: centres. [N, 3]
        quats: rotations wxyz of any length. [N, 4]
        scales: standard deviations, scene units. [N, 3]
        opacities: 0..1. [N]
        colors: values [N, D] or [C, N, D], or with `sh_degree` spherical harmonics [N, K, 3] or [C, N, K, 3].
        viewmats: world to camera, OpenCV axes. [C, 4, 4]
        Ks: pinhole intrinsics, pixels. [C, 3, 3]
        width: pixels.
        height: pixels.
        near_plane: Gaussians with a smaller z are left out, scene units.
        far_plane: Gaussians with a larger z are left out, scene units.
        radius_clip: Gaussians with both radii at or below it are left out, pixels.
        eps2d: variance added to every screen ellipse, pixels squared.
        sh_degree: degree to use, at most that of `colors`; None for plain values.
        tile_size: only 16, a constant of the compiled kernels.
        backgrounds: colours behind everything. [C, D]
        render_mode: `RGB`, accumulated z-depth `D`, expected z-depth `ED`, or both kinds with the depth last.
        rasterize_mode: `antialiased` lowers the opacity of what `eps2d` widens (Mip-Splatting, Yu et al. 2024).
        return_normals: also accumulate normals, in `meta["normals"]` [C, H, W, 3]: see `normals`.

    Returns:
        renders [C, H, W, X], alphas [C, H, W, 1], and meta with the arrays of gsplat's unpacked mode: radii, means2d,
        depths, conics, opacities [C, N, ...], tiles_per_gauss [C, N], isect_offsets [C, tile_height, tile_width],
        flatten_ids, and the sizes. Radii are gsplat's; tile lists hold the same Gaussians, less those whose exact
        extent misses the tile. Opacities are those at the centre, 0 for what is not seen with `antialiased`.

    Raises:
        ValueError: for another tile size, an unknown mode, or a degree above that of `colors`.

    Warns:
        RuntimeWarning: when Gaussians were left out because they hold values that are not finite.
    """
    if tile_size != TILE:
        raise ValueError(f"tile_size is a constant of the compiled kernels: {TILE}")
    if render_mode not in ("RGB", "D", "ED", "RGB+D", "RGB+ED"):
        raise ValueError(f"unknown render_mode {render_mode!r}")
    if rasterize_mode not in ("classic", "antialiased"):
        raise ValueError(f"unknown rasterize_mode {rasterize_mode!r}")
    means, quats, scales, opacities, colors = (as_f32(a) for a in (means, quats, scales, opacities, colors))
    if sh_degree is not None and (sh_degree + 1) ** 2 > colors.shape[-2]:
        raise ValueError(f"sh_degree {sh_degree} needs {(sh_degree + 1) ** 2} coefficients, not {colors.shape[-2]}")
    per_camera = colors.ndim == (3 if sh_degree is None else 4)
    frames = [
        render_frame(
            Scene(means, quats, scales, opacities, colors[c] if per_camera else colors, viewmats[c], Ks[c]),
            width,
            height,
            near_plane=near_plane,
            far_plane=far_plane,
            radius_clip=radius_clip,
            eps2d=eps2d,
            sh_degree=sh_degree,
            background=None if backgrounds is None else as_f32(backgrounds[c]),
            with_rgb=render_mode.startswith("RGB"),
            with_depth=render_mode.endswith("D"),
            antialiased=rasterize_mode == "antialiased",
            extra=normals(means, quats, camera_centre(viewmats[c])) if return_normals else None,
        )
        for c in range(len(viewmats))
    ]
    images = [f.image for f in frames]
    upright = [image[..., -3:] for image in images] if return_normals else []
    renders = np.stack([image[..., :-3] for image in images] if return_normals else images)
    alphas = np.stack([f.alpha for f in frames])[..., None]
    if render_mode.endswith("ED"):
        renders[..., -1:] /= np.maximum(alphas, 1e-10)
    meta = _meta(frames, opacities, width, height)
    return renders, alphas, meta | ({"normals": np.stack(upright)} if return_normals else {})


def normals(means: np.ndarray, quats: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """World-space normals [N, 3] as gsplat 1.6 defines them: each Gaussian's own z axis, turned towards the camera.

    gsplat asks for the side at every pixel's ray (and only with `with_eval3d`), here one side holds for all its pixels.
    """
    w, x, y, z = (quats / np.maximum(np.linalg.norm(quats, axis=1, keepdims=True), 1e-30)).T
    axis = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], axis=1)
    away = np.einsum("ni,ni->n", axis, means - centre) > 0
    return as_f32(np.where(away[:, None], -axis, axis))


def _meta(frames: list[Frame], opacities: np.ndarray, width: int, height: int) -> dict[str, Any]:
    n, tile_width, tile_height = len(opacities), -(-width // TILE), -(-height // TILE)
    tiles_per_gauss = np.zeros((len(frames), n), np.int32)
    starts, ids = [], []
    total = 0
    for c, f in enumerate(frames):
        tiles_per_gauss[c, f.order] = np.bincount(f.ranks, minlength=len(f.order))
        starts.append(f.offsets[:-1].reshape(tile_height, tile_width) + total)
        ids.append(f.order[f.ranks].astype(np.int64) + c * n)
        total += len(f.ranks)
    sizes = {"tile_width": tile_width, "tile_height": tile_height, "tile_size": TILE, "width": width, "height": height}
    return {
        **{name: np.stack([getattr(f, name) for f in frames]) for name in ("radii", "means2d", "depths", "conics")},
        "opacities": np.stack([f.peaks if f.antialiased else opacities for f in frames]),
        "tiles_per_gauss": tiles_per_gauss,
        "isect_offsets": np.stack(starts),
        "flatten_ids": np.concatenate(ids),
        **sizes,
        "n_cameras": len(frames),
    }
