"""Stage `splat`: 3D Gaussians trained on the photos of a capture, or taken over from its splat."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from runtime.bound.base import later
from runtime.contract import Contract
from runtime.libraries import minor
from runtime.out import Out
from runtime.splat.renderer import Renderer
from runtime.stage import Params, Resources, by_unit, one, stage

if TYPE_CHECKING:
    import numpy as np

    from runtime.splat.gaussians import Gaussians


class Splat(Params):
    """Parameters of `splat`. All but `preview_count` are for training; an existing splat is taken as it is."""

    iterations: int = Field(1800, ge=1, le=100_000)
    """Training steps; each looks at one photo."""
    sh_degree: int = Field(1, ge=0, le=3)
    """Degree of the spherical harmonics: 0 is the same colour from every side."""
    max_gaussians: int = Field(12_000, ge=100, le=2_000_000)
    """Most Gaussians that training may use; gsplat's `cap_max`."""
    strategy: Literal["default", "mcmc"] = "default"
    """How Gaussians multiply: by how hard photos pull at them, or by relocation and noise. Names as gsplat has them."""
    far_gaussians: int = Field(0, ge=0, le=100_000)
    """Gaussians on a far sphere to begin with, where there is a sky or a view into the distance."""
    stereo_points: int = later(born=0, since=2, ge=0, le=1_000_000)
    """Points found by stereo between the photos trained on, to begin with beside those of features: where few features
    are found, as on walls along a street. Those that photos agree on, at most so many."""
    left_out: float = later(born=0.0, since=2, ge=0, le=0.9)
    """Share of Gaussians left out of each render at random in the end; it rises from 0. Helps where few photos see a spot."""
    average: bool = later(born=False, since=2)
    """Keep the mean of the last 30% of iterations (a moving one) instead of the last."""
    refine_poses: bool = later(born=False, since=2)
    """Learn small corrections of the poses of the photos trained on. The capture's cameras and held-out photos stay where
    they are."""
    patience: int = Field(0, ge=0, le=20)
    """Stop when so many looks, of 20 in all, found no better picture; a tenth of the photos trained on is then kept for
    looking, never a held-out one. 0: train to the end."""
    photo_width_px: int = Field(200, ge=48, le=4096)
    """Photos wider than this are reduced to it before training and measuring."""
    seed: int = Field(0, ge=0)
    """Seed of the order of photos, of backgrounds and of split Gaussians."""
    preview_count: int = Field(4, ge=0, le=100)
    """Most held-out photos that are shown beside their render."""


@stage(
    version=2,
    metrics=by_unit(
        count="gaussians iterations", dB="psnr psnr_matched", share="ssim depth_rel_err", s="seconds", loss="loss", text="trained"
    ),
    libraries=minor("numba", "numpy", "pillow", "scipy"),
    per=("location",),
    needs={"capture": one("capture")},
    makes={"splat": "splat.ply", "scene": "scene.json", "preview": "preview/"},
    backends=("renderer",),
    offers=lambda p, inputs: Contract(),
    cost=lambda p: Resources(mem_gb=1.0, minutes=0.03 + p.iterations * (p.photo_width_px / 200) ** 2 / 4000),
)
def splat(p: Splat, capture: Path, out: Out, renderer: Renderer) -> dict[str, Any]:
    """Fit or take over Gaussians, find the support, and measure the splat on photos that it never saw.

    Metrics: `psnr` (dB), `ssim`, `depth_rel_err` (median of |rendered - observed| / observed at sparse points), all on
    held-out photos, which lie between others, and None where there are none; `gaussians`; `seconds` of CPU for training;
    `trained`.
    """
    import json

    import numpy as np

    from runtime.capture.focus import find_focus
    from runtime.capture.support import estimate_support
    from runtime.splat.ply import read_ply, write_ply
    from runtime.splat.preview import write_orbit
    from runtime.splat.scene import SceneFacts

    cameras = json.loads((capture / "cameras.json").read_text())
    c2w = np.array([f["c2w"] for f in cameras["frames"]], np.float64).reshape(-1, 4, 4)
    up = np.array(cameras["up"], np.float64)
    given = capture / "splat.ply"
    if given.exists():
        gaussians = read_ply(given)
        focus = find_focus(gaussians.means, c2w)
        write_orbit(out.path("preview"), renderer, gaussians, focus.center, up, focus.radius, p.photo_width_px)
        unmeasured = dict.fromkeys(("psnr", "psnr_matched", "ssim", "depth_rel_err"))
        metrics: dict[str, Any] = unmeasured | {"seconds": 0.0, "trained": False}
        xyz = gaussians.means
    else:
        gaussians, xyz, metrics = _train(p, capture, out, renderer)
        focus = find_focus(xyz, c2w)
    write_ply(out.path("splat"), gaussians)
    scale = float(cameras["scale_m_per_unit"] or 1.0)
    support = estimate_support(xyz, c2w, up, scale)
    scene: SceneFacts = {
        "up": up.tolist(),
        "scale_m_per_unit": scale,
        "support": support.to_json(),
        "center": focus.center.tolist(),
        "radius": focus.radius,
    }
    out.path("scene").write_text(json.dumps(scene, indent=1))
    out.progress(1, f"{len(gaussians)} Gaussians")
    return {"gaussians": len(gaussians), **metrics}


def _train(p: Splat, capture: Path, out: Out, renderer: Renderer) -> "tuple[Gaussians, np.ndarray, dict[str, Any]]":
    from runtime.problem import InputError, Problem
    from runtime.splat.checkpoint import Checkpoint
    from runtime.splat.held_out import held_out_metrics
    from runtime.splat.initial import FEWEST_POINTS
    from runtime.splat.photos import load_photos
    from runtime.splat.preview import write_held_out
    from runtime.splat.train import Recipe, train

    photos = load_photos(capture, p.photo_width_px)
    if len(photos.xyz) < FEWEST_POINTS or photos.held_out.all():
        message = f"the capture has {len(photos.xyz)} sparse points and {int((~photos.held_out).sum())} photos to train on"
        raise InputError(Problem("R219", message, "take more photos that overlap", "source"))
    recipe = Recipe(
        iterations=p.iterations,
        sh_degree=p.sh_degree,
        max_gaussians=p.max_gaussians,
        seed=p.seed,
        strategy=p.strategy,
        far_gaussians=p.far_gaussians,
        stereo_points=p.stereo_points,
        left_out=p.left_out,
        average=p.average,
        refine_poses=p.refine_poses,
        patience=p.patience,
    )

    def say(fraction: float, note: str) -> None:
        out.progress(0.95 * fraction, note)

    gaussians, trained = train(photos, recipe, say, Checkpoint(out.scratch))
    write_held_out(out.path("preview"), renderer, gaussians, photos, p.preview_count)
    return gaussians, photos.xyz, {**held_out_metrics(renderer, gaussians, photos), **trained, "trained": True}
