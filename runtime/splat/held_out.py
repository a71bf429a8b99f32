"""What a splat looks like from the held-out photos' poses, and how far off that is."""

import numpy as np

from runtime.splat.exposure import matched
from runtime.splat.gaussians import Gaussians
from runtime.splat.metrics import depth_relative_errors, psnr, ssim
from runtime.splat.photos import Photos
from runtime.splat.renderer import Renderer


def render_view(renderer: Renderer, gaussians: Gaussians, photos: Photos, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Render [H, W, 3] and expected z-depth [H, W] at the pose of photo `index`."""
    rgb, depth, _ = renderer.render(gaussians, photos.c2w[index], photos.K[index], *photos.size(index))
    return rgb, depth


def held_out_metrics(renderer: Renderer, gaussians: Gaussians, photos: Photos) -> dict[str, float | None]:
    """Means of PSNR (dB) and SSIM over held-out photos, and the median relative depth error at their observed points.

    Pixels that masks leave out count nowhere. `psnr_matched` allows each photo a gain and an offset per channel: what
    remains is not the camera's exposure.

    A value is None where there is nothing to measure: no held-out photo, or no observation in one.
    """
    values, matches, similarities, errors = [], [], [], []
    for index in np.flatnonzero(photos.held_out):
        rgb, depth = render_view(renderer, gaussians, photos, index)
        photo, mask = photos.images[index], photos.masks.get(int(index))
        if mask is not None and not mask.any():
            continue
        similarities.append(ssim(rgb, photo, mask))
        if mask is not None:
            rgb, photo = rgb[mask], photo[mask]
        values.append(psnr(rgb, photo))
        matches.append(psnr(matched(rgb, photo), photo))
        mine = photos.obs_frame == index
        errors.append(depth_relative_errors(depth, photos.obs_uv[mine], photos.obs_depth[mine]))
    pooled = np.concatenate(errors) if errors else np.zeros(0)
    return {
        "psnr": float(np.mean(values)) if values else None,
        "psnr_matched": float(np.mean(matches)) if matches else None,
        "ssim": float(np.mean(similarities)) if similarities else None,
        "depth_rel_err": float(np.median(pooled)) if len(pooled) else None,
    }
