"""A fair torch renderer to compare with: 16x16 tiles, depth-sorted lists, dense blending of each tile in float32."""

from collections.abc import Sequence

import torch

from runtime.splat.reference import project, sh_to_rgb

TILE, CHUNK = 16, 128


def render(scene: Sequence[torch.Tensor], width: int, height: int) -> torch.Tensor:
    """Image [H, W, 3] of one `rasterize.Scene`, given as tensors; all lists are built with torch too."""
    means, quats, scales, opacities, sh, viewmat, K = scene
    directions = torch.nn.functional.normalize(means + viewmat[:3, :3].T @ viewmat[:3, 3], dim=1)
    colors = sh_to_rgb(round(sh.shape[1] ** 0.5) - 1, sh, directions)
    centres, covariance, z = project(means, quats, scales, viewmat, K, width, height, 0.3)
    conic = torch.linalg.inv(covariance)
    reach = torch.sqrt(2 * torch.log(opacities * 255))[:, None]
    extent = reach * torch.sqrt(torch.stack([covariance[:, 0, 0], covariance[:, 1, 1]], dim=1))
    tiles_x, tiles_y = -(-width // TILE), -(-height // TILE)
    limit = torch.tensor([tiles_x, tiles_y])
    low = torch.clamp(torch.floor((centres - extent) / TILE).long(), min=torch.zeros(2, dtype=torch.long), max=limit)
    high = torch.clamp(torch.floor((centres + extent) / TILE).long() + 1, min=low, max=limit)
    span = high - low
    counts = span.prod(dim=1) * (z > 0.01)
    order = torch.argsort(z)
    which = torch.repeat_interleave(order, counts[order])  # nearest first
    start = torch.cumsum(counts[order], 0) - counts[order]
    inside = torch.arange(len(which)) - torch.repeat_interleave(start, counts[order])
    tile = (low[which, 1] + inside // span[which, 0]) * tiles_x + low[which, 0] + inside % span[which, 0]
    by_tile = torch.argsort(tile, stable=True)
    which = which[by_tile]
    ends = torch.cumsum(torch.bincount(tile, minlength=tiles_x * tiles_y), 0).tolist()
    ys, xs = torch.meshgrid(torch.arange(TILE), torch.arange(TILE), indexing="ij")
    x, y = (xs.reshape(-1) + 0.5 - TILE / 2, ys.reshape(-1) + 0.5 - TILE / 2)
    monomials = torch.stack([x * x, x * y, y * y, x, y, torch.ones_like(x)], dim=1)  # [256, 6]
    a, b, c = -0.5 * conic[:, 0, 0], -conic[:, 0, 1], -0.5 * conic[:, 1, 1]
    log_opacity = torch.log(opacities)
    image = torch.zeros((tiles_y * TILE, tiles_x * TILE, 3))
    for t in range(tiles_x * tiles_y):
        left, top = TILE * (t % tiles_x), TILE * (t // tiles_x)
        light = torch.ones((TILE * TILE, 1))
        out = torch.zeros((TILE * TILE, 3))
        for at in range(ends[t - 1] if t else 0, ends[t], CHUNK):
            g = which[at : min(at + CHUNK, ends[t])]
            u, v = (centres[g] - (torch.tensor([left, top]) + TILE / 2)).unbind(dim=1)
            p, q, r = a[g], b[g], c[g]
            # the exponent is a quadratic in the pixel: one matrix product for all pixels and Gaussians
            constant = p * u * u + q * u * v + r * v * v + log_opacity[g]
            terms = torch.stack([p, q, r, -2 * p * u - q * v, -2 * r * v - q * u, constant])
            alpha = (monomials @ terms).exp_().clamp_max_(0.999)
            alpha.mul_(alpha >= 1 / 255)
            after = torch.cumprod(1 - alpha, dim=1).mul_(light)
            alpha[:, 1:].mul_(after[:, :-1])
            alpha[:, :1].mul_(light)
            out += alpha.mul_(after > 1e-4) @ colors[g]
            light = after[:, -1:]
            if light.max() <= 1e-4:
                break
        image[top : top + TILE, left : left + TILE] = out.reshape(TILE, TILE, 3)
    return image[:height, :width]
