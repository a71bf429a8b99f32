"""Contact sheets: a few frames of an episode side by side, enlarged without smoothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def contact_sheet(films: Sequence[np.ndarray], columns: int = 8, scale: int = 3) -> np.ndarray:
    """One row per film [T, H, W, 3] u8, `columns` frames evenly over its length: u8 [rows, width, 3]."""
    rows = []
    for film in films:
        picks = np.linspace(0, len(film) - 1, columns).round().astype(int)
        rows.append(np.concatenate([film[i] for i in picks], axis=1))
    sheet = np.concatenate(rows)
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)


def save_sheet(path: Path, films: Sequence[np.ndarray], columns: int = 8, scale: int = 3) -> None:
    """Write a contact sheet as PNG."""
    Image.fromarray(contact_sheet(films, columns, scale)).save(path)
