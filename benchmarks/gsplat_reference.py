"""gsplat's own torch reference, without CUDA.

`gsplat/cuda/_torch_impl.py` needs two things that exist only as CUDA code: the step that finds which Gaussian touches
which pixel, and nerfacc's two scans. Here the first comes from our tile lists (and its time is not counted), the second
from plain torch.
"""

import importlib.util
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch

from runtime.splat.rasterize import Frame


def load(folder: Path) -> Any:
    """The module `_torch_impl` of an unpacked gsplat (`pip install --no-deps --target FOLDER gsplat==1.5.3`)."""
    source = folder / "gsplat" / "cuda" / "_torch_impl.py"
    spec = importlib.util.spec_from_file_location("gsplat_reference.cuda._torch_impl", source)
    if spec is None or spec.loader is None or not source.exists():
        raise FileNotFoundError(source)
    for name in ("gsplat_reference", "gsplat_reference.cuda"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = []
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    nerfacc = types.ModuleType("nerfacc")
    nerfacc.render_weight_from_alpha = _render_weight_from_alpha  # ty: ignore[missing-attribute]
    nerfacc.accumulate_along_rays = _accumulate_along_rays  # ty: ignore[missing-attribute]
    sys.modules["nerfacc"] = nerfacc
    return module


def _render_weight_from_alpha(alphas, ray_indices, n_rays):
    """Weights and transmittances [M] of samples that are sorted by ray, as nerfacc defines them."""
    log_light = torch.log1p(-alphas)
    total = torch.cumsum(log_light, 0, dtype=torch.float64)  # one scan over all rays needs the digits
    counts = torch.bincount(ray_indices, minlength=n_rays)
    first = torch.repeat_interleave(torch.cumsum(counts, 0) - counts, counts)
    before = total - log_light
    light = torch.exp(before - before[first]).float()
    return alphas * light, light


def _accumulate_along_rays(weights, values, ray_indices, n_rays):
    source = weights[:, None] if values is None else weights[:, None] * values
    return torch.zeros((n_rays, source.shape[1])).index_add_(0, ray_indices, source)


@numba.njit
def _touching(packed, order, offsets, ranks, tile_width, width, height, gaussian_ids, pixel_ids):
    """Pairs of Gaussian and pixel that blending uses, by pixel, nearest first; empty arrays: only count."""
    found = 0
    for py in range(height):
        for px in range(width):
            tile = (py // 16) * tile_width + px // 16
            light = 1.0
            for e in range(offsets[tile], offsets[tile + 1]):
                g = ranks[e]
                dx, dy = packed[g, 0] - px - 0.5, packed[g, 1] - py - 0.5
                power = packed[g, 5] - packed[g, 2] * dx * dx - packed[g, 3] * dx * dy - packed[g, 4] * dy * dy
                alpha = min(0.999, 2.0**power)
                if alpha < 1 / 255:
                    continue
                light *= 1 - alpha
                if light <= 1e-4:
                    break
                if gaussian_ids.size:
                    gaussian_ids[found], pixel_ids[found] = order[g], py * width + px
                found += 1
    return found


def touching(frame: Frame, width: int, height: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Gaussian and pixel indices [M] of a frame, int64."""
    lists = (frame.packed, frame.order, frame.offsets, frame.ranks, -(-width // 16), width, height)
    empty = np.empty(0, np.int64)
    count = _touching(*lists, empty, empty)
    gaussian_ids, pixel_ids = np.empty(count, np.int64), np.empty(count, np.int64)
    _touching(*lists, gaussian_ids, pixel_ids)
    return torch.from_numpy(gaussian_ids), torch.from_numpy(pixel_ids)


def render(module: Any, scene: Sequence[torch.Tensor], pairs: tuple[torch.Tensor, torch.Tensor], width: int, height: int):
    """Image [H, W, 3] with gsplat's harmonics, projection and accumulation; scene is a `rasterize.Scene` of tensors."""
    means, quats, scales, opacities, sh, viewmat, K = scene
    directions = torch.nn.functional.normalize(means + viewmat[:3, :3].T @ viewmat[:3, 3], dim=1)
    degree = round(sh.shape[1] ** 0.5) - 1
    colors = torch.clamp_min(module._spherical_harmonics(degree, directions, sh) + 0.5, 0.0)
    covars, _ = module._quat_scale_to_covar_preci(quats, scales, True, False)
    _, means2d, _, conics, _ = module._fully_fused_projection(means, covars, viewmat[None], K[None], width, height)
    gaussian_ids, pixel_ids = pairs
    image, _ = module.accumulate(
        means2d, conics, opacities[None], colors[None], gaussian_ids, pixel_ids, torch.zeros_like(pixel_ids), width, height
    )
    return image[0]


def compensations(module: Any, scene: Sequence[torch.Tensor], width: int, height: int) -> torch.Tensor:
    """Factor [N] by which gsplat's `antialiased` lowers each opacity; scene is a `rasterize.Scene` of tensors."""
    covars, _ = module._quat_scale_to_covar_preci(scene[1], scene[2], True, False)
    cameras = (scene[5][None], scene[6][None], width, height)
    return module._fully_fused_projection(scene[0], covars, *cameras, calc_compensations=True)[4][0]
