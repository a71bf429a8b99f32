"""Image augmentation while training: small shifts and changes of light, drawn once per window."""

import numpy as np
import torch

from runtime.learn.dataset import IMAGE_PREFIX, PLACES_PREFIX


def augment(batch: dict[str, np.ndarray], rng: np.random.Generator, shift_px: int, jitter: float) -> dict[str, np.ndarray]:
    """Shift each window's images by up to `shift_px` pixels (edges repeat) and scale their brightness and channels.

    Brightness is multiplied by up to 1 +- `jitter`, each channel by up to 1 +- jitter / 2. Images are u8
    [B, ..., H, W, 3]; known places of objects move with them, everything else passes
    through. Random shifts as in Kostrikov et al., "Image Augmentation Is All You Need" (2020).
    """
    out = dict(batch)
    for key, images in batch.items():
        if not key.startswith(IMAGE_PREFIX):
            continue
        if shift_px > 0:
            by = rng.integers(-shift_px, shift_px + 1, (len(images), 2))
            images = _shift(images, by)
            where = PLACES_PREFIX + key.removeprefix(IMAGE_PREFIX)
            if where in batch:
                h, w = images.shape[-3:-1]
                across_down = by[:, ::-1].reshape(len(by), *[1] * (batch[where].ndim - 2), 2)
                out[where] = batch[where] - (across_down * 2 / (w, h)).astype(np.float32)
        if jitter > 0:
            gain = rng.uniform(1 - jitter, 1 + jitter, (len(images), 1)) * rng.uniform(
                1 - jitter / 2, 1 + jitter / 2, (len(images), 3)
            )
            images = _scaled(images, gain.astype(np.float32))
        out[key] = images
    return out


def _scaled(images: np.ndarray, gain: np.ndarray) -> np.ndarray:
    # u8 [B, ..., H, W, 3] by gain [B, 3]; rows of pixels as one axis, since torch and numpy are slow on a last axis of 3
    width = images.shape[-2]
    rows = torch.from_numpy(np.ascontiguousarray(images)).view(len(images), -1, width * 3).to(torch.float32)
    rows.mul_(torch.from_numpy(np.tile(gain, width))[:, None]).clamp_(0, 255)
    return rows.to(torch.uint8).numpy().reshape(images.shape)


def _shift(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    h, w = images.shape[-3:-1]
    rows = np.clip(np.arange(h)[None] + by[:, :1], 0, h - 1)  # [B, H]
    cols = np.clip(np.arange(w)[None] + by[:, 1:], 0, w - 1)  # [B, W]
    flat = images.reshape(len(images), -1, h, w, 3)
    moved = [im[:, r][:, :, c] for im, r, c in zip(flat, rows, cols, strict=True)]
    return np.stack(moved).reshape(images.shape)
