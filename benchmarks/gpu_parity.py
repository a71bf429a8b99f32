"""On a machine with CUDA: does gsplat give what the numba renderer gives, and how many frames per second do both make?

    python -m benchmarks.gpu_parity [--renderer gsplat] [--count 100000]

Every output that both have is compared on the same scene: RGB of SH 0 to 3, accumulated and expected depth, backgrounds, two
cameras, antialiased. It takes less than five minutes, most of it gsplat's own compilation. Exit code 1: an output differs by
more than 50 dB allow; 2: there is no CUDA device or no gsplat, with what to do.
"""

import argparse
import time
from typing import Any

import numpy as np

from benchmarks.scenes import cloud, intrinsics, table
from runtime.backend import load
from runtime.problem import InputError
from runtime.splat.renderer import Renderer

WIDTH, HEIGHT = 640, 480
LEAST_DB = 50.0
CASES: dict[str, dict[str, Any]] = {
    **{f"SH {degree}": {"sh_degree": degree} for degree in range(4)},
    "accumulated depth": {"sh_degree": 0, "render_mode": "D"},
    "RGB and expected depth": {"sh_degree": 3, "render_mode": "RGB+ED"},
    "antialiased": {"sh_degree": 3, "rasterize_mode": "antialiased"},
}


def scenes(count: int) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Arrays of the Gaussians, and two cameras over backgrounds of their own."""
    g = cloud(count, sh_degree=3)
    views = np.stack([np.eye(4), np.eye(4)])
    views[1, :3, 3] = 0.1, -0.05, 0.2
    cameras = {"viewmats": views, "Ks": np.stack([intrinsics(WIDTH, HEIGHT)] * 2), "width": WIDTH, "height": HEIGHT}
    return [g.means, g.quats, g.scales, g.opacities, g.sh], cameras


def difference_db(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of one against the other; the peak is the largest value of `b`."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(np.abs(b).max() ** 2 / error))


def compare(one: Renderer, other: Renderer, count: int) -> list[tuple[str, str, float]]:
    """What was compared, what was found, and its dB: images and alphas of every case, the lowest of the two cameras."""
    arrays, cameras = scenes(count)
    found = []
    for name, how in CASES.items():
        back = {} if how.get("render_mode") == "D" else {"backgrounds": np.array([[0.1, 0.5, 0.9], [0.0, 0.2, 0.4]], np.float32)}
        pictures = [r.rasterization(*arrays, **cameras, **how, **back)[:2] for r in (one, other)]
        db = min(difference_db(pictures[0][k][c], pictures[1][k][c]) for k in range(2) for c in range(2))
        found.append((name, f"{db:.1f} dB", db))
    return found


def frames_per_second(renderer: Renderer, count: int, seconds: float) -> float:
    """Frames of one camera in a second of wall time, arrays and pictures on the CPU, after two that are not counted."""
    arrays, cameras = scenes(count)
    one = cameras | {"viewmats": cameras["viewmats"][:1], "Ks": cameras["Ks"][:1], "sh_degree": 3}
    for _ in range(2):
        renderer.rasterization(*arrays, **one)
    frames, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        renderer.rasterization(*arrays, **one)
        frames += 1
    return frames / (time.perf_counter() - start)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renderer", default="gsplat", help="the back end to compare with numba")
    parser.add_argument("--count", type=int, default=100_000, help="Gaussians")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement of speed")
    options = parser.parse_args(words)
    try:
        ours, theirs = load("renderer", "numba")(), load("renderer", options.renderer)()
        found = compare(theirs, ours, options.count)
    except InputError as error:
        for problem in error.problems:
            print(f"{problem.message}\n  {problem.help}")
        return 2
    rows = [("what", "measured", "at least"), *((name, said, f"{LEAST_DB:.0f} dB") for name, said, _ in found)]
    for name, renderer in (("numba", ours), (options.renderer, theirs)):
        rows.append(
            (f"{name}, {options.count} Gaussians", f"{frames_per_second(renderer, options.count, options.seconds):.1f}/s", "")
        )
    table(rows)
    return int(min(db for _, _, db in found) < LEAST_DB)


if __name__ == "__main__":
    raise SystemExit(main())
