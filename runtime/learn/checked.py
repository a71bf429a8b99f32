"""The visual checks of demos, of what was written: no demo reaches training without them (`checked` in the port contract)."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from runtime.coverage.checks import Checked, Limits, check_film, worst
from runtime.learn.dataset import Arrays


def check_demos(
    arrays: Arrays, lengths: Sequence[int], fps: float, behind: Mapping[str, np.ndarray | None], limits: Limits | None = None
) -> list[Checked]:
    """Check every demo of a dataset, seen by every camera.

    Args:
        arrays: what was read again.
        lengths: steps of each demo.
        fps: frames per second that they should have.
        behind: camera -> what stands still behind, u8 [H, W, 3]; None where nothing does.
        limits: where checks begin to fail.
    """
    limits = limits or Limits()
    found = []
    for i, frames in enumerate(lengths):
        rows = arrays.episode_index == i
        films = ((arrays.images[name][rows], None if still is None else still[None]) for name, still in behind.items())
        found.append(worst([check_film(film, still, limits, frames, fps, arrays.fps) for film, still in films]))
    return found


def usual(arrays: Arrays, cameras: Iterable[str]) -> dict[str, np.ndarray]:
    """What demos have in common: the median over them of each camera's first picture, u8 [H, W, 3]."""
    firsts = np.unique(arrays.episode_index, return_index=True)[1]
    return {name: np.median(arrays.images[name][firsts], axis=0).astype(np.uint8) for name in cameras}


def failing_demos(checks: Sequence[Checked]) -> str:
    """Which demos fail what, in words; empty where none does."""
    failing = [f"{i} ({', '.join(checked.failed)})" for i, checked in enumerate(checks) if not checked.passed]
    return ", ".join(failing[:5]) + (f" and {len(failing) - 5} more" if len(failing) > 5 else "")
