"""Training of a splat on the photos of a capture, on one CPU core."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from runtime.splat import average, poses
from runtime.splat.average import Average
from runtime.splat.backward import frame_backward
from runtime.splat.checkpoint import Checkpoint, nested, part
from runtime.splat.densify import Pull, densify
from runtime.splat.exposure import Exposure, matched
from runtime.splat.gaussians import Gaussians
from runtime.splat.haze import in_front_of_cameras, nearest_depth
from runtime.splat.initial import from_points, scene_extent
from runtime.splat.mcmc import noise, refine
from runtime.splat.metrics import psnr
from runtime.splat.model import Model, Rates
from runtime.splat.photos import Photos, scaled_intrinsics
from runtime.splat.poses import Poses
from runtime.splat.rasterize import Scene, render_frame
from runtime.splat.reach import reach
from runtime.splat.shell import far_shell
from runtime.splat.sparse_depth import SparseDepth
from runtime.splat.ssim import Similarity
from runtime.splat.stereo import stereo_points


@dataclass(frozen=True)
class Recipe:
    """How to train. Lengths are fractions of the scene's extent, times are fractions of the iterations."""

    iterations: int = 1500
    sh_degree: int = 1
    max_gaussians: int = 12000
    seed: int = 0
    strategy: Literal["default", "mcmc"] = "default"  # of densification, as gsplat calls them
    ssim_weight: float = 0.2  # of the loss; the rest is the mean absolute error
    depth_weight: float = 0.5  # of the disparity at sparse points
    opacity_weight: float = 0.01  # of the mean opacity
    scale_weight: float = 0.0  # of the mean scale, in units of the extent
    means_rate: float = 4e-4  # at the start; falls to a hundredth
    coarse_until: float = 0.35  # photos at half size until then, and no view-dependent colour
    sh_every: float = 0.1  # then a degree more each time
    densify_every: int = 100
    densify_until: float = 0.6
    densify_share: float = 0.15
    exposure_rate: float = 0.002
    large: float = 0.01
    far_gaussians: int = 0  # Gaussians on a far sphere to begin with
    stereo_points: int = 0  # found by stereo between training photos, to begin with
    left_out: float = 0.0  # share of Gaussians left out of a render at random: rises from 0 to this (DropGaussian)
    average: bool = False  # over the last iterations
    refine_poses: bool = False
    patience: int = 0  # looks at the validation photos without a better one until training stops; 0: none is looked at


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


class _Validation:
    """Every tenth training photo, kept from training to say when to stop. What is held out is not looked at."""

    CHECKS = 20  # looks in a whole training

    def __init__(self, photos: Photos, patience: int) -> None:
        chosen = np.flatnonzero(~photos.held_out)[5::10] if patience else np.zeros(0, int)
        self.mask = np.isin(np.arange(len(photos.images)), chosen)
        self._photos, self._patience = photos, patience
        self._best, self._since, self._kept = -np.inf, 0, {}

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return {"best": np.array(self._best), "since": np.array(self._since)} | self._kept

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self._kept = dict(state)
        self._best, self._since = float(self._kept.pop("best")), int(self._kept.pop("since"))

    def stop(self, now: Gaussians) -> bool:
        """Look at the photos; whether it has not become better for as long as patience lasts."""
        if not self.mask.any():
            return False
        viewmats, values = self._photos.viewmats, []
        for i in np.flatnonzero(self.mask):
            scene = Scene(now.means, now.quats, now.scales, now.opacities, now.sh, viewmats[i], self._photos.K[i])
            image = render_frame(scene, *self._photos.size(i), sh_degree=now.sh_degree).image
            mask = self._photos.masks.get(int(i), np.ones(image.shape[:2], bool))
            if mask.any():
                values.append(psnr(matched(image[mask], self._photos.images[i][mask]), self._photos.images[i][mask]))
        value = float(np.mean(values)) if values else np.inf
        self._since = 0 if value > self._best else self._since + 1
        if value > self._best:
            self._best, self._kept = value, {key: array.copy() for key, array in vars(now).items()}
        return self._since >= self._patience

    def best(self, last: Gaussians) -> Gaussians:
        """Those that looked best, or the `last` where none was looked at."""
        return Gaussians(**self._kept) if self._kept else last


