"""A small random scene for the renderer's tests."""

import numpy as np

from runtime.splat.gaussians import Gaussians


def random_gaussians(count: int, seed: int, sh_degree: int = 3, scales: tuple[float, float] = (0.01, 0.2)) -> Gaussians:
    """Gaussians in front of a camera at the origin, from long thin ones to blobs, some outside the view."""
    r = np.random.default_rng(seed)
    return Gaussians(
        means=np.stack([r.uniform(-1.6, 1.6, count), r.uniform(-1.2, 1.2, count), r.uniform(1.5, 4, count)], axis=1),
        quats=r.normal(size=(count, 4)),
        scales=np.exp(r.uniform(*np.log(scales), (count, 3))),
        opacities=r.uniform(0.1, 0.95, count),
        sh=r.normal(size=(count, (sh_degree + 1) ** 2, 3)) * 0.3,
    )


def tilted_view() -> np.ndarray:
    """A world-to-camera matrix [4, 4] that is not the identity."""
    angle = 0.3
    view = np.eye(4)
    view[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    view[:3, 3] = 0.1, -0.2, 0.3
    return view


INTRINSICS = np.array([[80, 0, 52.0], [0, 82, 36], [0, 0, 1]])
WIDTH, HEIGHT = 100, 75
