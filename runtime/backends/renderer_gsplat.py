"""The renderer for a GPU: gsplat 1.5.3, which is not installed by default."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runtime.splat.renderer import Renderer

if TYPE_CHECKING:
    from runtime.splat.gaussians import Gaussians


class GsplatRenderer(Renderer):
    """Role `renderer` on CUDA."""

    def __init__(self) -> None:
        self._scene: tuple[Gaussians, list[Any]] | None = None

    def rasterization(self, means, quats, scales, opacities, colors, viewmats, Ks, width, height, **kwargs):
        """`gsplat.rasterization` for arrays or tensors.

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

    def arrays(self, gaussians: "Gaussians") -> Sequence[Any]:
        """The scene on the GPU, uploaded once for all its views."""
        if self._scene is None or self._scene[0] is not gaussians:
            _, torch = _gsplat()
            self._scene = (gaussians, [_on_gpu(torch, a) for a in super().arrays(gaussians)])
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
