"""Training of a splat on the photos of a capture, on one CPU core."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.splat.backward import frame_backward
from runtime.splat.densify import Pull, densify
from runtime.splat.exposure import Exposure
from runtime.splat.gaussians import Gaussians
from runtime.splat.haze import in_front_of_cameras, nearest_depth
from runtime.splat.initial import from_points, scene_extent
from runtime.splat.model import Model, Rates
from runtime.splat.photos import Photos, scaled_intrinsics
from runtime.splat.rasterize import Scene, render_frame
from runtime.splat.ssim import Similarity


@dataclass(frozen=True)
class Recipe:
    """How to train. Lengths are fractions of the scene's extent, times are fractions of the iterations."""

    iterations: int = 1500
    sh_degree: int = 1
    max_gaussians: int = 12000
    seed: int = 0
    ssim_weight: float = 0.2  # of the loss; the rest is the mean absolute error
    means_rate: float = 4e-4  # at the start; falls to a hundredth
    coarse_until: float = 0.35  # photos at half size until then
    densify_every: int = 100
    densify_until: float = 0.6
    densify_share: float = 0.12
    exposure_rate: float = 0.002
    large: float = 0.01


class _View:
    """One training photo at one size, with what the loss needs of it."""

    def __init__(
        self, photo: np.ndarray, viewmat: np.ndarray, K: np.ndarray, similarity: Similarity, mask: np.ndarray | None = None
    ) -> None:
        self.photo, self.viewmat, self.K, self.similarity = photo, viewmat, K, similarity
        self.unused = None if mask is None else ~mask
        self.target = similarity.target(photo)

    def loss(self, image: np.ndarray, ssim_weight: float) -> tuple[float, np.ndarray]:
        """Loss of a render [H, W, 3] and its gradient: mean absolute error and structural dissimilarity.

        Pixels that the mask leaves out are taken to be as in the photo: they neither count nor pull.
        """
        if self.unused is not None:
            image = np.where(self.unused[..., None], self.photo, image)
        difference = image - self.photo
        similar, g_similar = self.similarity.value_and_gradient(image, self.photo, self.target)
        gradient = np.sign(difference) * np.float32((1 - ssim_weight) / difference.size)
        gradient -= np.float32(ssim_weight) * g_similar
        if self.unused is not None:
            gradient[self.unused] = 0
        return (1 - ssim_weight) * float(np.abs(difference).mean()) + ssim_weight * (1 - similar), gradient


def _halved(image: np.ndarray) -> np.ndarray:
    h, w = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    return np.ascontiguousarray(image[:h, :w].reshape(h // 2, 2, w // 2, 2, -1).mean(axis=(1, 3), dtype=np.float32))


def _views(photos: Photos, half: bool) -> list[_View]:
    views, viewmats = [], photos.viewmats
    similarities: dict[tuple[int, ...], Similarity] = {}
    for i in np.flatnonzero(~photos.held_out):
        image, K, mask = photos.images[i], photos.K[i], photos.masks.get(int(i))
        if half:
            image, K = _halved(image), scaled_intrinsics(K, 0.5, 0.5)
            mask = None if mask is None else _halved(mask[..., None])[..., 0] == 1
        if image.shape not in similarities:
            similarities[image.shape] = Similarity(*image.shape)
        views.append(_View(image, viewmats[i], K, similarities[image.shape], mask))
    return views


def _order(count: int, total: int, rng: np.random.Generator) -> np.ndarray:
    """Which view each of `total` iterations takes: every view once before any comes again."""
    rounds = -(-total // count)
    return np.concatenate([rng.permutation(count) for _ in range(rounds)])[:total]


def train(
    photos: Photos, recipe: Recipe, progress: Callable[[float, str], None] = lambda fraction, note: None
) -> tuple[Gaussians, dict[str, float]]:
    """Fit Gaussians to the photos that are not held out; the same recipe and photos give the same result.

    The background of each iteration is a random grey, so that nothing can pass for black by being transparent.

    Returns:
        the Gaussians, and the metrics `seconds` (of CPU), `loss` (mean of the last tenth).

    Raises:
        ValueError: with too few points, or photos smaller than the window of the structural similarity.
    """
    started = time.process_time()
    rng = np.random.default_rng(recipe.seed)
    extent = scene_extent(photos)
    model = Model(from_points(photos.xyz, photos.rgb, recipe.sh_degree, recipe.max_gaussians, rng))
    pull = Pull(len(model))
    switch = int(recipe.coarse_until * recipe.iterations)
    views = _views(photos, half=switch > 0)
    exposure, near = Exposure(len(views)), nearest_depth(photos)
    order = _order(len(views), recipe.iterations, rng)
    losses = np.zeros(recipe.iterations)
    for iteration in range(recipe.iterations):
        if iteration == switch and switch > 0:
            views = _views(photos, half=False)
        now = model.gaussians()
        view = views[order[iteration]]
        scene = Scene(now.means, now.quats, now.scales, now.opacities, now.sh, view.viewmat, view.K)
        height, width = view.photo.shape[:2]
        degree = 0 if iteration < switch else now.sh_degree
        background = np.full(3, rng.uniform(), np.float32)
        frame = render_frame(scene, width, height, sh_degree=degree, background=background)
        which = order[iteration]
        losses[iteration], g_image = view.loss(exposure.apply(which, frame.image), recipe.ssim_weight)
        g_image = exposure.step(which, frame.image, g_image, recipe.exposure_rate)
        gradients = frame_backward(frame, scene, g_image, sh_degree=degree)
        rate = recipe.means_rate * extent * 0.01 ** (iteration / recipe.iterations)
        model.step(now, gradients, Rates(means=rate))
        if iteration < recipe.densify_until * recipe.iterations:
            pull.add(gradients.means2d * max(width, height), frame.order)
            if (iteration + 1) % recipe.densify_every == 0:
                share, limit = recipe.densify_share, recipe.max_gaussians
                now = model.gaussians()
                haze = in_front_of_cameras(now.means, photos, near)
                model.replace(*densify(now, haze, pull, limit, share, recipe.large * extent, rng))
                pull = Pull(len(model))
        if iteration % 20 == 19:
            recent = losses[iteration - 19 : iteration + 1].mean()
            progress((iteration + 1) / recipe.iterations, f"loss {recent:.4f}, {len(model)} Gaussians")
    tail = max(1, recipe.iterations // 10)
    gaussians = model.gaussians()
    gaussians = gaussians.select(~in_front_of_cameras(gaussians.means, photos, near))
    return gaussians, {"seconds": time.process_time() - started, "loss": float(losses[-tail:].mean())}
