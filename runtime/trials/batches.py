"""Trials that came in batches: the first of each cell, which always holds some, and the later ones."""

from collections.abc import Sequence
from pathlib import Path

from runtime.bound.cell import Cell


def apart(cells: Sequence[Cell], parts: Sequence[int], trials: Sequence[Path]) -> tuple[list[Path], list[tuple[Cell, Path]]]:
    """First batch of each cell, and all further ones with the cell that each belongs to.

    Args:
        cells: the study's cells.
        parts: how many batches each has; empty where each has one.
        trials: their folders, those of a cell one after another.

    Raises:
        ValueError: when the numbers do not match.
    """
    counts = list(parts) or [1] * len(cells)
    if len(counts) != len(cells) or sum(counts) != len(trials):
        raise ValueError(f"{len(trials)} batches for {len(cells)} cells")
    first, later, at = [], [], 0
    for cell, count in zip(cells, counts, strict=True):
        first.append(trials[at])
        later += [(cell, folder) for folder in trials[at + 1 : at + count]]
        at += count
    return first, later
