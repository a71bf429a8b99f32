"""Gradients of a loss over one rendered frame with respect to every parameter of its Gaussians."""

from dataclasses import dataclass

import numpy as np

from runtime.splat.blend import CHANNELS
from runtime.splat.blend_backward import blend_backward, gather_slots, slots
from runtime.splat.project_backward import project_backward
from runtime.splat.rasterize import Frame, Scene, as_f32, camera_centre
from runtime.splat.sh_backward import sh_backward
from runtime.splat.threads import even_cuts, over
from runtime.splat.tiles import COLOR, PACKED, TILE


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

    The other arguments are those of the forward call, without extra channels. The depth channel is the accumulated z-depth.
    The eps2d, the visibility of a Gaussian and the depth order are taken as constants.
    """
    height, width, channels = frame.image.shape
    visible = len(frame.order)
    g_image = as_f32(g_image)
    g_alpha = np.zeros((height, width), np.float32) if g_alpha is None else as_f32(g_alpha)
    g_packed, g_seen = np.zeros((visible, COLOR), np.float32), np.zeros_like(frame.colors)
    starts = slots(frame.boxes)
    tiles, rows = even_cuts(len(frame.offsets) - 1, frame.offsets), even_cuts(visible, starts)
    lists = (frame.boxes, starts, frame.offsets, frame.ranks, -(-width // TILE))
    pictures = (frame.image, frame.alpha, g_image, g_alpha)
    for k in range(0, channels, CHANNELS):
        packed = frame.packed
        if channels > CHANNELS:
            packed = packed.copy()
            packed[:, COLOR : COLOR + CHANNELS] = frame.colors[:, k : k + CHANNELS]
        g_slots = np.zeros((len(frame.ranks), PACKED), np.float32)
        given, into = (packed, *lists, k), (*pictures, g_slots)
        over(tiles, lambda a, b, given=given, into=into: blend_backward(*given, a, b, *into))
        over(rows, lambda a, b, k=k, g_slots=g_slots: gather_slots(starts, g_slots, a, b, k, g_packed, g_seen))
    out = Gradients(*(np.zeros_like(a) for a in scene[:5]), np.zeros((len(scene.means), 2), np.float32))
    view, K = np.asarray(scene.viewmat, np.float64), np.asarray(scene.K, np.float64)
    g_depth = as_f32(g_seen[:, channels - 1]) if with_depth else np.zeros(visible, np.float32)
    screen = (frame.conics, frame.peaks, float(frame.eps2d) if frame.antialiased else 0.0, frame.order, g_packed, g_depth)
    wanted = (out.means, out.quats, out.scales, out.opacities, out.means2d)
    if sh_degree is None:
        out.colors[frame.order] = g_seen[:, : channels - with_depth]

    def to_scene(a: int, b: int) -> None:
        project_backward(*scene[:4], view, K, width, height, *screen, a, b, wanted)
        if sh_degree is not None:
            seen = (frame.order, a, b, frame.colors, g_seen)
            sh_backward(sh_degree, scene.means, camera_centre(view), scene.colors, *seen, out.colors, out.means)

    over(rows, to_scene)
    return out
