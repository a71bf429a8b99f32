"""Structural similarity (Wang et al. 2004): 11x11 Gaussian window of sigma 1.5, and its gradient.

Only windows that lie wholly inside the image count.
"""

import numpy as np

from runtime.splat.jit import kernel

WINDOW = 11
SIGMA = 1.5
C1, C2 = 0.01**2, 0.03**2  # for values in 0..1


def _taps() -> np.ndarray:
    x = np.arange(WINDOW) - WINDOW // 2
    w = np.exp(-(x**2) / (2 * SIGMA**2))
    return (w / w.sum()).astype(np.float32)


TAPS = _taps()


@kernel
def _smooth(image, taps, step, across, out):
    """Out [h - 10, w - 10 * step] of an image [h, w]; `step` is the number of channels interleaved in a row."""
    h, w = image.shape
    n = w - (taps.shape[0] - 1) * step
    for y in range(h):
        for j in range(n):
            across[y, j] = taps[0] * image[y, j]
        for k in range(1, taps.shape[0]):
            tap, shift = taps[k], k * step
            for j in range(n):
                across[y, j] += tap * image[y, j + shift]
    for y in range(out.shape[0]):
        for j in range(n):
            out[y, j] = taps[0] * across[y, j]
        for k in range(1, taps.shape[0]):
            tap = taps[k]
            for j in range(n):
                out[y, j] += tap * across[y + k, j]


@kernel
def _spread(image, taps, step, across, out):
    """The transpose of `_smooth`: from [h - 10, w - 10 * step] back to out [h, w]."""
    n = image.shape[1]
    across[:] = np.float32(0.0)
    for y in range(image.shape[0]):
        for k in range(taps.shape[0]):
            tap = taps[k]
            for j in range(n):
                across[y + k, j] += tap * image[y, j]
    out[:] = np.float32(0.0)
    for y in range(out.shape[0]):
        for k in range(taps.shape[0]):
            tap, shift = taps[k], k * step
            for j in range(n):
                out[y, j + shift] += tap * across[y, j]


@kernel
def _compare(mean, square, product, mean_y, variance_y, g_mean, g_square, g_product):
    """Sum of the similarity over all windows; fills its gradients with respect to the three smoothed images."""
    total = 0.0
    one, two = np.float32(C1), np.float32(C2)
    for y in range(mean.shape[0]):
        row = np.float32(0.0)
        for j in range(mean.shape[1]):
            m, my = mean[y, j], mean_y[y, j]
            a1 = np.float32(2.0) * m * my + one
            a2 = np.float32(2.0) * (product[y, j] - m * my) + two
            b1 = m * m + my * my + one
            b2 = square[y, j] - m * m + variance_y[y, j] + two
            scale = np.float32(1.0) / (b1 * b2)
            s = a1 * a2 * scale
            bend = np.float32(1.0) / b1 - np.float32(1.0) / b2
            g_mean[y, j] = np.float32(2.0) * (my * (a2 - a1) * scale - s * m * bend)
            g_square[y, j] = -s / b2
            g_product[y, j] = np.float32(2.0) * a1 * scale
            row += s
        total += row
    return total


class Similarity:
    """Structural similarity with fixed target photos; keeps the scratch arrays of one image size."""

    def __init__(self, height: int, width: int, channels: int = 3) -> None:
        """Scratch arrays for images [height, width, channels], at least 11 pixels each way."""
        if min(height, width) < WINDOW:
            raise ValueError(f"images of {width}x{height} px are smaller than the {WINDOW} px window")
        self.shape = (height, width, channels)
        self._flat = (height, width * channels)
        self._valid = (height - WINDOW + 1, (width - WINDOW + 1) * channels)
        self._across = np.empty((height, self._valid[1]), np.float32)

    def smooth(self, image: np.ndarray) -> np.ndarray:
        """Window means [H - 10, (W - 10) * C] of an image [H, W, C]."""
        out = np.empty(self._valid, np.float32)
        _smooth(np.ascontiguousarray(image).reshape(self._flat), TAPS, self.shape[2], self._across, out)
        return out

    def _spread(self, valid: np.ndarray) -> np.ndarray:
        out = np.empty(self._flat, np.float32)
        _spread(valid, TAPS, self.shape[2], self._across, out)
        return out.reshape(self.shape)

    def target(self, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `value_and_gradient` needs of a photo [H, W, C] float32 in 0..1, to be computed once."""
        mean = self.smooth(photo)
        return mean, self.smooth(photo * photo) - mean * mean

    def value_and_gradient(
        self, image: np.ndarray, photo: np.ndarray, target: tuple[np.ndarray, np.ndarray]
    ) -> tuple[float, np.ndarray]:
        """Mean similarity of image and photo [H, W, C] float32, and its gradient [H, W, C] for the image."""
        mean, square, product = self.smooth(image), self.smooth(image * image), self.smooth(image * photo)
        gradients = tuple(np.empty(self._valid, np.float32) for _ in range(3))
        total = _compare(mean, square, product, *target, *gradients)
        g_mean, g_square, g_product = (self._spread(g) for g in gradients)
        count = self._valid[0] * self._valid[1]
        return total / count, (g_mean + 2 * image * g_square + photo * g_product) / np.float32(count)
