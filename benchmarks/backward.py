"""The hand-written backward against float64 autograd of the plain reference (accuracy) and float32 autograd (speed).

OMP_NUM_THREADS=1 python -m benchmarks.backward
"""

import time

import numpy as np
import torch

from benchmarks.scenes import cloud, cpu_ms, intrinsics, table
from runtime.splat.backward import frame_backward
from runtime.splat.rasterize import Scene, render_frame
from runtime.splat.reference import render, tensors

COUNT, WIDTH, HEIGHT, DEGREE = 10_000, 128, 96, 1
NAMES = ("means", "quats", "scales", "opacities", "colors")


def main() -> None:
    torch.set_num_threads(1)
    g, view, K = cloud(COUNT, scales=(0.01, 0.06), sh_degree=DEGREE), np.eye(4), intrinsics(WIDTH, HEIGHT)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, g.sh, view, K)
    g_image = np.random.default_rng(1).normal(size=(HEIGHT, WIDTH, 3)).astype(np.float32)
    frame = render_frame(scene, WIDTH, HEIGHT, sh_degree=DEGREE)
    mine = frame_backward(frame, scene, g_image, sh_degree=DEGREE)
    forward_ms = cpu_ms(lambda: render_frame(scene, WIDTH, HEIGHT, sh_degree=DEGREE), 15)
    backward_ms = cpu_ms(lambda: frame_backward(frame, scene, g_image, sh_degree=DEGREE), 15)

    exact = tensors(*scene)
    for t in exact[:5]:
        t.requires_grad_()
    loss = (render(exact, WIDTH, HEIGHT, sh_degree=DEGREE)[0] * torch.as_tensor(g_image)).sum()
    loss.backward()
    rows = [("what", "measured", "at most")]
    for name, tensor in zip(NAMES, exact, strict=False):
        assert tensor.grad is not None
        reference = tensor.grad.numpy()
        error = np.linalg.norm(getattr(mine, name) - reference) / np.linalg.norm(reference)
        rows.append((f"relative L2 error, {name}", f"{error:.1e}", "1e-4"))

    single = [t.detach().float().requires_grad_(i < 5) for i, t in enumerate(exact)]
    start = time.process_time()
    image = render(single, WIDTH, HEIGHT, sh_degree=DEGREE)[0]
    middle = time.process_time()
    (image * torch.as_tensor(g_image)).sum().backward()
    torch_ms = 1e3 * (time.process_time() - middle)
    rows.append((f"numba forward, {COUNT} Gaussians, {WIDTH}x{HEIGHT}", f"{forward_ms:.1f} CPU-ms", ""))
    rows.append(("numba backward", f"{backward_ms:.1f} CPU-ms", ""))
    rows.append(("plain torch forward, float32", f"{1e3 * (middle - start):.0f} CPU-ms", ""))
    rows.append(("plain torch backward, float32", f"{torch_ms:.0f} CPU-ms = {torch_ms / backward_ms:.0f}x", ""))
    table(rows)


if __name__ == "__main__":
    main()
