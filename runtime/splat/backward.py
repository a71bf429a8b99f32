"""Gradients of a loss over one rendered frame with respect to every parameter of its Gaussians."""

from dataclasses import dataclass

import numpy as np

from runtime.splat.blend import CHANNELS
from runtime.splat.blend_backward import blend_backward
from runtime.splat.project_backward import project_backward
from runtime.splat.rasterize import Frame, Scene, as_f32, camera_centre
from runtime.splat.sh_backward import sh_backward
from runtime.splat.tiles import TILE


@dataclass
class Gradients:
    """Gradients, zero where a Gaussian was not seen. `colors` has the shape of the colours that were rendered."""

    means: np.ndarray  # [N, 3]
    quats: np.ndarray  # [N, 4]
    scales: np.ndarray  # [N, 3]
    opacities: np.ndarray  # [N]
    colors: np.ndarray  # [N, D] or [N, K, 3]
    means2d: np.ndarray  # [N, 2] per pixel of screen position


def frame_backward(
    frame: Frame,
    scene: Scene,
    g_image: np.ndarray,
    g_alpha: np.ndarray | None = None,
    *,
    sh_degree: int | None = None,
    with_depth: bool = False,
) -> Gradients:
    """Gradients of a loss from its gradients g_image [H, W, D] and g_alpha [H, W] of a frame of `render_frame`.

    The other arguments are those of the forward call. The depth channel is the accumulated z-depth. The eps2d, the
    visibility of a Gaussian and the depth order are taken as constants.
    """
    height, width, channels = frame.image.shape
    visible = len(frame.order)
    g_image = as_f32(g_image)
    g_alpha = np.zeros((height, width), np.float32) if g_alpha is None else as_f32(g_alpha)
    g_packed, g_seen = np.zeros((visible, 6), np.float32), np.zeros_like(frame.colors)
    lists = (frame.offsets, frame.ranks, -(-width // TILE))
    for k in range(0, channels, CHANNELS):
        some = as_f32(frame.colors[:, k : k + CHANNELS])
        g_some = np.zeros_like(some)
        blend_backward(frame.packed, some, *lists, k, frame.image, frame.alpha, g_image, g_alpha, g_packed, g_some)
        g_seen[:, k : k + CHANNELS] = g_some
    out = Gradients(*(np.zeros_like(a) for a in scene[:5]), np.zeros((len(scene.means), 2), np.float32))
    view, K = np.asarray(scene.viewmat, np.float64), np.asarray(scene.K, np.float64)
    g_depth = as_f32(g_seen[:, channels - 1]) if with_depth else np.zeros(visible, np.float32)
    given, wanted = (frame.conics, frame.order, g_packed, g_depth), (out.means, out.quats, out.scales, out.opacities, out.means2d)
    project_backward(*scene[:4], view, K, width, height, *given, wanted)
    if sh_degree is None:
        out.colors[frame.order] = g_seen[:, : channels - with_depth]
    else:
        given = (sh_degree, scene.means, camera_centre(view), scene.colors, frame.order, frame.colors, g_seen)
        sh_backward(*given, np.empty(16), np.empty((16, 3)), out.colors, out.means)
    return out
