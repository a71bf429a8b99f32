"""How close a rendered view is to the photo and to the measured depths."""

import numpy as np

from runtime.splat.ssim import Similarity


def psnr(image: np.ndarray, photo: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two images of one shape, values in 0..1; inf when they are equal."""
    error = float(np.mean((image.astype(np.float64) - photo.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def ssim(image: np.ndarray, photo: np.ndarray) -> float:
    """Mean structural similarity (11x11 Gaussian window, sigma 1.5) of two images [H, W, C], values in 0..1."""
    image, photo = image.astype(np.float32), photo.astype(np.float32)
    similarity = Similarity(*image.shape)
    return similarity.value_and_gradient(image, photo, similarity.target(photo))[0]


def depth_relative_errors(depth: np.ndarray, uv_px: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """|rendered - observed| / observed [K] at pixel positions uv [K, 2] of a z-depth image [H, W].

    Observations outside the image are left out; where the render has no surface (inf) the error is 1.
    """
    height, width = depth.shape
    x, y = np.floor(uv_px).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (observed > 0)
    rendered, observed = depth[y[inside], x[inside]].astype(np.float64), observed[inside].astype(np.float64)
    return np.where(np.isfinite(rendered), np.abs(rendered - observed) / observed, 1.0)
