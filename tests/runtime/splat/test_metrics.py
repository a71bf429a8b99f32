"""PSNR, SSIM with its gradient, and depth error."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from runtime.splat.metrics import depth_relative_errors, psnr, ssim
from runtime.splat.ssim import Similarity


def pair(height=40, width=30):
    rng = np.random.default_rng(0)
    photo = rng.uniform(0, 1, (height, width, 3)).astype(np.float32)
    return np.clip(photo + rng.normal(0, 0.1, photo.shape), 0, 1).astype(np.float32), photo


def plain_ssim(x, y):
    """The definition in float64, written out with scipy."""
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()

    def smooth(image):
        return correlate1d(correlate1d(image, taps, axis=0), taps, axis=1)[5:-5, 5:-5]

    x, y = x.astype(np.float64), y.astype(np.float64)
    mx, my = smooth(x), smooth(y)
    vx, vy, vxy = smooth(x * x) - mx * mx, smooth(y * y) - my * my, smooth(x * y) - mx * my
    above = (2 * mx * my + 1e-4) * (2 * vxy + 9e-4)
    return float((above / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4))).mean())


def test_psnr():
    photo = np.zeros((4, 4, 3), np.float32)
    assert psnr(photo + 0.1, photo) == pytest.approx(20, abs=1e-4)
    assert psnr(photo, photo) == float("inf")


def test_ssim_is_the_definition():
    image, photo = pair()
    assert ssim(image, photo) == pytest.approx(plain_ssim(image, photo), abs=1e-5)
    assert ssim(photo, photo) == pytest.approx(1, abs=1e-5)
    assert ssim(image, photo, np.ones(photo.shape[:2], bool)) == pytest.approx(ssim(image, photo), abs=1e-5)
    assert ssim(1 - photo, photo) < 0


def test_gradient_of_ssim():
    image, photo = pair(14, 13)
    similarity = Similarity(*image.shape)
    _, gradient = similarity.value_and_gradient(image, photo, similarity.target(photo))
    rng = np.random.default_rng(1)
    for _ in range(12):
        y, x, c = (int(rng.integers(n)) for n in image.shape)
        up, down = image.astype(np.float64), image.astype(np.float64)
        up[y, x, c] += 1e-5
        down[y, x, c] -= 1e-5
        assert gradient[y, x, c] == pytest.approx((plain_ssim(up, photo) - plain_ssim(down, photo)) / 2e-5, abs=2e-5)


def test_an_image_smaller_than_the_window():
    with pytest.raises(ValueError, match="smaller"):
        Similarity(10, 40)


def test_depth_errors():
    depth = np.full((10, 20), 2.0, np.float32)
    depth[0, 0] = np.inf
    uv = np.array([[0.5, 0.5], [5.9, 3.2], [25, 3]], np.float32)  # no surface, a surface, outside
    errors = depth_relative_errors(depth, uv, np.array([1.0, 1.6, 1.0], np.float32))
    np.testing.assert_allclose(errors, [1, 0.25], rtol=1e-6)
