"""The embedded renderer: 3D Gaussians on one CPU core with numba."""

from typing import TYPE_CHECKING, Any

from runtime.splat.renderer import Renderer

if TYPE_CHECKING:
    import numpy as np


class NumbaRenderer(Renderer):
    """Role `renderer` in numpy arrays, without a GPU."""

    def rasterization(self, *args: Any, **kwargs: Any) -> "tuple[np.ndarray, np.ndarray, dict[str, Any]]":
        """See `Renderer.rasterization`."""
        from runtime.splat.rasterize import rasterization

        return rasterization(*args, **kwargs)
