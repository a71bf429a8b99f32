"""Blending alone: its arithmetic per second, as a share of what fused multiply-adds reach here in the same registers.

    OMP_NUM_THREADS=1 python -m benchmarks.blending_peak

Counted are the additions and multiplications (a fused one is two) of every lane of every 4x4 block that a Gaussian is
blended into: 31 with three channels; comparisons, selections and integer steps are not. The useful share counts only the
lanes whose pixel takes something. The two are timed in turn, in one process; times are CPU time, medians.
"""

import time

import numpy as np

from benchmarks.gsplat_reference import touching
from benchmarks.scenes import cloud, intrinsics, table
from runtime.splat.blend import CHUNK, LANES, blend, block_places, list_chunk, workspace
from runtime.splat.jit import kernel
from runtime.splat.lanes import load, store
from runtime.splat.rasterize import Frame, Scene, render_frame
from runtime.splat.tiles import TILE

COUNT, WIDTH, HEIGHT = 100_000, 640, 480
OPERATIONS = 31  # dx, dy 2; exponent 8; 2^t 13; weight, rest 2; three channels 6
ROUNDS = 2_000_000


@kernel
def multiply_adds(rounds, values):
    """Sixteen independent chains of fused multiply-adds, `rounds` long."""
    a, b, c, d = load(values, 0), load(values, 16), load(values, 32), load(values, 48)
    e, f, g, h = load(values, 64), load(values, 80), load(values, 96), load(values, 112)
    i, j, k, m = load(values, 128), load(values, 144), load(values, 160), load(values, 176)
    x, y = load(values, 192), load(values, 208)
    for _ in range(rounds):
        a, b, c, d, e, f = a * x + y, b * x + y, c * x + y, d * x + y, e * x + y, f * x + y
        g, h, i, j, k, m = g * x + y, h * x + y, i * x + y, j * x + y, k * x + y, m * x + y
    store(values, 0, a + b + c + d + e + f + g + h + i + j + k + m)


@kernel
def block_pairs(packed, offsets, ranks, tile_width):
    """How many pairs of a Gaussian and a block the lists of `blend` hold when no tile is finished early."""
    places, work = block_places(), workspace()
    pairs = 0
    for tile in range(offsets.shape[0] - 1):
        left, top = np.float32(tile % tile_width * TILE + 0.5), np.float32(tile // tile_width * TILE + 0.5)
        for start in range(offsets[tile], offsets[tile + 1], CHUNK):
            here = min(CHUNK, offsets[tile + 1] - start)
            list_chunk(packed, ranks, start, here, left, top, (1 << LANES) - 1, places, work)
            pairs += work[3].sum()
    return pairs


def measure(frame: Frame, repeats: int) -> tuple[float, float]:
    """Seconds of blending the frame again, and seconds of `ROUNDS` times 12 multiply-adds of 16 lanes: medians."""
    values, tiles = np.full(224, 1e-3, np.float32), len(frame.offsets) - 1
    lists = (frame.packed, frame.offsets, frame.ranks, np.zeros(4, np.float32), -(-frame.image.shape[1] // TILE), 0, 0, tiles)
    spent: tuple[list[float], list[float]] = [], []
    for _ in range(repeats + 1):
        for which, call in enumerate((lambda: blend(*lists, frame.image, frame.alpha), lambda: multiply_adds(ROUNDS, values))):
            start = time.process_time()
            call()
            spent[which].append(time.process_time() - start)
    return float(np.median(spent[0][1:])), float(np.median(spent[1][1:]))


def main() -> None:
    g, view, K = cloud(COUNT), np.eye(4), intrinsics(WIDTH, HEIGHT)
    frame = render_frame(Scene(g.means, g.quats, g.scales, g.opacities, g.sh, view, K), WIDTH, HEIGHT, sh_degree=0)
    pairs = int(block_pairs(frame.packed, frame.offsets, frame.ranks, -(-WIDTH // TILE)))
    useful = len(touching(frame, WIDTH, HEIGHT)[0])
    seconds, peak_seconds = measure(frame, 21)
    peak = ROUNDS * 12 * 16 * 2 / peak_seconds
    reached = pairs * LANES * OPERATIONS / seconds
    rows = [("what", "measured", "at least"), ("blending", f"{1e3 * seconds:.1f} CPU-ms", "")]
    rows.append(("peak of multiply-adds", f"{1e-9 * peak:.0f} GFLOP/s", ""))
    rows.append(("blending", f"{1e-9 * reached:.0f} GFLOP/s", ""))
    rows.append(("share of the peak", f"{100 * reached / peak:.0f}%", "30%"))
    rows.append(("lanes that take something", f"{100 * useful / (pairs * LANES):.0f}%", ""))
    table(rows)


if __name__ == "__main__":
    main()
