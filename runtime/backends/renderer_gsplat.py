"""The renderer for a GPU: gsplat 1.5.3, which is not installed by default."""

from typing import Any


class GsplatRenderer:
    """Role `renderer` on CUDA. World matrices are OpenCV camera-to-world, depth is z in scene units."""

    def __init__(self) -> None:
        self._scene: tuple[Any, list[Any]] | None = None

    def rasterization(
        self,
        means: Any,
        quats: Any,
        scales: Any,
        opacities: Any,
        colors: Any,
        viewmats: Any,
        Ks: Any,
        width: int,
        height: int,
        **kwargs: Any,
    ) -> tuple[Any, Any, dict[str, Any]]:
        """`gsplat.rasterization` for arrays or tensors; see `runtime.splat.rasterize.rasterization` for the shapes.

        Returns:
            float32 arrays of renders [C, H, W, X] and alphas [C, H, W, 1], and gsplat's meta as it is, on the GPU.

        Raises:
            InputError: B315 when gsplat or a CUDA device is missing.
        """
        gsplat, torch = _gsplat()
        tensors = [_on_gpu(torch, a) for a in (means, quats, scales, opacities, colors, viewmats, Ks)]
        if kwargs.get("backgrounds") is not None:
            kwargs["backgrounds"] = _on_gpu(torch, kwargs["backgrounds"])
        with torch.no_grad():
            renders, alphas, meta = gsplat.rasterization(*tensors, width, height, **{"packed": False, **kwargs})
        return renders.cpu().numpy(), alphas.cpu().numpy(), meta

    def render(
        self, gaussians: Any, c2w: Any, K: Any, width: int, height: int, background: Any = (0.0, 0.0, 0.0)
    ) -> tuple[Any, Any, Any]:
        """One view of `runtime.splat.gaussians.Gaussians` from the pose c2w [4, 4] with intrinsics K [3, 3] in pixels.

        Returns:
            rgb [H, W, 3] float32 in 0..1 over `background`, expected z-depth [H, W] float32 in scene units with inf
            where alpha is below 0.5, and alpha [H, W] float32.

        Raises:
            InputError: B315 when gsplat or a CUDA device is missing.
        """
        import numpy as np

        viewmat = np.linalg.inv(np.asarray(c2w, np.float64))
        renders, alphas, _ = self.rasterization(
            *self._uploaded(gaussians),
            viewmat[None],
            np.asarray(K)[None],
            width,
            height,
            sh_degree=gaussians.sh_degree,
            backgrounds=np.asarray(background)[None],
            render_mode="RGB+ED",
        )
        alpha = alphas[0, ..., 0]
        depth = np.where(alpha >= 0.5, renders[0, ..., 3], np.float32(np.inf))
        return np.clip(renders[0, ..., :3], 0, 1), depth, alpha

    def _uploaded(self, gaussians: Any) -> list[Any]:
        """The scene on the GPU, uploaded once for all its views."""
        if self._scene is None or self._scene[0] is not gaussians:
            _, torch = _gsplat()
            g = gaussians
            self._scene = (g, [_on_gpu(torch, a) for a in (g.means, g.quats, g.scales, g.opacities, g.sh)])
        return self._scene[1]


def _on_gpu(torch: Any, array: Any) -> Any:
    return torch.as_tensor(array, dtype=torch.float32, device="cuda")


def _gsplat() -> tuple[Any, Any]:
    from runtime.problem import InputError, Problem

    try:
        import gsplat  # ty: ignore[import-not-found]
        import torch
    except ImportError as error:
        message = f"the back end `gsplat` cannot start: no module `{error.name}`"
        help = "install gsplat==1.5.3 where a GPU is, or choose the renderer `numba`"
        raise InputError(Problem("B315", message, help, "backends.renderer")) from None
    if not torch.cuda.is_available():
        message = "the back end `gsplat` finds no CUDA device"
        raise InputError(Problem("B315", message, "choose the renderer `numba`", "backends.renderer"))
    return gsplat, torch
