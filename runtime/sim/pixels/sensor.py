"""What a camera does to light: exposure, white balance, vignetting, noise, eight bits."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sensor:
    """`gain` [3] multiplies red, green and blue; `vignetting` is the loss in the corners; noise in 8-bit levels."""

    gain: tuple[float, ...] = (1.0, 1.0, 1.0)
    vignetting: float = 0.0
    noise_sd: float = 0.0
    gamma: float = 1.0

    def expose(self, rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Turn light [H, W, 3] (1 is white) into a picture u8 [H, W, 3]."""
        picture = rgb * np.array(self.gain, rgb.dtype)
        if self.vignetting:
            picture = picture * corner_loss(rgb.shape[0], rgb.shape[1], self.vignetting)[..., None]
        picture = np.clip(picture, 0, 1)
        if self.gamma != 1.0:
            picture = picture**self.gamma
        picture = picture * 255
        if self.noise_sd:
            picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * self.noise_sd
        return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def corner_loss(height: int, width: int, loss: float) -> np.ndarray:
    """Share of light [H, W] that arrives: 1 in the middle, 1 - `loss` in the corners."""
    y = (np.arange(height) + 0.5) / height * 2 - 1
    x = (np.arange(width) + 0.5) / width * 2 - 1
    return (1 - loss * (x[None, :] ** 2 + y[:, None] ** 2) / 2).astype(np.float32)
