"""The numba renderer against torch renderers (speed) and the float64 reference (accuracy).

    OMP_NUM_THREADS=1 python -m benchmarks.renderer [--gsplat FOLDER]

FOLDER holds gsplat 1.5.3, unpacked with `pip install --no-deps --target FOLDER gsplat==1.5.3`; without it the ratio
to gsplat's own torch reference is left out. Everything runs in one process on one thread; times are CPU time, medians.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks import gsplat_reference, torch_tiled
from benchmarks.scenes import cloud, cpu_ms, intrinsics, psnr, table
from runtime.splat.rasterize import Scene, render_frame
from runtime.splat.reference import render, tensors

COUNT, WIDTH, HEIGHT = 100_000, 640, 480


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gsplat", type=Path, help="folder with gsplat 1.5.3")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    g, view, K = cloud(COUNT), np.eye(4), intrinsics(WIDTH, HEIGHT)
    colors = np.random.default_rng(1).uniform(0, 1, (COUNT, 3)).astype(np.float32)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, colors, view, K)

    frame = render_frame(scene, WIDTH, HEIGHT)
    ours_ms = cpu_ms(lambda: render_frame(scene, WIDTH, HEIGHT), options.repeats)
    rows = [("what", "measured", "at least"), (f"numba, {COUNT} Gaussians, {WIDTH}x{HEIGHT}", f"{ours_ms:.1f} CPU-ms", "")]

    single = [torch.as_tensor(a, dtype=torch.float32) for a in scene]
    with torch.no_grad():
        tiled_ms = cpu_ms(lambda: torch_tiled.render(single, WIDTH, HEIGHT), 3)
        tiled = torch_tiled.render(single, WIDTH, HEIGHT).numpy()
        rows.append(("tiled torch", f"{tiled_ms:.0f} CPU-ms ({psnr(tiled, frame.image):.0f} dB from ours)", ""))
        rows.append(("tiled torch / numba", f"{tiled_ms / ours_ms:.1f}x", "8x"))
        if options.gsplat:
            module = gsplat_reference.load(options.gsplat)
            pairs = gsplat_reference.touching(frame, WIDTH, HEIGHT)
            theirs_ms = cpu_ms(lambda: gsplat_reference.render(module, single, pairs, WIDTH, HEIGHT), 3)
            theirs = gsplat_reference.render(module, single, pairs, WIDTH, HEIGHT).numpy()
            note = f"{theirs_ms:.0f} CPU-ms, index step not counted ({psnr(theirs, frame.image):.0f} dB from ours)"
            rows.append(("gsplat's torch reference", note, ""))
            rows.append(("gsplat's torch reference / numba", f"{theirs_ms / ours_ms:.1f}x", "30x"))
        exact = render(tensors(*scene), WIDTH, HEIGHT)[0].numpy()
    rows.append(("PSNR against float64", f"{psnr(frame.image, exact):.1f} dB", "80 dB"))
    rows.append(("largest error against float64", f"{np.abs(frame.image - exact).max():.1e}", "at most 1e-2"))
    table(rows)


if __name__ == "__main__":
    main()
