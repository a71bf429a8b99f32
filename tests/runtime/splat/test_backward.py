"""The hand-written backward against float64 autograd of the plain reference."""

import numpy as np
import pytest
import torch

from runtime.splat.backward import frame_backward
from runtime.splat.rasterize import Scene, render_frame
from runtime.splat.reference import render, tensors
from tests.runtime.splat.scene import HEIGHT, INTRINSICS, WIDTH, random_gaussians, tilted_view

NAMES = ("means", "quats", "scales", "opacities", "colors")


def relative(gradient: np.ndarray, exact: torch.Tensor) -> float:
    assert exact.grad is not None
    reference = exact.grad.numpy()
    return float(np.linalg.norm(gradient - reference) / np.linalg.norm(reference))


@pytest.mark.parametrize(
    ("count", "degree", "scales", "antialiased"),
    [
        (600, 3, (0.01, 0.2), False),
        (300, 0, (0.02, 0.5), False),
        (400, None, (0.005, 0.05), False),
        (400, 1, (0.005, 0.05), True),
    ],
    ids=["degree 3", "degree 0, large", "plain colours, small", "antialiased"],
)
def test_every_gradient_matches_autograd(count, degree, scales, antialiased):
    g = random_gaussians(count, seed=1, sh_degree=degree or 0, scales=scales)
    rng = np.random.default_rng(2)
    colors = g.sh if degree is not None else rng.uniform(0, 1, (count, 3)).astype(np.float32)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, colors, tilted_view(), INTRINSICS)
    background = np.array([0.1, 0.5, 0.9], np.float32)
    g_image = rng.normal(size=(HEIGHT, WIDTH, 4)).astype(np.float32)
    g_alpha = rng.normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    how = {"sh_degree": degree, "antialiased": antialiased}
    frame = render_frame(scene, WIDTH, HEIGHT, background=background, with_depth=True, **how)
    mine = frame_backward(frame, scene, g_image, g_alpha, sh_degree=degree, with_depth=True)

    exact = tensors(*scene)
    for t in exact[:5]:
        t.requires_grad_()
    back = torch.as_tensor(background, dtype=torch.float64)
    image, depth, alpha = render(exact, WIDTH, HEIGHT, background=back, **how)
    loss = (image * torch.as_tensor(g_image[..., :3])).sum() + (depth * torch.as_tensor(g_image[..., 3])).sum()
    (loss + (alpha * torch.as_tensor(g_alpha)).sum()).backward()
    errors = {n: relative(getattr(mine, n), t) for n, t in zip(NAMES, exact, strict=False)}
    assert max(errors.values()) < 1e-4, errors


def test_more_channels_than_are_blended_at_a_time():
    g = random_gaussians(100, seed=3, sh_degree=0)
    rng = np.random.default_rng(0)
    colors = rng.uniform(0, 1, (100, 6)).astype(np.float32)
    scene = Scene(g.means, g.quats, g.scales, g.opacities, colors, tilted_view(), INTRINSICS)
    g_image = rng.normal(size=(HEIGHT, WIDTH, 6)).astype(np.float32)
    mine = frame_backward(render_frame(scene, WIDTH, HEIGHT), scene, g_image)
    exact = tensors(*scene)
    for t in exact[:5]:
        t.requires_grad_()
    (render(exact, WIDTH, HEIGHT)[0] * torch.as_tensor(g_image)).sum().backward()
    assert max(relative(getattr(mine, n), t) for n, t in zip(NAMES, exact, strict=False)) < 1e-4


def test_the_unseen_have_no_gradient():
    g = random_gaussians(50, seed=4, sh_degree=0)
    g.means[:25, 2] = -3
    scene = Scene(g.means, g.quats, g.scales, g.opacities, g.sh, np.eye(4), INTRINSICS)
    frame = render_frame(scene, WIDTH, HEIGHT, sh_degree=0)
    mine = frame_backward(frame, scene, np.ones((HEIGHT, WIDTH, 3), np.float32), sh_degree=0)
    assert not mine.means[:25].any()
    assert not mine.colors[:25].any()
    assert mine.colors[25:].any()
    assert mine.means2d[frame.order].any()
