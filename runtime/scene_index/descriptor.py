"""What a picture looks like, in numbers computed of its pixels alone: colour over a grid, and histograms of gradients.

Histograms of oriented gradients as Dalal and Triggs (CVPR 2005) have them: 9 directions without sign, cells of 8 by 8 pixels,
L2-Hys over blocks of 2 by 2 cells; at two scales. Colour is chromaticity, which a camera's exposure does not change, and
lightness after its mean and spread are taken out. No picture but the one that is described has a say in it.
"""

import numpy as np

WIDTH, HEIGHT = 64, 48
CELL = 8
DIRECTIONS = 9
CLIP = 0.2


def describe(picture: np.ndarray) -> np.ndarray:
    """A picture [H, W, 3] uint8 RGB of any size as a vector of unit length [D] float32."""
    from PIL import Image

    small = np.asarray(Image.fromarray(picture).resize((WIDTH, HEIGHT), Image.Resampling.BOX), np.float32) / 255
    light = small.mean(-1)
    light = (light - light.mean()) / (light.std() + 0.02)
    chroma = small[..., :2] / (small.sum(-1, keepdims=True) + 0.05) - 1 / 3
    halved = light.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3))
    looks = [_means(chroma, CELL) * 4, _means(light[..., None], CELL) / 4]
    shapes = [gradients(light), gradients(halved)]
    return _unit(np.concatenate([0.6 * _unit(np.concatenate(looks)), *(0.57 * _unit(part) for part in shapes)])).astype(
        np.float32
    )


def gradients(light: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients of a picture [H, W], by blocks: [D]."""
    dy, dx = np.gradient(light)
    strength, direction = np.hypot(dx, dy), (np.arctan2(dy, dx) % np.pi) / np.pi * DIRECTIONS
    low = np.floor(direction).astype(int)
    part = direction - low
    rows, columns = (n // CELL for n in light.shape)
    cell = np.arange(light.shape[0])[:, None] // CELL * columns + np.arange(light.shape[1]) // CELL
    histogram = np.zeros((rows * columns, DIRECTIONS), np.float64)
    np.add.at(histogram, (cell, low % DIRECTIONS), strength * (1 - part))
    np.add.at(histogram, (cell, (low + 1) % DIRECTIONS), strength * part)
    cells = histogram.reshape(rows, columns, DIRECTIONS)
    blocks = np.concatenate([cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]], -1)
    blocks = np.minimum(blocks / (np.linalg.norm(blocks, axis=-1, keepdims=True) + 0.5), CLIP)
    return (blocks / (np.linalg.norm(blocks, axis=-1, keepdims=True) + 1e-6)).ravel()


def _means(picture: np.ndarray, cell: int) -> np.ndarray:
    height, width, channels = picture.shape
    return picture.reshape(height // cell, cell, width // cell, cell, channels).mean((1, 3)).ravel()


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
