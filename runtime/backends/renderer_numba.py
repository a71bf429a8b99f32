"""The embedded renderer: 3D Gaussians on one CPU core with numba."""

from typing import Any


class NumbaRenderer:
    """Role `renderer`. World matrices are OpenCV camera-to-world, depth is along the optical axis in scene units."""

    def rasterization(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, dict[str, Any]]:
        """`gsplat.rasterization` by argument names and returns: see `runtime.splat.rasterize.rasterization`."""
        from runtime.splat.rasterize import rasterization

        return rasterization(*args, **kwargs)

    def render(
        self, gaussians: Any, c2w: Any, K: Any, width: int, height: int, background: Any = (0.0, 0.0, 0.0)
    ) -> tuple[Any, Any, Any]:
        """One view of `runtime.splat.gaussians.Gaussians` from the pose c2w [4, 4] with intrinsics K [3, 3] in pixels.

        Returns:
            rgb [H, W, 3] float32 in 0..1 over `background`, expected z-depth [H, W] float32 in scene units with inf
            where alpha is below 0.5, and alpha [H, W] float32.
        """
        import numpy as np

        from runtime.splat.rasterize import rasterization

        g, K = gaussians, np.asarray(K, np.float64)
        viewmat = np.linalg.inv(np.asarray(c2w, np.float64))
        renders, alphas, _ = rasterization(
            g.means,
            g.quats,
            g.scales,
            g.opacities,
            g.sh,
            viewmat[None],
            K[None],
            width,
            height,
            sh_degree=g.sh_degree,
            backgrounds=np.asarray(background, np.float32)[None],
            render_mode="RGB+ED",
        )
        alpha = alphas[0, ..., 0]
        depth = np.where(alpha >= 0.5, renders[0, ..., 3], np.float32(np.inf))
        return np.clip(renders[0, ..., :3], 0, 1), depth, alpha
