"""Stage `capture`: photos, an existing splat or a hidden site become cameras, undistorted photos and sparse points."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic import Field

from runtime.bound.source import HiddenSite, Photos, SplatFile
from runtime.capture.inspect import inspect_source
from runtime.libraries import minor
from runtime.out import Out
from runtime.problem import InputError
from runtime.stage import Params, Resources, bound, by_unit, stage

if TYPE_CHECKING:
    from runtime.capture.take import Taken


class Capture(Params):
    """Parameters of `capture`."""

    source: HiddenSite | Photos | SplatFile = bound("location.source", discriminator="kind")
    """Where the location's capture comes from."""
    width_px: int = Field(1024, ge=48, le=4096)
    """Most width of the undistorted photos; smaller photos are not enlarged. A splat's `photo_width_px` then decides."""
    held_out_every: int = Field(8, ge=2, le=100_000)
    """About one photo in so many is kept from training and used to measure the splat: one with others on both sides."""
    feature_width_px: int = Field(640, ge=64, le=4096)
    """Width at which features are detected when poses or points have to be found."""
    max_features: int = Field(3000, ge=100, le=100_000)
    """Most features taken from one photo."""
    neighbours: int = Field(10, ge=1, le=1000)
    """Photos that each photo is matched with when poses are known and points are not."""
    min_registered_fraction: float = Field(0.6, gt=0, le=1)
    """Share of the photos without poses that must be registered for the capture to count."""
    matching_seed: int = Field(0, ge=0, lt=2**31)
    """Seed of every random choice in matching and mapping."""


def _cost(p: Capture) -> Resources:
    if isinstance(p.source, Photos):
        return Resources(mem_gb=2.0, minutes=4.0 if p.source.video else 2.0 if p.source.poses == "none" else 1.0)
    return Resources(mem_gb=1.0, minutes=0.06)


@stage(
    version=5,
    metrics=by_unit(
        count="frames held_out masked cameras points observations photos registered left_out quality.rings markers "
        "markers_left_out marker_sightings gps_photos",
        px="width_px height_px reprojection_px",
        text="metric scale_from up_from",
        m="scale_m_per_unit gps_off_m",
        share="scale_rel_error scale_spread camera_height_spread agreeing_fraction quality.blurred_fraction",
        EV="quality.exposure_step_ev",
        deg="quality.arc_deg quality.largest_gap_deg quality.step_deg",
    ),
    libraries=minor(
        "av", "mujoco", "numba", "numpy", "opencv-python-headless", "pi-heif", "pillow", "pyarrow", "pycolmap", "pyyaml"
    ),
    takes="photos",
    per=("location",),
    makes={
        "cameras": "cameras.json",
        "points": "points.npz",
        "images?": "images/",
        "masks?": "masks/",
        "splat?": "splat.ply",
        "paths?": "paths.json",
    },
    cost=_cost,
)
def capture(p: Capture, out: Out) -> dict[str, Any]:
    """Undistorted photos with their pinholes and poses, sparse points with observations, and a held-out split."""
    if isinstance(p.source, HiddenSite):
        from runtime.capture.take import take_hidden_site

        return _write(p, out, take_hidden_site(p.source, p.width_px))
    if out.source_dir is None:
        raise ValueError("the source's folder was not resolved")
    if problems := [problem for problem in inspect_source(p.source, out.source_dir) if not problem.warning]:
        raise InputError(*problems)
    if isinstance(p.source, SplatFile):
        return _write_splat(p.source, out)
    from runtime.capture.take import Matching, take_photos

    matching = Matching(p.feature_width_px, p.max_features, p.neighbours, p.min_registered_fraction, p.matching_seed)
    if p.source.paths:
        import json

        from runtime.capture.path_file import read_path

        paths = {name: read_path(out.source_dir / name) for name in p.source.paths}
        out.path("paths").write_text(json.dumps(paths))
    out.progress(0.05, "finding cameras")
    with TemporaryDirectory() as work:  # the photos are read as they are written
        return _write(p, out, take_photos(p.source, out.source_dir, p.width_px, matching, Path(work), out.progress))


def _write(p: Capture, out: Out, taken: "Taken") -> dict[str, Any]:
    from runtime.capture.artifact import write_capture
    from runtime.capture.quality import Looked

    out.progress(0.9, "writing photos")
    looked = Looked()
    held_out, masked = write_capture(out.root, taken.cameras, looked.passing(taken.photos), p.held_out_every)
    taken.points.write(out.path("points"))
    lenses = taken.cameras.lenses
    out.contract(frames=len(lenses))
    return {
        "frames": len(lenses),
        "held_out": held_out,
        "masked": masked,
        "cameras": len(set(lenses)),
        "points": len(taken.points.xyz),
        "observations": len(taken.points.obs_frame),
        "width_px": max(lens.width for lens in lenses),
        "height_px": max(lens.height for lens in lenses),
        "quality": looked.report(taken.cameras.c2w, taken.points.xyz, taken.cameras.up),
        **taken.cameras.scale.figures(),
        **taken.metrics,
    }


def _write_splat(source: SplatFile, out: Out) -> dict[str, Any]:
    import shutil

    import numpy as np

    from runtime.capture.artifact import Cameras, Measured, write_capture
    from runtime.capture.posed import SparsePoints
    from runtime.splat.gaussians import SH_C0
    from runtime.splat.ply import write_ply
    from runtime.splat.read import read_splat

    assert out.source_dir is not None
    gaussians, left_out, common = read_splat(out.source_dir)
    if left_out:
        out.log(f"warning: {left_out} of {len(gaussians) + left_out} Gaussians hold values that are not finite, and are left out")
    if common and not left_out:
        shutil.copyfile(out.source_dir, out.path("splat"))
    else:
        write_ply(out.path("splat"), gaussians)
    rgb = np.clip((0.5 + SH_C0 * gaussians.sh[:, 0]) * 255, 0, 255)
    SparsePoints(gaussians.means, rgb.astype(np.uint8)).write(out.path("points"))
    up = np.asarray(source.up, float)
    cameras = Cameras([], [], np.zeros((0, 4, 4)), up / np.linalg.norm(up), Measured("stated", source.scale_m_per_unit))
    write_capture(out.root, cameras, [], 2)
    out.contract(frames=0)
    found = {"points": len(gaussians), "left_out": left_out}
    return {"frames": 0, "held_out": 0, "observations": 0, **cameras.scale.figures()} | found
