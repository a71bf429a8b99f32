"""Reading camera paths that people bring, standard library only: the `frames` of a `transforms.json`, or the `camera_path` that
nerfstudio's viewer saves. Poses are camera-to-world in OpenGL axes, as in a pose file."""

import math
from pathlib import Path
from typing import Any

from runtime.capture.transforms_file import TransformsError, json_of

MOST = 2000
"""Poses of a path."""


def read_path(path: Path) -> list[list[list[float]]]:
    """The poses of a path as rows of OpenCV camera-to-world matrices, T of 4 by 4.

    Raises:
        TransformsError: it is no such file, has fewer than 2 or more than `MOST` poses, or one that is not rigid.
        OSError: it cannot be read.
    """
    content = json_of(path)
    key, of = ("camera_path", "camera_to_world") if "camera_path" in content else ("frames", "transform_matrix")
    listed = content.get(key)
    if not isinstance(listed, list):
        raise TransformsError("has neither a list `frames` nor a list `camera_path`")
    if not 2 <= len(listed) <= MOST:
        raise TransformsError(f"lists {len(listed)} poses; a path has 2 to {MOST}")
    return [_opencv(entry.get(of) if isinstance(entry, dict) else None, of, i) for i, entry in enumerate(listed)]


def _opencv(matrix: Any, key: str, index: int) -> list[list[float]]:
    rows = matrix
    if isinstance(matrix, list) and len(matrix) == 16:
        rows = [matrix[k : k + 4] for k in range(0, 16, 4)]
    if not (isinstance(rows, list) and len(rows) in (3, 4) and all(isinstance(row, list) and len(row) == 4 for row in rows)):
        raise TransformsError(f"has no `{key}` of 4 by 4 numbers in pose {index}")
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e9 for row in rows for v in row):
        raise TransformsError(f"has a `{key}` in pose {index} with what is no number below 1e9")
    axes = [[rows[i][j] for i in range(3)] for j in range(3)]
    products = [sum(a * b for a, b in zip(axes[i], axes[j], strict=True)) - (i == j) for i in range(3) for j in range(3)]
    x, y, z = axes
    turned = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
    if max(map(abs, products)) > 1e-2 or math.sumprod(turned, z) < 0:
        raise TransformsError(f"has a `{key}` in pose {index} that is not rigid")
    return [[float(row[0]), -float(row[1]), -float(row[2]), float(row[3])] for row in rows[:3]] + [[0.0, 0.0, 0.0, 1.0]]
