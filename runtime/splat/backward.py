"""Gradients of a loss over one rendered frame with respect to every parameter of its Gaussians."""

from dataclasses import dataclass

import numpy as np

from runtime.splat.blend import CHANNELS
from runtime.splat.blend_backward import blend_backward
from runtime.splat.project_backward import project_backward
from runtime.splat.rasterize import Frame, as_f32, camera_centre
from runtime.splat.sh_backward import sh_backward


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
    means: np.ndarray,
    quats: np.ndarray,
    scales: np.ndarray,
    opacities: np.ndarray,
    colors: np.ndarray,
    viewmat: np.ndarray,
    K: np.ndarray,
    g_image: np.ndarray,
    g_alpha: np.ndarray | None = None,
    *,
    sh_degree: int | None = None,
    with_rgb: bool = True,
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
    g_packed = np.zeros((visible, 6), np.float32)
    g_seen = np.zeros_like(frame.colors)
    tile_width = -(-width // 16)
    for k in range(0, channels, CHANNELS):
        some = as_f32(frame.colors[:, k : k + CHANNELS])
        g_some = np.zeros_like(some)
        blend_backward(
            frame.packed,
            some,
            frame.offsets,
            frame.ranks,
            tile_width,
            k,
            frame.image,
            frame.alpha,
            g_image,
            g_alpha,
            g_packed,
            g_some,
        )
        g_seen[:, k : k + CHANNELS] = g_some
    out = Gradients(
        np.zeros_like(means),
        np.zeros_like(quats),
        np.zeros_like(scales),
        np.zeros_like(opacities),
        np.zeros_like(colors),
        np.zeros((len(means), 2), np.float32),
    )
    view, K = np.asarray(viewmat, np.float64), np.asarray(K, np.float64)
    g_depth = as_f32(g_seen[:, channels - 1]) if with_depth else np.zeros(visible, np.float32)
    project_backward(
        means,
        quats,
        scales,
        opacities,
        view,
        K,
        width,
        height,
        frame.conics,
        frame.order,
        g_packed,
        g_depth,
        out.means,
        out.quats,
        out.scales,
        out.opacities,
        out.means2d,
    )
    if with_rgb and sh_degree is not None:
        sh_backward(
            sh_degree,
            means,
            camera_centre(view),
            colors,
            frame.order,
            frame.colors,
            g_seen,
            np.empty(16),
            np.empty((16, 3)),
            out.colors,
            out.means,
        )
    elif with_rgb:
        out.colors[frame.order] = g_seen[:, : channels - with_depth]
    return out
