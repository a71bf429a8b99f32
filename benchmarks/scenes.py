"""Scenes and timing that the renderer's benchmarks share."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from runtime.splat.gaussians import Gaussians

ROOT = Path(__file__).resolve().parents[1]
TASKS = ROOT / "specs" / "tasks"


def task_spec(name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Settings of a task in specs/tasks, and parameters that it gives to stages."""
    spec = yaml.safe_load((TASKS / f"{name}.yaml").read_text())
    del spec["title"]
    return spec, spec.pop("stages", {})


def cloud(count: int, seed: int = 0, scales: tuple[float, float] = (0.004, 0.02), sh_degree: int = 0) -> Gaussians:
    """Random Gaussians that fill the view of a camera at the origin, 2 to 4 units deep, in a few layers."""
    r = np.random.default_rng(seed)
    return Gaussians(
        means=np.stack([r.uniform(-1.6, 1.6, count), r.uniform(-1.2, 1.2, count), r.uniform(2, 4, count)], axis=1),
        quats=r.normal(size=(count, 4)),
        scales=np.exp(r.uniform(*np.log(scales), (count, 3))),
        opacities=r.uniform(0.1, 0.95, count),
        sh=r.normal(size=(count, (sh_degree + 1) ** 2, 3)) * 0.5,
    )


def intrinsics(width: int, height: int) -> np.ndarray:
    """A camera of about 65 degrees across."""
    return np.array([[0.78 * width, 0, width / 2], [0, 0.78 * width, height / 2], [0, 0, 1]])


def cpu_ms(call: Callable[[], Any], repeats: int, warm: bool = True) -> float:
    """Median CPU milliseconds of a call, after one that is not counted if it should be `warm`."""
    if warm:
        call()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        spent.append(1e3 * (time.process_time() - start))
    return float(np.median(spent))


def psnr(image: np.ndarray, reference: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB for values up to 1."""
    return -10 * float(np.log10(np.mean((image.astype(np.float64) - reference) ** 2)))


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells, such as what, measured, at least."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
