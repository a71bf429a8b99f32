"""Gain and offset of each photo, learned beside the Gaussians: cameras set their exposure anew for every photo.

Without them a splat explains a darker photo by haze in front of its camera.
"""

import numpy as np

from runtime.splat.adam import Adam
from runtime.splat.checkpoint import nested, part


class Exposure:
    """For each photo and colour channel: photo = render * exp(log gain) + offset; both are 0 on average over photos."""

    def __init__(self, photos: int) -> None:
        """No correction yet."""
        self._log_gain = Adam(np.zeros((photos, 3), np.float32))
        self._offset = Adam(np.zeros((photos, 3), np.float32))

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return nested({"gain": self._log_gain, "offset": self._offset})

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self._log_gain.restore(part(state, "gain"))
        self._offset.restore(part(state, "offset"))

    def apply(self, index: int, image: np.ndarray) -> np.ndarray:
        """The render [H, W, 3] as photo `index` would show it."""
        return image * np.exp(self._log_gain.value[index]) + self._offset.value[index]

    def step(self, index: int, image: np.ndarray, gradient: np.ndarray, rate: float) -> np.ndarray:
        """Learn from the gradient [H, W, 3] of the loss by the applied image; returns the one by the render.

        The average over photos is taken out again: it belongs to the scene.
        """
        gain = np.exp(self._log_gain.value[index])
        for adam, one in (
            (self._log_gain, (gradient * image).sum(axis=(0, 1)) * gain),
            (self._offset, gradient.sum(axis=(0, 1))),
        ):
            g = np.zeros_like(adam.value)
            g[index] = one
            adam.step(g, rate)
            adam.value -= adam.value.mean(axis=0)
        return gradient * gain


def matched(image: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The render [..., 3] with the gain and offset of each channel that bring it nearest to the photo."""
    x, y = image.reshape(-1, 3).astype(np.float64), photo.reshape(-1, 3).astype(np.float64)
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    gain = ((x - mean_x) * (y - mean_y)).sum(axis=0) / np.maximum(((x - mean_x) ** 2).sum(axis=0), 1e-9)
    return np.clip((image - mean_x) * gain + mean_y, 0, 1).astype(np.float32)
