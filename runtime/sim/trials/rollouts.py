"""What a typical trial looked like: the same success and the same failure as a film and as a sheet of frames."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.coverage.video import write_video
from runtime.sim.pixels.contact_sheet import save_sheet
from runtime.sim.trials.trial import Trial

INDEX = "typical.json"
"""File that says which trials the pictures beside it show."""
LARGE = "-large.mp4"
"""What follows `success` and `failure` in the names of films for people."""
LARGE_FPS = 5.0
"""Frames of such a film in a second, at the most."""
LARGE_QUALITY = 72
"""Quality of pictures for people, as WebP."""
CRF = 28
"""Quality of a film: camera noise is most of its bytes, and nobody needs to see that exactly."""


def typical(done: Sequence[Trial], success: bool) -> Trial | None:
    """The trial in the middle: of successes by the steps they took, of failures by their score. None without any."""
    found = sorted((t for t in done if t.success is success), key=lambda t: t.steps if success else t.score)
    return found[len(found) // 2] if found else None


def save_rollouts(
    folder: Path,
    done: Sequence[Trial],
    fps: float,
    columns: int = 8,
    sheet_scale: int = 3,
    film_scale: int = 3,
    large: Callable[[Trial, int], np.ndarray | None] = lambda trial, every: None,
) -> None:
    """Write a typical success and a typical failure of trials that ran at `fps` steps a second.

    `success.mp4` and `failure.mp4` are the films, `success.png` and `failure.png` sheets of `columns` frames;
    `success-large.mp4` and `failure-large.mp4` show the same for people as `large` draws it (of a trial, one frame in so many
    steps and the last), `success.webp` and `failure.webp` how it ended;
    `typical.json` says which trials they are. What did not happen has no file.
    """
    index = {}
    for name, wanted in (("success", True), ("failure", False)):
        trial = typical(done, wanted)
        if trial is not None:
            film = trial.film()
            save_sheet(folder / f"{name}.png", [film], columns, sheet_scale)
            save_film(folder / f"{name}.mp4", film, fps, film_scale)
            every = math.ceil(fps / LARGE_FPS)
            if (drawn := large(trial, every)) is not None:
                save_film(folder / f"{name}{LARGE}", drawn, fps / every, 1)
                Image.fromarray(drawn[-1]).save(folder / f"{name}.webp", "WEBP", quality=LARGE_QUALITY, method=4)
            row = trial.row()
            index[name] = {key: row[key] for key in ("initial_state", "steps", "score", "failure_mode")} | {"fps": fps}
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n")


def save_film(path: Path, film: np.ndarray, fps: float, scale: int = 3) -> None:
    """Write a film [T, H, W, 3] u8 at its own speed, `scale` times as large without smoothing.

    H.264 stores colour for blocks of two by two: an odd edge is doubled.
    """
    large = film.repeat(scale, axis=1).repeat(scale, axis=2)
    even = np.pad(large, ((0, 0), (0, large.shape[1] % 2), (0, large.shape[2] % 2), (0, 0)), mode="edge")
    write_video(path, even, fps, CRF, faststart=True)
