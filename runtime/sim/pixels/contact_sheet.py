"""Contact sheets: a few frames of an episode side by side, enlarged without smoothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def side_by_side(films: Sequence[np.ndarray]) -> np.ndarray:
    """Films [T, H, W, 3] u8 of several cameras as one; lower ones stand on black."""
    most = max(film.shape[1] for film in films)
    return np.concatenate([np.pad(film, ((0, 0), (most - film.shape[1], 0), (0, 0), (0, 0))) for film in films], axis=2)


def save_sheet(path: Path, films: Sequence[np.ndarray], columns: int = 8, scale: int = 3) -> None:
    """Write a PNG with one row per film [T, H, W, 3] u8, `columns` frames evenly over its length."""
    rows = []
    for film in films:
        picks = np.linspace(0, len(film) - 1, columns).round().astype(int)
        rows.append(np.concatenate([film[i] for i in picks], axis=1))
    Image.fromarray(np.concatenate(rows).repeat(scale, axis=0).repeat(scale, axis=1)).save(path)
