"""A plain float64 twin of the rasteriser in torch: the oracle for its values and, through autograd, its gradients.

It is slow on purpose: one dense matrix of pixels by Gaussians for each block of pixels, no lists, no early exit.
"""

from collections.abc import Sequence

import numpy as np
import torch

from runtime.splat.sh import C0, C1, C2A, C2B, C2C, C3A, C3B, C3C, C3D, C3E

ALPHA_MIN, ALPHA_MAX, STOP = 1 / 255, 0.999, 1e-4


def _rotation(quats: torch.Tensor) -> torch.Tensor:
    w, x, y, z = torch.unbind(quats / quats.norm(dim=-1, keepdim=True), dim=-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def sh_to_rgb(degree: int, sh: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Colours [N, 3] of coefficients [N, K, 3] in unit directions [N, 3] from the camera."""
    x, y, z = torch.unbind(directions, dim=-1)
    xx, yy, zz = x * x, y * y, z * z
    terms = [torch.full_like(x, C0), -C1 * y, C1 * z, -C1 * x]
    terms += [C2A * x * y, -C2A * y * z, C2B * (2 * zz - xx - yy), -C2A * x * z, C2C * (xx - yy)]
    terms += [-C3A * y * (3 * xx - yy), C3B * x * y * z, -C3C * y * (4 * zz - xx - yy), C3D * z * (2 * zz - 3 * xx - 3 * yy)]
    terms += [-C3C * x * (4 * zz - xx - yy), C3E * z * (xx - yy), -C3A * x * (xx - 3 * yy)]
    count = (degree + 1) ** 2
    basis = torch.stack(terms[:count], dim=-1)
    return torch.clamp_min(torch.einsum("nk,nkc->nc", basis, sh[:, :count]) + 0.5, 0.0)


def project(means, quats, scales, view, K, width, height, eps2d):
    """Screen centres [N, 2], covariances [N, 2, 2] and z [N] of one pinhole camera."""
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    centre = means @ view[:3, :3].T + view[:3, 3]
    x, y, z = torch.unbind(centre, dim=-1)
    margin_x, margin_y = 0.3 * 0.5 * width / fx, 0.3 * 0.5 * height / fy
    tx = z * torch.clamp(x / z, -(cx / fx + margin_x), (width - cx) / fx + margin_x)
    ty = z * torch.clamp(y / z, -(cy / fy + margin_y), (height - cy) / fy + margin_y)
    zero = torch.zeros_like(z)
    jacobian = torch.stack([fx / z, zero, -fx * tx / z**2, zero, fy / z, -fy * ty / z**2], dim=-1).reshape(-1, 2, 3)
    axes = _rotation(quats) * scales[:, None, :]
    to_screen = jacobian @ view[:3, :3] @ axes  # [N, 2, 3]
    covariance = to_screen @ to_screen.transpose(1, 2) + eps2d * torch.eye(2, dtype=means.dtype)
    centres2d = torch.stack([fx * x / z + cx, fy * y / z + cy], dim=-1)
    return centres2d, covariance, z


def normals(means, quats, viewmat):
    """Normals [N, 3] in the world: each Gaussian's z axis, turned towards the camera."""
    axis = _rotation(quats)[:, :, 2]
    away = (axis * (means + viewmat[:3, :3].T @ viewmat[:3, 3])).sum(dim=1, keepdim=True) > 0
    return torch.where(away, -axis, axis)


def render(
    scene: Sequence[torch.Tensor],
    width: int,
    height: int,
    *,
    near_plane: float = 0.01,
    eps2d: float = 0.3,
    sh_degree: int | None = None,
    background: torch.Tensor | None = None,
    antialiased: bool = False,
    block_px: int = 16,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Image [H, W, D], accumulated z-depth [H, W] and alpha [H, W] of one `rasterize.Scene`, given as float64 tensors;
    differentiable.

    Blocks of pixels only bound the memory: within one, every Gaussian that can reach alpha 1/255 is considered.
    """
    means, quats, scales, opacities, colors, viewmat, K = scene
    centres, covariance, z = project(means, quats, scales, viewmat, K, width, height, eps2d)
    conic = torch.linalg.inv(covariance)
    if antialiased:
        sharp = torch.linalg.det(covariance - eps2d * torch.eye(2, dtype=means.dtype))
        opacities = opacities * torch.sqrt(torch.clamp_min(sharp / torch.linalg.det(covariance), 0))
    if sh_degree is not None:
        eye = -viewmat[:3, :3].T @ viewmat[:3, 3]
        direction = means - eye
        colors = sh_to_rgb(sh_degree, colors, direction / direction.norm(dim=-1, keepdim=True))
    features = torch.cat([colors, z[:, None]], dim=1)
    back = torch.zeros(features.shape[1], dtype=means.dtype)
    if background is not None:
        back[:-1] = background
    with torch.no_grad():
        reach = torch.sqrt(2 * torch.log(torch.clamp_min(opacities / ALPHA_MIN, 1)))[:, None]
        extent = reach * torch.sqrt(torch.stack([covariance[:, 0, 0], covariance[:, 1, 1]], dim=1)) + 1e-6
        order = torch.argsort(z, stable=True)
        order = order[(z[order] > near_plane) & (opacities[order] >= ALPHA_MIN)]
    image = torch.zeros((height, width, features.shape[1]), dtype=means.dtype)
    alpha = torch.zeros((height, width), dtype=means.dtype)
    for top in range(0, height, block_px):
        for left in range(0, width, block_px):
            h, w = min(block_px, height - top), min(block_px, width - left)
            low = torch.tensor([left, top], dtype=means.dtype)
            high = torch.tensor([left + w, top + h], dtype=means.dtype)
            near = ((centres + extent > low) & (centres - extent < high)).all(dim=1)
            out, rest = _blend_block(order[near[order]], centres, conic, opacities, features, left, top, w, h)
            image[top : top + h, left : left + w] = (out + rest[:, None] * back).reshape(h, w, -1)
            alpha[top : top + h, left : left + w] = (1 - rest).reshape(h, w)
    return image[..., :-1], image[..., -1], alpha


def _blend_block(index, centres, conic, opacities, features, left, top, width, height):
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    pixels = torch.stack([xs.reshape(-1) + left + 0.5, ys.reshape(-1) + top + 0.5], dim=1).to(centres.dtype)
    d = centres[index][None] - pixels[:, None]  # [P, n, 2]
    sigma = 0.5 * torch.einsum("pni,nij,pnj->pn", d, conic[index], d)
    alpha = torch.clamp_max(opacities[index] * torch.exp(-sigma), ALPHA_MAX)
    alpha = torch.where(alpha >= ALPHA_MIN, alpha, torch.zeros_like(alpha))
    after = torch.cumprod(1 - alpha, dim=1)
    before = torch.cat([torch.ones_like(after[:, :1]), after[:, :-1]], dim=1)
    # once the transmittance would reach STOP it stays at or below it: the mask is the early stop
    weight = torch.where(after > STOP, alpha * before, torch.zeros_like(alpha))
    return weight @ features[index], 1 - weight.sum(dim=1)


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    """Arrays as float64 tensors."""
    return [torch.as_tensor(np.asarray(a), dtype=torch.float64) for a in arrays]
