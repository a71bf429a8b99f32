"""The role `renderer`: pictures of a splat. Nothing heavy is imported here, for stages name the role at their top."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from runtime.splat.gaussians import Gaussians


class Renderer:
    """A back end of the role. World matrices are OpenCV camera-to-world, depth is along the optical axis in scene units."""

    def rasterization(self, *args: Any, **kwargs: Any) -> "tuple[np.ndarray, np.ndarray, dict[str, Any]]":
        """`gsplat.rasterization` by argument names and returns: see `runtime.splat.rasterize.rasterization`."""
        raise NotImplementedError

    def arrays(self, gaussians: "Gaussians") -> Sequence[Any]:
        """Means, quats, scales, opacities and spherical harmonics as `rasterization` takes them."""
        return gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.sh

    def render(
        self,
        gaussians: "Gaussians",
        c2w: "np.ndarray",
        K: "np.ndarray",
        width: int,
        height: int,
        background: Sequence[float] = (0.0, 0.0, 0.0),
    ) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
        """One view from the pose c2w [4, 4] with intrinsics K [3, 3] in pixels.

        Returns:
            rgb [H, W, 3] float32 in 0..1 over `background`, expected z-depth [H, W] float32 in scene units with inf
            where alpha is below 0.5, and alpha [H, W] float32.
        """
        import numpy as np

        viewmat, K = np.linalg.inv(np.asarray(c2w, np.float64)), np.asarray(K, np.float64)
        seen = {"sh_degree": gaussians.sh_degree, "backgrounds": np.asarray(background, np.float32)[None]}
        scene = (*self.arrays(gaussians), viewmat[None], K[None])
        renders, alphas, _ = self.rasterization(*scene, width, height, render_mode="RGB+ED", **seen)
        alpha = alphas[0, ..., 0]
        depth = np.where(alpha >= 0.5, renders[0, ..., 3], np.float32(np.inf))
        return np.clip(renders[0, ..., :3], 0, 1), depth, alpha