def train(
    photos: Photos,
    recipe: Recipe,
    progress: Callable[[float, str], None] = lambda fraction, note: None,
    checkpoint: Checkpoint | None = None,
) -> tuple[Gaussians, dict[str, float]]:
    """Fit Gaussians to the photos that are not held out; the same recipe and photos give the same result, also when it was
    broken off and went on from a checkpoint.

    The background of each iteration is a random grey, so that nothing can pass for black by being transparent.

    Returns:
        the Gaussians, and the metrics `seconds` (of CPU, those before a checkpoint among them), `loss` (mean of the last
        tenth), `iterations` (fewer than asked for when it stopped early).

    Raises:
        ValueError: with too few points, or photos smaller than the window of the structural similarity.
    """
    started = time.process_time()
    validation, checkpoint = _Validation(photos, recipe.patience), checkpoint or Checkpoint(None)
    used = replace(photos, held_out=photos.held_out | validation.mask)
    run = _Run(used, recipe)
    first, spent = 0, 0.0
    if saved := checkpoint.load():
        first, spent = int(saved["iteration"]), float(saved["seconds"])
        run.restore(part(saved, "run"))
        validation.restore(part(saved, "validation"))
    every = max(1, recipe.iterations // _Validation.CHECKS)
    done = first
    for iteration in range(first, recipe.iterations):
        run.step(iteration)
        done = iteration + 1
        if iteration % 20 == 19:
            progress(done / recipe.iterations, run.note(done))
        if done % every == 0 and done > recipe.densify_until * recipe.iterations and validation.stop(run.gaussians()):
            break
        if checkpoint.due():
            seconds = spent + time.process_time() - started
            facts = {"iteration": np.array(done), "seconds": np.array(seconds)}
            checkpoint.save(nested({"run": run, "validation": validation}) | facts)
    gaussians = validation.best(run.gaussians())
    gaussians = gaussians.select(~in_front_of_cameras(gaussians.means, used, run.near))
    loss = float(run.losses[max(0, done - max(1, recipe.iterations // 10)) : done].mean())
    return gaussians, {"seconds": spent + time.process_time() - started, "loss": loss, "iterations": done}


class _Run:
    """A training under way."""

    _PARTS = ("model", "pull", "exposure", "average", "poses")

    def __init__(self, photos: Photos, recipe: Recipe) -> None:
        self.photos, self.recipe = photos, recipe
        self.rng = np.random.default_rng(recipe.seed)
        self.extent, self.near = scene_extent(photos), nearest_depth(photos)
        points = (photos.xyz, photos.rgb)
        if recipe.stereo_points:
            more = stereo_points(photos, recipe.stereo_points, recipe.seed)
            points = tuple(np.concatenate(both) for both in zip(points, more, strict=True))
        start = from_points(*points, recipe.sh_degree, recipe.max_gaussians, self.rng)
        if recipe.far_gaussians:
            start = Gaussians.concatenate([start, far_shell(photos, recipe.far_gaussians, recipe.sh_degree)])
        self.model, self.pull = Model(start), Pull(len(start))
        self.switch = int(recipe.coarse_until * recipe.iterations)
        self.training = np.flatnonzero(~photos.held_out)
        self.order = _order(len(self.training), recipe.iterations, self.rng)
        self.exposure, self.depths = Exposure(len(self.training)), SparseDepth(photos)
        self.average, self.poses = Average(), Poses(len(self.training), self.extent)
        self.losses = np.zeros(recipe.iterations)
        self.views: list[_View] = []
        self.reach = reach(start.means, photos, self.extent)

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        own = {"losses": self.losses, "reach": self.reach, "rng": np.array(json.dumps(self.rng.bit_generator.state))}
        return own | nested({name: getattr(self, name) for name in self._PARTS})

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self.losses, self.reach = state["losses"], state["reach"]
        self.rng.bit_generator.state = json.loads(str(state["rng"]))
        for name in self._PARTS:
            getattr(self, name).restore(part(state, name))

    def note(self, done: int) -> str:
        """How it goes, for people."""
        return f"loss {self.losses[max(0, done - 20) : done].mean():.4f}, {len(self.model)} Gaussians"

    def gaussians(self) -> Gaussians:
        """What it has come to."""
        return self.model.gaussians(self.average.values)

    def step(self, iteration: int) -> None:
        """Look at one photo."""
        recipe, progress = self.recipe, iteration / self.recipe.iterations
        if not self.views or iteration == self.switch:
            self.views = _views(self.photos, half=iteration < self.switch)
        which = self.order[iteration]
        view, now = self.views[which], self.model.gaussians()
        viewmat = self.poses.viewmat(which, view.viewmat) if recipe.refine_poses else view.viewmat
        used = self._used(len(now), recipe.left_out * progress)
        opacities = np.minimum(now.opacities * used, np.float32(0.999)) if recipe.left_out else now.opacities
        scene = Scene(now.means, now.quats, now.scales, opacities, now.sh, viewmat, view.K)
        height, width = view.photo.shape[:2]
        after = iteration - self.switch
        degree = 0 if after < 0 else min(now.sh_degree, 1 + int(after / max(recipe.sh_every * recipe.iterations, 1)))
        background = np.full(3, self.rng.uniform(), np.float32)
        frame = render_frame(scene, width, height, sh_degree=degree, background=background, with_depth=True)
        rgb = np.ascontiguousarray(frame.image[..., :3])
        self.losses[iteration], g_image = view.loss(self.exposure.apply(which, rgb), recipe.ssim_weight)
        g_image = self.exposure.step(which, rgb, g_image, recipe.exposure_rate)
        g_depth, g_alpha = self.depths.gradients(self.training[which], frame.image[..., 3], frame.alpha)
        weight = np.float32(recipe.depth_weight)
        g_image = np.concatenate([g_image, weight * g_depth[..., None]], axis=2)
        gradients = frame_backward(frame, scene, g_image, weight * g_alpha, sh_degree=degree, with_depth=True)
        gradients.opacities *= used
        gradients.opacities += np.float32(recipe.opacity_weight / len(now))
        gradients.scales += np.float32(recipe.scale_weight / (3 * len(now) * self.extent))
        if recipe.refine_poses and progress > poses.FROM:
            self.poses.step(which, viewmat, now, gradients, poses.RATE * 0.01**progress)
        rate = recipe.means_rate * self.extent * 0.01**progress
        self.model.step(now, gradients, Rates(means=rate), self.reach)
        self._refine(iteration, gradients.means2d * max(width, height), frame.order, rate)
        if recipe.average and progress >= max(average.FROM, recipe.densify_until):
            self.average.add(self.model.values())

    def _used(self, count: int, left_out: float) -> np.ndarray | np.float32:
        """Factors [N] of opacities: 0 for what is left out, so much more for the others (Park et al. 2025)."""
        if not left_out:
            return np.float32(1)
        return ((self.rng.uniform(size=count) >= left_out) / (1 - left_out)).astype(np.float32)

    def _refine(self, iteration: int, g_means2d: np.ndarray, seen: np.ndarray, rate: float) -> None:
        """More Gaussians where they are needed, fewer where not; every so often, with measures of what is far."""
        recipe = self.recipe
        growing, round_ends = iteration < recipe.densify_until * recipe.iterations, (iteration + 1) % recipe.densify_every == 0
        if growing:
            self.pull.add(g_means2d, seen)
        if growing and round_ends:
            now = self.model.gaussians()
            haze = in_front_of_cameras(now.means, self.photos, self.near)
            if recipe.strategy == "mcmc":
                changes = refine(now, haze, recipe.max_gaussians, self.rng)
            else:
                limits = (recipe.max_gaussians, recipe.densify_share, recipe.large * self.extent)
                changes = densify(now, haze, self.pull, *limits, self.rng)
            self.model.replace(*changes)
            self.pull = Pull(len(self.model))
        if round_ends:
            self.reach = reach(self.model.gaussians().means, self.photos, self.extent)
        if recipe.strategy == "mcmc":
            self.model.move(noise(self.model.gaussians(), rate, self.rng))
