"""How close a rendered view is to the photo and to the measured depths."""

import numpy as np

from runtime.splat.ssim import Similarity


def psnr(image: np.ndarray, photo: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two images of one shape, values in 0..1; inf when they are equal."""
    error = float(np.mean((image.astype(np.float64) - photo.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def ssim(image: np.ndarray, photo: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean structural similarity (11x11 Gaussian window, sigma 1.5) of two images [H, W, C], values in 0..1.

    With a mask [H, W] only pixels where it is True are compared, over the windows that hold one.
    """
    image, photo = image.astype(np.float32), photo.astype(np.float32)
    similarity = Similarity(*image.shape)
    if mask is None:
        return similarity.value_and_gradient(image, photo, similarity.target(photo))[0]
    image = np.where(mask[..., None], image, photo)
    share = float(np.mean(similarity.smooth(np.repeat(mask[..., None].astype(np.float32), image.shape[2], axis=2)) > 0))
    mean = similarity.value_and_gradient(image, photo, similarity.target(photo))[0]  # 1 in all other windows
    return 1 - (1 - mean) / share if share else 1.0


def depth_relative_errors(depth: np.ndarray, uv_px: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """|rendered - observed| / observed [K] at pixel positions uv [K, 2] of a z-depth image [H, W].

    Observations outside the image are left out; where the render has no surface (inf) the error is 1.
    """
    height, width = depth.shape
    x, y = np.floor(uv_px).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (observed > 0)
    rendered, observed = depth[y[inside], x[inside]].astype(np.float64), observed[inside].astype(np.float64)
    return np.where(np.isfinite(rendered), np.abs(rendered - observed) / observed, 1.0)
