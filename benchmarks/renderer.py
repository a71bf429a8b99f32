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
from runtime.splat.rasterize import Frame, Scene, render_frame
from runtime.splat.reference import render, tensors

COUNT, WIDTH, HEIGHT, DEGREE = 100_000, 640, 480, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gsplat", type=Path, help="folder with gsplat 1.5.3")
    parser.add_argument("--repeats", type=int, default=5, help="rounds, each with every renderer")
    options = parser.parse_args()
    torch.set_num_threads(1)
    g, view, K = cloud(COUNT, sh_degree=DEGREE), np.eye(4), intrinsics(WIDTH, HEIGHT)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, g.sh, view, K)

    def ours() -> Frame:
        return render_frame(scene, WIDTH, HEIGHT, sh_degree=DEGREE)

    frame = ours()
    single = [torch.as_tensor(a, dtype=torch.float32) for a in scene]
    others = {"tiled torch": lambda: torch_tiled.render(single, WIDTH, HEIGHT)}
    module = None
    if options.gsplat:
        module = gsplat_reference.load(options.gsplat)
        pairs = gsplat_reference.touching(frame, WIDTH, HEIGHT)
        others["gsplat's torch reference, index step not counted"] = lambda: gsplat_reference.render(
            module, single, pairs, WIDTH, HEIGHT
        )
    ours_ms, theirs_ms = [], {name: [] for name in others}
    with torch.no_grad():
        for _ in range(options.repeats):  # in turn, so that what else the machine does falls on all
            ours_ms.append(cpu_ms(ours, 5))
            for name, call in others.items():
                theirs_ms[name].append(cpu_ms(call, 1, warm=False))
    now = float(np.median(ours_ms))
    rows = [("what", "measured", "at least"), (f"numba, {COUNT} Gaussians, SH 3, {WIDTH}x{HEIGHT}", f"{now:.1f} CPU-ms", "")]
    for (name, call), least in zip(others.items(), ("38x", "80x"), strict=False):
        with torch.no_grad():
            close = psnr(call().numpy(), frame.image)
        then = float(np.median(theirs_ms[name]))
        rows.append((name, f"{then:.0f} CPU-ms = {then / now:.0f}x ({close:.0f} dB from ours)", least))
    if options.gsplat:
        soft = render_frame(scene, WIDTH, HEIGHT, sh_degree=DEGREE, antialiased=True)
        factor = gsplat_reference.compensations(module, tensors(*scene), WIDTH, HEIGHT).numpy()
        error = np.abs(soft.peaks - g.opacities * factor)[soft.order].max()
        rows.append(("antialiased opacities, largest difference to gsplat's", f"{error:.1e}", "at most 1e-6"))
    exact = render(tensors(*scene), WIDTH, HEIGHT, sh_degree=DEGREE)[0].numpy()
    rows.append(("PSNR against float64", f"{psnr(frame.image, exact):.1f} dB", "106 dB"))
    rows.append(("largest error against float64", f"{np.abs(frame.image - exact).max():.1e}", "at most 1e-2"))
    table(rows)


if __name__ == "__main__":
    main()
