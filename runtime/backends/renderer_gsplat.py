"""The renderer for a GPU: gsplat, which is not installed by default."""

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from runtime.splat.renderer import Renderer

if TYPE_CHECKING:
    from runtime.splat.gaussians import Gaussians

DEVICE = "cuda"


class GsplatRenderer(Renderer):
    """Role `renderer` on CUDA."""

    def __init__(self) -> None:
        self._scene: tuple[Gaussians, list[Any]] | None = None

    def rasterization(self, means, quats, scales, opacities, colors, viewmats, Ks, width, height, **kwargs):
        """`gsplat.rasterization` for arrays or tensors, called by keywords that the installed version has.

        Returns:
            float32 arrays of renders [C, H, W, X] and alphas [C, H, W, 1], and gsplat's meta as it is, on the GPU.

        Raises:
            InputError: B315 when gsplat or a CUDA device is missing, or the installed gsplat lacks an argument.
        """
        gsplat, torch = _gsplat()
        arrays = {"means": means, "quats": quats, "scales": scales, "opacities": opacities, "colors": colors}
        arrays |= {"viewmats": viewmats, "Ks": Ks}
        if kwargs.get("backgrounds") is not None:
            arrays["backgrounds"] = kwargs["backgrounds"]
        tensors = {name: _on_gpu(torch, array) for name, array in arrays.items()}
        call = {"packed": False, **kwargs, **tensors, "width": width, "height": height}
        _check(gsplat.rasterization, call, gsplat.__version__)
        with torch.no_grad():
            renders, alphas, meta = gsplat.rasterization(**call)
        return renders.cpu().numpy(), alphas.cpu().numpy(), meta

    def arrays(self, gaussians: "Gaussians") -> Sequence[Any]:
        """The scene on the GPU, uploaded once for all its views."""
        if self._scene is None or self._scene[0] is not gaussians:
            _, torch = _gsplat()
            self._scene = (gaussians, [_on_gpu(torch, a) for a in super().arrays(gaussians)])
        return self._scene[1]


def _on_gpu(torch: Any, array: Any) -> Any:
    return torch.as_tensor(array, dtype=torch.float32, device=DEVICE)


def _check(function: Callable, call: dict[str, Any], version: str) -> None:
    """Raise InputError B315 when `function`, of gsplat `version`, does not take the arguments of `call`, or needs more."""
    from runtime.problem import InputError, Problem

    taken = inspect.signature(function).parameters
    lacks = sorted(call.keys() - taken.keys())
    asks = [name for name, p in taken.items() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD and name not in call]
    if lacks or asks:
        said = [f"takes no argument `{', '.join(lacks)}`"] * bool(lacks) + [f"asks for `{', '.join(asks)}`"] * bool(asks)
        message = f"the back end `gsplat` cannot render: `rasterization` of the installed gsplat {version} {' and '.join(said)}"
        raise InputError(Problem("B315", message, f"install {_wanted()}, or choose the renderer `numba`", "backends.renderer"))


def _wanted() -> str:
    """The gsplat that the description names, such as `gsplat==1.5.3`."""
    from runtime.backend import info

    return " ".join(info("renderer", "gsplat").packages)


def _gsplat() -> tuple[Any, Any]:
    from runtime.problem import InputError, Problem

    try:
        import gsplat  # ty: ignore[import-not-found]
        import torch
    except ImportError as error:
        message = f"the back end `gsplat` cannot start: no module `{error.name}`"
        help = f"install {_wanted()} where a GPU is, or choose the renderer `numba`"
        raise InputError(Problem("B315", message, help, "backends.renderer")) from None
    if not torch.cuda.is_available():
        message = "the back end `gsplat` finds no CUDA device"
        raise InputError(Problem("B315", message, "choose the renderer `numba`", "backends.renderer"))
    return gsplat, torch
