"""A frame by two threads against one, in wall time, beside what two threads of pure arithmetic gain on the same machine then.

    python -m benchmarks.two_threads

The two are taken in turn; the least of many tries counts, for whatever else runs only ever adds. A machine whose cores are
taken shows it in the second row: then the first says nothing of the renderer. Threads are asked for by `OMP_NUM_THREADS`.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.blending_peak import multiply_adds
from benchmarks.scenes import cloud, intrinsics, table
from runtime.splat.rasterize import Scene, render_frame

COUNT, WIDTH, HEIGHT, TRIES, ROUNDS = 100_000, 640, 480, 60, 4_000_000


def gain(call: Callable[[int], Any]) -> tuple[float, float]:
    """Least milliseconds of a call with one thread and with two."""
    least = [np.inf, np.inf]
    for _ in range(TRIES):
        for threads in (1, 2):
            os.environ["OMP_NUM_THREADS"] = str(threads)
            start = time.perf_counter()
            call(threads)
            least[threads - 1] = min(least[threads - 1], 1e3 * (time.perf_counter() - start))
    return least[0], least[1]


def main() -> None:
    g, view, K = cloud(COUNT, sh_degree=3), np.eye(4), intrinsics(WIDTH, HEIGHT)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, g.sh, view, K)
    values, pool = [np.full(224, 1e-3, np.float32) for _ in range(2)], ThreadPoolExecutor(2)

    def arithmetic(threads: int) -> None:
        list(pool.map(lambda k: multiply_adds(ROUNDS // threads, values[k]), range(threads)))

    rows = [("what", "one thread", "two threads", "gain", "at least")]
    for name, call, least in (
        (f"frame, {COUNT} Gaussians, {WIDTH}x{HEIGHT}", lambda _: render_frame(scene, WIDTH, HEIGHT, sh_degree=3), "1.8x"),
        ("multiply-adds alone", arithmetic, ""),
    ):
        one, two = gain(call)
        rows.append((name, f"{one:.1f} ms", f"{two:.1f} ms", f"{one / two:.2f}x", least))
    table(rows)


if __name__ == "__main__":
    main()
